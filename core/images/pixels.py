"""The one rule for pixels: whatever an image file holds becomes RGB, uint8, upright, shape (height, width, 3).

- EXIF orientation is applied.
- Greyscale becomes three equal channels; palettes are looked up; CMYK, YCbCr, LAB and HSV are converted by Pillow.
- Samples wider than 8 bits and floats are scaled to 0..255 by the range of their dataset (`images.value_range`), in
  grey and in colour. Without one, integers are scaled from 16 bits (65535 -> 255), floats from [0, 1].
- TIFF's "white is zero" is undone.
- Alpha (a channel declared as such, or a palette's transparent entry) is laid over white. A second or fourth channel
  that no one declares to be alpha is a band, and left out.
- Of an animation, the first frame.
- The array in an .npy file is samples as any other: (height, width) or (height, width, bands).

Pillow is the reference that every faster path is held to.
"""

from __future__ import annotations

import io
import sys
import warnings
from functools import cached_property, lru_cache
from typing import Any, cast

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..base.contracts import Buffer, Pixels
from .array_files import NPY_MAGIC, samples_of
from .unread import what_instead
from .value_range import DEFAULT, FULL, Bounds, ValueRange, Values

MAX_PIXELS = 1 << 27
"""134 megapixels; an image that claims more is taken for a decompression bomb."""


ORIENTATION = 0x0112
"""EXIF's tag, which Pillow also fills from XMP."""

TURNED = (5, 6, 7, 8)
"""Its values for images whose height and width change places."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF", "TGA", "ICO", "DIB", "QOI")
"""What is decoded, the most frequent first. Pillow knows more, EPS among them, whose programs Ghostscript would run."""

_FOREIGN_ORDER = "B" if sys.byteorder == "little" else "L"

_LOW_BYTES = {
    **{f"{mode};16B": f"{mode};16L" for mode in ("RGB", "RGBA", "RGBX", "CMYK")},
    **{f"{mode};16L": f"{mode};16B" for mode in ("RGB", "RGBA", "RGBX", "CMYK")},
    **{f"{mode};16N": f"{mode};16{_FOREIGN_ORDER}" for mode in ("RGB", "RGBA", "RGBX", "CMYK")},
    "LA;16B": "RGBA",
}
"""Raw modes of colour with 16 bits, of which Pillow keeps the high bytes; read as the other one it keeps the low."""

_PREMULTIPLIED = "RGBa;16"

# Pillow warns of odd metadata and large images; we decode what decodes and refuse the rest ourselves. Said once for all
# threads: to silence it around each call would change what other threads hear.
warnings.filterwarnings("ignore", module=r"PIL\.")


class BadImage(ValueError):
    """These bytes do not give an image; the text says why."""


class OriginalImage:
    """An image file's bytes, and its pixels, decoded when first asked for by the range of its dataset."""

    def __init__(self, data: bytes, values: ValueRange = DEFAULT) -> None:
        self.data = data
        self._values = values

    @cached_property
    def pixels(self) -> Pixels:
        return decode(self.data, self._values)


def decode(data: Buffer, values: ValueRange = DEFAULT, edge: int | None = None) -> Pixels:
    """The pixels of an encoded image by the rule above: uint8 (height, width, 3).

    `edge` allows a large JPEG to come smaller, but with no side below it (for thumbnails).

    Raises:
        BadImage: empty, not an image, truncated, corrupt, or larger than `MAX_PIXELS`.
    """
    return _opened(data, values, edge)[0]


def examine(data: Buffer) -> tuple[Pixels, Values]:
    """The pixels as `decode` gives them without a range, and the values that they were made from.

    Raises:
        BadImage: as `decode` does.
    """
    return _opened(data, None, None)


def _opened(data: Buffer, values: ValueRange | None, edge: int | None) -> tuple[Pixels, Values]:
    if len(data) == 0:
        raise BadImage("empty file")
    try:
        if data[: len(NPY_MAGIC)] == NPY_MAGIC:
            return _of_array(samples_of(bytes(data)), values)
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            check_area(image.width, image.height)
            if edge is not None:
                image.draft("RGB", (edge, edge))
            return _rgb(image, data, values)
    except BadImage:
        raise
    except UnidentifiedImageError:
        raise BadImage(what_instead(bytes(data[:256])) or "not an image that Pillow knows") from None
    except Image.DecompressionBombError as error:
        raise BadImage(f"taken for a decompression bomb: {error}") from None
    except Exception as error:  # noqa: BLE001 - decoders raise anything on hostile bytes
        raise BadImage(f"broken image: {error or type(error).__name__}") from None


def check_area(width: int, height: int) -> None:
    """Raises BadImage for a size beyond `MAX_PIXELS`."""
    if width * height > MAX_PIXELS:
        raise BadImage(
            f"{width} x {height} pixels, more than {MAX_PIXELS // 10**6} million: taken for a decompression bomb"
        )


def samples(image: Image.Image, data: Buffer) -> np.ndarray | None:
    """The numbers of an opened image of one channel (height, width), or of colours of 16 bits (height, width, 3),
    upright, as they lie in its file `data`. None for all that has one way to be shown, like 8 bits of colour."""
    raw_mode = raw_mode_of(image)
    wide = image.mode in ("I", "F") or image.mode.startswith("I;")
    if wide or image.mode in ("1", "L"):
        plain = not image.has_transparency_data and not (wide and _white_is_zero(image))
        return _samples(ImageOps.exif_transpose(image), image) if plain else None
    if raw_mode not in _LOW_BYTES or not raw_mode.startswith("RGB;"):
        return None
    high = np.asarray(ImageOps.exif_transpose(image)).astype(np.uint16)
    return np.asarray(high << 8 | _low_bytes(data, raw_mode))


def to_rgb(image: Image.Image) -> Pixels:
    """A Pillow image's first frame as RGB by the rule above: uint8 (height, width, 3)."""
    return _rgb(image, b"", DEFAULT)[0]


def _rgb(image: Image.Image, data: Buffer, values: ValueRange | None) -> tuple[Pixels, Values]:
    """The pixels, and what values they came from (not looked for where the range is known)."""
    image.seek(0)
    raw_mode = raw_mode_of(image)
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("I", "F") or upright.mode.startswith("I;"):
        return _grey(_samples(upright, image), upright.mode, values, _white_is_zero(image))
    unnamed = _unnamed_band(image, data)
    if raw_mode in _LOW_BYTES or raw_mode.startswith(_PREMULTIPLIED):
        return _deep(upright, data, raw_mode, values, unnamed)
    pixels = _flat(upright, unnamed)
    if values is not None or not pixels.size:
        return pixels, Values("byte", 0, 0)
    return pixels, Values("byte", 0, int(pixels.max()))


def _flat(image: Image.Image, unnamed_band: bool) -> Pixels:
    """An image of 8 bits as RGB, what is transparent in it over white."""
    if unnamed_band:
        return cast("Pixels", np.array(image.convert("RGBA"))[:, :, :3].copy())
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        image = Image.alpha_composite(white, rgba)
    return cast("Pixels", np.array(image.convert("RGB")))


def _of_array(array: np.ndarray, values: ValueRange | None) -> tuple[Pixels, Values]:
    """An .npy file's samples, (height, width) or (height, width, bands): of two bands the first, of more the first
    three."""
    if array.shape[0] * array.shape[1] > MAX_PIXELS:
        raise BadImage(f"{array.shape[1]} x {array.shape[0]} pixels, more than {MAX_PIXELS // 10**6} million")
    bands = array[:, :, None] if array.ndim == 2 else array[:, :, : 1 if array.shape[2] < 3 else 3]
    if array.dtype.kind == "b" or array.dtype == np.uint8:
        narrow = bands.astype(np.uint8) * 255 if array.dtype.kind == "b" else bands
        found = Values("byte", 0, int(narrow.max()))
    else:
        kind = "float" if array.dtype.kind == "f" else "integer"
        known = None if values is None else values.floats if kind == "float" else values.integers
        found = _extremes(bands, kind) if known is None else Values(kind, 0, 0)
        narrow = scaled(bands, known or _usual(found))
    return np.ascontiguousarray(np.broadcast_to(narrow, (*array.shape[:2], 3))), found


# ---------------------------------------------------------------- what a file says of its samples


PHOTOMETRIC, BITS, EXTRA_SAMPLES, SAMPLE_FORMAT = 262, 258, 338, 339
"""Tags of TIFF 6.0: what zero means, bits a sample, what channels beyond the colours are, signed or not."""


def _tag(image: Image.Image, number: int) -> Any:
    return getattr(image, "tag_v2", {}).get(number)


def raw_mode_of(image: Image.Image) -> str:
    """How the samples lie in the file, in Pillow's words ("RGB;16B"); known before it is loaded."""
    tile = getattr(image, "tile", None)
    if not tile or image.format not in ("PNG", "TIFF"):
        return ""
    args = tile[0].args
    return str(args[0] if isinstance(args, tuple) and args else args)


def _white_is_zero(image: Image.Image) -> bool:
    """Pillow inverts such samples of 8 bits itself, but no wider ones."""
    return image.format == "TIFF" and _tag(image, PHOTOMETRIC) == 0


def _unnamed_band(image: Image.Image, data: Buffer) -> bool:
    """Whether Pillow takes for alpha what the file does not call so."""
    if image.mode != "RGBA":
        return False
    if image.format == "TIFF":
        return not _tag(image, EXTRA_SAMPLES)
    return image.format == "TGA" and len(data) > 17 and data[17] & 15 == 0  # the descriptor's number of alpha bits


def _samples(upright: Image.Image, image: Image.Image) -> np.ndarray:
    """Greyscale samples wider than 8 bits, (height, width)."""
    samples = np.asarray(upright)
    unsigned = (_tag(image, SAMPLE_FORMAT) or (1,))[0] == 1 and _tag(image, BITS) == (32,)
    return samples.view(np.uint32) if upright.mode == "I" and unsigned else samples


# ---------------------------------------------------------------- wider than 8 bits


def _grey(samples: np.ndarray, mode: str, values: ValueRange | None, inverted: bool) -> tuple[Pixels, Values]:
    kind = "float" if mode == "F" else "integer"
    known = None if values is None else values.floats if mode == "F" else values.integers
    found = _extremes(samples, kind) if known is None else Values(kind, 0, 0)
    grey = scaled(samples, known or _usual(found))
    if inverted:
        grey = 255 - grey
    return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2)), found


def _extremes(samples: np.ndarray, kind: str) -> Values:
    """Of the finite ones."""
    finite = samples[np.isfinite(samples)] if samples.dtype.kind == "f" else samples
    return Values(kind, finite.min().item(), finite.max().item()) if finite.size else Values(kind, 0, 0)


def _usual(found: Values) -> Bounds:
    """Black and white of an image that belongs to no dataset."""
    if found.kind == "float":
        return (0, 1) if found.low >= 0 and found.high <= 1 else (0, 255)
    return next(bounds for bounds in (FULL, (0, 2**31 - 1), (0, 2**32 - 1)) if found.high <= bounds[1])


def scaled(samples: np.ndarray, bounds: Bounds) -> np.ndarray:
    """Samples of any shape as uint8: black and white become 0 and 255, what lies beyond them too, NaN becomes 0."""
    if samples.dtype == np.uint16:
        return cast("np.ndarray", _table(bounds)[samples])
    black, white = bounds
    wide = samples.astype(np.float64)
    wide[np.isnan(wide)] = black
    return np.asarray(np.clip(np.rint((wide - black) * (255.0 / (white - black))), 0, 255), dtype=np.uint8)


@lru_cache(maxsize=8)
def _table(bounds: Bounds) -> np.ndarray:
    """`scaled` for every number of 16 bits: uint8 (65536,)."""
    return scaled(np.arange(1 << 16, dtype=np.int64), bounds)


def _deep(
    upright: Image.Image, data: Buffer, raw_mode: str, values: ValueRange | None, unnamed_band: bool
) -> tuple[Pixels, Values]:
    """Colour with 16 bits a sample, of which `upright` has the high bytes."""
    high = _colours(np.asarray(upright), raw_mode)
    if values is None or values.integers in (None, FULL):
        top = int(high.max()) if high.size else 0
        if values is None and top < 128 and raw_mode not in _LOW_BYTES:
            raise BadImage("dark colours of 16 bits, multiplied with their alpha: save it with separate alpha")
        low = 0 if top or values is not None else int(_low_bytes(data, raw_mode).max(initial=0))
        return _flat(upright, unnamed_band), Values("integer", 0, top << 8 | (255 if top else low))
    samples = high.astype(np.uint16) << 8 | _low_bytes(data, raw_mode)
    narrow = scaled(samples, values.integers)
    if upright.mode == "RGBA":
        narrow = np.concatenate([narrow, np.asarray(upright)[:, :, 3:]], axis=2)
    image = Image.frombytes(upright.mode, upright.size, narrow.tobytes())
    return _flat(image, unnamed_band), Values("integer", 0, 0)


def _colours(samples: np.ndarray, raw_mode: str) -> np.ndarray:
    """All channels but alpha."""
    return samples if raw_mode.startswith("CMYK") else samples[:, :, :3]


def _low_bytes(data: Buffer, raw_mode: str) -> np.ndarray:
    """The low bytes of what `_colours` gives the high bytes of, upright as well."""
    low_mode = _LOW_BYTES[raw_mode]
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        image.seek(0)
        tiles: Any = image
        tiles.tile = [tile._replace(args=_with_mode(tile.args, low_mode)) for tile in tiles.tile]
        samples = np.asarray(ImageOps.exif_transpose(image))
    if raw_mode == "LA;16B":  # four bytes a pixel: grey's two, alpha's two
        return np.repeat(samples[:, :, 1:2], 3, axis=2)
    return _colours(samples, raw_mode)


def _with_mode(args: Any, raw_mode: str) -> Any:
    return (raw_mode, *args[1:]) if isinstance(args, tuple) else raw_mode


def resize(pixels: Pixels, height: int, width: int) -> Pixels:
    """Bilinear with antialiasing (Pillow's), to uint8 (height, width, 3)."""
    if pixels.shape[:2] == (height, width):
        return pixels
    resized = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
    return cast("Pixels", np.array(resized))
