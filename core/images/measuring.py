"""How large an image is, by its file's header alone."""

from __future__ import annotations

import io

from PIL import Image

from . import pixels
from .file_samples import FORMATS, raw_mode_of


def measure(file: str | io.BytesIO) -> tuple[int, int] | None:
    """(height, width) of the upright image in a file, from its header alone.

    None where that is not enough: its samples may have more than 8 bits, be the few values of a mask or bands, so that
    how they are shown depends on them; or it may be no image.
    """
    try:
        with Image.open(file, formats=FORMATS) as image:
            pixels.check_area(image.width, image.height)
            plain = image.format == "JPEG" or (image.mode in ("RGB", "RGBA") and image.format != "TIFF")
            turned = image.getexif().get(pixels.ORIENTATION, 1) in pixels.TURNED
            width, height = image.size[::-1] if turned else image.size
            return (height, width) if plain and "16" not in raw_mode_of(image) else None
    except Exception:  # noqa: BLE001 - readers of headers raise anything on hostile bytes
        return None
