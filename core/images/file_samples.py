"""What an opened image file says of its samples, and the numbers where Pillow keeps only their high bytes."""

from __future__ import annotations

import io
import sys
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from ..base.contracts import Buffer
from .band_samples import BandSamples
from .tiff_bands import BANDS, BITS, EXTRA, FORMAT, GDAL_NO_DATA, PHOTOMETRIC

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF", "TGA", "ICO", "DIB", "QOI")
"""What is decoded, the most frequent first. Pillow knows more, EPS among them, whose programs Ghostscript would run."""

_FOREIGN_ORDER = "B" if sys.byteorder == "little" else "L"

LOW_BYTES = {
    **{f"{mode};16B": f"{mode};16L" for mode in ("RGB", "RGBA", "RGBX", "CMYK")},
    **{f"{mode};16L": f"{mode};16B" for mode in ("RGB", "RGBA", "RGBX", "CMYK")},
    **{f"{mode};16N": f"{mode};16{_FOREIGN_ORDER}" for mode in ("RGB", "RGBA", "RGBX", "CMYK")},
    "LA;16B": "RGBA",
}
"""Raw modes of colour with 16 bits, of which Pillow keeps the high bytes; read as the other one it keeps the low."""

PREMULTIPLIED = "RGBa;16"


def samples(image: Image.Image, data: Buffer) -> np.ndarray | None:
    """The numbers of an opened image of one channel (height, width), or of colours of 16 bits (height, width, 3),
    upright, as they lie in its file `data`. None for all that has one way to be shown, like 8 bits of colour."""
    raw_mode = raw_mode_of(image)
    wide = is_wide(image)
    if wide or image.mode in ("1", "L"):
        plain = not image.has_transparency_data and not (wide and white_is_zero(image))
        return wide_samples(ImageOps.exif_transpose(image), image) if plain else None
    if raw_mode not in LOW_BYTES or not raw_mode.startswith("RGB;"):
        return None
    high = np.asarray(ImageOps.exif_transpose(image)).astype(np.uint16)
    return np.asarray(high << 8 | low_bytes(data, raw_mode))


def is_wide(image: Image.Image) -> bool:
    """Whether its samples are grey and wider than 8 bits."""
    return image.mode in ("I", "F") or image.mode.startswith("I;")


def band_samples(image: Image.Image, upright: Image.Image, data: Buffer, unnamed_band: bool) -> BandSamples:
    """All channels of an image, upright, of colours that are not RGB after their conversion."""
    raw_mode = raw_mode_of(image)
    if is_wide(upright):
        return BandSamples(wide_samples(upright, image)[:, :, None], inverted=white_is_zero(image))
    if raw_mode in LOW_BYTES and not raw_mode.startswith("CMYK"):
        high = np.asarray(upright).astype(np.uint16)
        colours = high[:, :, :3] << 8 | low_bytes(data, raw_mode)
        every = np.concatenate([colours, high[:, :, 3:] * np.uint16(257)], axis=2)
        return BandSamples(every, alpha=every.shape[2] == 4 and not unnamed_band)
    if upright.mode not in ("1", "L", "LA", "RGB", "RGBA"):
        upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    array = np.asarray(upright)
    alpha = upright.mode in ("LA", "RGBA") and not unnamed_band
    return BandSamples(array if array.ndim == 3 else array[:, :, None], alpha=alpha)


def _tag(image: Image.Image, number: int) -> Any:
    return getattr(image, "tag_v2", {}).get(number)


def raw_mode_of(image: Image.Image) -> str:
    """How the samples lie in the file, in Pillow's words ("RGB;16B"); known before it is loaded."""
    tile = getattr(image, "tile", None)
    if not tile or image.format not in ("PNG", "TIFF"):
        return ""
    args = tile[0].args
    return str(args[0] if isinstance(args, tuple) and args else args)


def no_data_of(image: Image.Image) -> float | None:
    """What GDAL's tag says is the value of pixels that were not measured."""
    try:
        return float(str(_tag(image, GDAL_NO_DATA)).rstrip("\0 "))
    except ValueError:
        return None


def white_is_zero(image: Image.Image) -> bool:
    """Pillow inverts such samples of 8 bits itself, but no wider ones."""
    return image.format == "TIFF" and _tag(image, PHOTOMETRIC) == 0


def unnamed_band(image: Image.Image, data: Buffer) -> bool:
    """Whether Pillow takes for alpha what the file does not call so."""
    if image.mode != "RGBA":
        return False
    if image.format == "TIFF":
        return not _tag(image, EXTRA)
    return image.format == "TGA" and len(data) > 17 and data[17] & 15 == 0  # the descriptor's number of alpha bits


def hidden_bands(image: Image.Image, upright: Image.Image, unnamed_band: bool) -> int:
    """How many bands it has, where some of them are not shown; else 0."""
    shown_bands = len(upright.getbands()) - unnamed_band
    there = _tag(image, BANDS) if image.format == "TIFF" else shown_bands + unnamed_band
    return there if isinstance(there, int) and there > shown_bands else 0


def wide_samples(upright: Image.Image, image: Image.Image) -> np.ndarray:
    """Greyscale samples wider than 8 bits, (height, width)."""
    samples = np.asarray(upright)
    unsigned = (_tag(image, FORMAT) or (1,))[0] == 1 and _tag(image, BITS) == (32,)
    return samples.view(np.uint32) if upright.mode == "I" and unsigned else samples


def colours_of(samples: np.ndarray, raw_mode: str) -> np.ndarray:
    """All channels but alpha."""
    return samples if raw_mode.startswith("CMYK") else samples[:, :, :3]


def low_bytes(data: Buffer, raw_mode: str) -> np.ndarray:
    """The low bytes of what `colours_of` gives the high bytes of, upright as well."""
    low_mode = LOW_BYTES[raw_mode]
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        image.seek(0)
        tiles: Any = image
        tiles.tile = [tile._replace(args=_with_mode(tile.args, low_mode)) for tile in tiles.tile]
        samples = np.asarray(ImageOps.exif_transpose(image))
    if raw_mode == "LA;16B":  # four bytes a pixel: grey's two, alpha's two
        return np.repeat(samples[:, :, 1:2], 3, axis=2)
    return colours_of(samples, raw_mode)


def _with_mode(args: Any, raw_mode: str) -> Any:
    return (raw_mode, *args[1:]) if isinstance(args, tuple) else raw_mode
