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
- Of more than four bands three are shown, or those that the dataset names (`images.bands`, `images.band_samples`);
  TIFFs of many bands are read by `images.tiff_bands`, since Pillow knows few of them.

Pillow is the reference that every faster path is held to.
"""

from __future__ import annotations

import io
import warnings
from functools import cached_property
from typing import cast

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..base.contracts import Buffer, Pixels
from .array_files import NPY_MAGIC, samples_of
from .band_samples import BandSamples, shown
from .file_samples import (
    FORMATS,
    LOW_BYTES,
    PREMULTIPLIED,
    band_samples,
    colours_of,
    hidden_bands,
    is_wide,
    low_bytes,
    no_data_of,
    raw_mode_of,
    unnamed_band,
    white_is_zero,
    wide_samples,
)
from .scaling import extremes, scaled, usual
from .tiff_bands import MAGIC as TIFF_MAGIC
from .tiff_bands import NotBands, tiff_bands
from .unread import what_instead
from .value_range import DEFAULT, FULL, ValueRange, Values

MAX_PIXELS = 1 << 27
"""134 megapixels; an image that claims more is taken for a decompression bomb."""


ORIENTATION = 0x0112
"""EXIF's tag, which Pillow also fills from XMP."""

TURNED = (5, 6, 7, 8)
"""Its values for images whose height and width change places."""

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
        BadImage: empty, not an image, truncated, corrupt, without the bands of `values`, or larger than `MAX_PIXELS`.
    """
    return _opened(data, values, edge, values.bands)[0]


def examine(data: Buffer, bands: tuple[int, ...] | None = None) -> tuple[Pixels, Values]:
    """The pixels as `decode` gives them without a range, and the values that they were made from.

    `bands` are those that are shown, counted from 0, in the place of the usual ones.

    Raises:
        BadImage: as `decode` does.
    """
    return _opened(data, None, None, bands)


Asked = tuple[int, ...] | None
"""Bands, counted from 0, in the place of the usual ones."""


def _opened(data: Buffer, values: ValueRange | None, edge: int | None, bands: Asked) -> tuple[Pixels, Values]:
    if len(data) == 0:
        raise BadImage("empty file")
    try:
        found = _in_bands(data, values, bands)
        if found is not None:
            return found
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            check_area(image.width, image.height)
            if edge is not None:
                image.draft("RGB", (edge, edge))
            return _rgb(image, data, values, bands)
    except BadImage:
        raise
    except UnidentifiedImageError:
        if bytes(data[:4]) in TIFF_MAGIC:
            return _tiff_bands(data, values, bands)
        raise BadImage(what_instead(bytes(data[:256])) or "not an image that Pillow knows") from None
    except Image.DecompressionBombError as error:
        raise BadImage(f"taken for a decompression bomb: {error}") from None
    except Exception as error:  # noqa: BLE001 - decoders raise anything on hostile bytes
        raise BadImage(f"broken image: {error or type(error).__name__}") from None


def _in_bands(data: Buffer, values: ValueRange | None, bands: Asked) -> tuple[Pixels, Values] | None:
    """What is no picture but numbers; None where Pillow is to open it. Raises ValueError."""
    if data[: len(NPY_MAGIC)] == NPY_MAGIC:
        array = samples_of(bytes(data))
        check_area(array.shape[1], array.shape[0])
        return shown(BandSamples(array if array.ndim == 3 else array[:, :, None]), values, bands)
    if bands is None or bytes(data[:4]) not in TIFF_MAGIC:
        return None
    try:
        samples = tiff_bands(data)
    except NotBands:
        return None
    return shown(samples, values, bands)


def _tiff_bands(data: Buffer, values: ValueRange | None, bands: Asked) -> tuple[Pixels, Values]:
    try:
        samples = tiff_bands(data)
        check_area(samples.array.shape[1], samples.array.shape[0])
        return shown(samples, values, bands)
    except NotBands as error:
        raise BadImage(
            f"a TIFF {error}, which is not read here: save three of its bands as PNG or TIFF, or all of them as .npy"
        ) from None
    except BadImage:
        raise
    except Exception as error:  # noqa: BLE001 - what damage raises
        raise BadImage(f"broken image: {error or type(error).__name__}") from None


def check_area(width: int, height: int) -> None:
    """Raises BadImage for a size beyond `MAX_PIXELS`."""
    if width * height > MAX_PIXELS:
        raise BadImage(
            f"{width} x {height} pixels, more than {MAX_PIXELS // 10**6} million: taken for a decompression bomb"
        )


def to_rgb(image: Image.Image) -> Pixels:
    """A Pillow image's first frame as RGB by the rule above: uint8 (height, width, 3)."""
    return _rgb(image, b"", DEFAULT, None)[0]


def _rgb(image: Image.Image, data: Buffer, values: ValueRange | None, bands: Asked) -> tuple[Pixels, Values]:
    """The pixels, and what values they came from (not looked for where the range is known)."""
    image.seek(0)
    raw_mode = raw_mode_of(image)
    upright = ImageOps.exif_transpose(image)
    unnamed = unnamed_band(image, data)
    if bands is not None:
        return shown(band_samples(image, upright, data, unnamed), values, bands)
    if is_wide(upright):
        return _grey(wide_samples(upright, image), upright.mode, values, image)
    if raw_mode in LOW_BYTES or raw_mode.startswith(PREMULTIPLIED):
        pixels, found = _deep(upright, data, raw_mode, values, unnamed)
    else:
        pixels, found = _flat(upright, unnamed), Values("byte", 0, 0)
        if values is None:
            found = Values("byte", 0, int(pixels.max(initial=0)))
        elif values.bytes is not None:
            pixels = cast("Pixels", scaled(pixels, values.bytes))
    return pixels, found._replace(bands=hidden_bands(image, upright, unnamed))


def _flat(image: Image.Image, unnamed_band: bool) -> Pixels:
    """An image of 8 bits as RGB, what is transparent in it over white."""
    if unnamed_band:
        return cast("Pixels", np.array(image.convert("RGBA"))[:, :, :3].copy())
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        image = Image.alpha_composite(white, rgba)
    return cast("Pixels", np.array(image.convert("RGB")))


# ---------------------------------------------------------------- wider than 8 bits


def _grey(samples: np.ndarray, mode: str, values: ValueRange | None, image: Image.Image) -> tuple[Pixels, Values]:
    kind = "float" if mode == "F" else "integer"
    known = None if values is None else values.floats if mode == "F" else values.integers
    found = extremes(samples, kind, no_data_of(image)) if known is None else Values(kind, 0, 0)
    grey = scaled(samples, known or usual(found))
    if white_is_zero(image):
        grey = 255 - grey
    return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2)), found


def _deep(
    upright: Image.Image, data: Buffer, raw_mode: str, values: ValueRange | None, unnamed_band: bool
) -> tuple[Pixels, Values]:
    """Colour with 16 bits a sample, of which `upright` has the high bytes."""
    high = colours_of(np.asarray(upright), raw_mode)
    if values is None or values.integers in (None, FULL):
        top = int(high.max()) if high.size else 0
        if values is None and top < 128 and raw_mode not in LOW_BYTES:
            raise BadImage("dark colours of 16 bits, multiplied with their alpha: save it with separate alpha")
        low = 0 if top or values is not None else int(low_bytes(data, raw_mode).max(initial=0))
        return _flat(upright, unnamed_band), Values("integer", 0, top << 8 | (255 if top else low))
    samples = high.astype(np.uint16) << 8 | low_bytes(data, raw_mode)
    narrow = scaled(samples, values.integers)
    if upright.mode == "RGBA":
        narrow = np.concatenate([narrow, np.asarray(upright)[:, :, 3:]], axis=2)
    image = Image.frombytes(upright.mode, upright.size, narrow.tobytes())
    return _flat(image, unnamed_band), Values("integer", 0, 0)


def resize(pixels: Pixels, height: int, width: int) -> Pixels:
    """Bilinear with antialiasing (Pillow's), to uint8 (height, width, 3)."""
    if pixels.shape[:2] == (height, width):
        return pixels
    resized = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
    return cast("Pixels", np.array(resized))
