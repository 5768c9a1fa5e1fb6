"""The one rule for pixels: whatever an image file holds becomes RGB, uint8, upright, shape (height, width, 3).

- EXIF orientation is applied.
- Greyscale becomes three equal channels; palettes are looked up; CMYK, YCbCr, LAB and HSV are converted by Pillow.
- 16-bit and 32-bit integers are scaled to 0..255 (65535 -> 255), floats in [0, 1] likewise; nothing is clipped
  that is within its type's range.
- Alpha (a channel, or a palette's transparent entry) is laid over white.
- Of an animation, the first frame.

Pillow is the reference that every faster path is held to.
"""

from __future__ import annotations

import io
import warnings
from functools import cached_property
from typing import cast

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.contracts import Buffer, Pixels

MAX_PIXELS = 1 << 27
"""134 megapixels; an image that claims more is taken for a decompression bomb."""


FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF", "TGA", "ICO", "DIB", "QOI")
"""What is decoded, the most frequent first. Pillow knows more, EPS among them, whose programs Ghostscript would run."""


# Pillow warns of odd metadata and large images; we decode what decodes and refuse the rest ourselves. Said once for all
# threads: to silence it around each call would change what other threads hear.
warnings.filterwarnings("ignore", module=r"PIL\.")


class BadImage(ValueError):
    """These bytes do not give an image; the text says why."""


class OriginalImage:
    """An image file's bytes, and its pixels, decoded when first asked for."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @cached_property
    def pixels(self) -> Pixels:
        return decode(self.data)


def decode(data: Buffer) -> Pixels:
    """The pixels of an encoded image by the rule above: uint8 (height, width, 3).

    Raises:
        BadImage: empty, not an image, truncated, corrupt, or larger than `MAX_PIXELS`.
    """
    if len(data) == 0:
        raise BadImage("empty file")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise BadImage(
                    f"{image.width} x {image.height} pixels, more than {MAX_PIXELS // 10**6} million: "
                    "taken for a decompression bomb"
                )
            return to_rgb(image)
    except BadImage:
        raise
    except UnidentifiedImageError:
        raise BadImage("not an image that Pillow knows") from None
    except Image.DecompressionBombError as error:
        raise BadImage(f"taken for a decompression bomb: {error}") from None
    except Exception as error:  # noqa: BLE001 - decoders raise anything on hostile bytes
        raise BadImage(f"broken image: {error or type(error).__name__}") from None


def to_rgb(image: Image.Image) -> Pixels:
    """A Pillow image's first frame as RGB by the rule above: uint8 (height, width, 3)."""
    image.seek(0)
    image = ImageOps.exif_transpose(image)
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        grey = _scaled(np.asarray(image), image.mode)
        return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2))
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        image = Image.alpha_composite(white, rgba)
    return cast("Pixels", np.array(image.convert("RGB")))


def _scaled(values: np.ndarray, mode: str) -> np.ndarray:
    """Greyscale samples wider than 8 bits as uint8."""
    wide = values.astype(np.float64)
    if mode == "F":
        top = 1.0 if wide.size and wide.min() >= 0.0 and wide.max() <= 1.0 else 255.0
    else:
        top = 65535.0 if wide.size == 0 or wide.max() <= 65535 else float(2**31 - 1)
    return np.asarray(np.clip(np.rint(wide * (255.0 / top)), 0, 255), dtype=np.uint8)


def resize(pixels: Pixels, height: int, width: int) -> Pixels:
    """Bilinear with antialiasing (Pillow's), to uint8 (height, width, 3)."""
    if pixels.shape[:2] == (height, width):
        return pixels
    resized = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
    return cast("Pixels", np.array(resized))
