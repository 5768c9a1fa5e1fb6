"""How large an image is, by its file's header alone."""

from __future__ import annotations

import io

from PIL import Image

from . import pixels
from .file_samples import FORMATS, is_wide, raw_mode_of


def measure(file: str | io.BytesIO) -> tuple[int, int] | None:
    """(height, width) of the upright image in a file, from its header alone; None where only decoding can tell: its
    samples may have more than 8 bits, or it may be no image."""
    try:
        with Image.open(file, formats=FORMATS) as image:
            pixels.check_area(image.width, image.height)
            wide = is_wide(image) or "16" in raw_mode_of(image)
            turned = image.getexif().get(pixels.ORIENTATION, 1) in pixels.TURNED
            width, height = image.size[::-1] if turned else image.size
            return None if wide else (height, width)
    except Exception:  # noqa: BLE001 - readers of headers raise anything on hostile bytes
        return None
