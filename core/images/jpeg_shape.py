"""The shape of a JPEG file's picture, from its header alone: for those who decode it later, and smaller."""

from __future__ import annotations

import io

from PIL import Image

from ..base.contracts import Buffer, Shape
from .pixels import ORIENTATION, TURNED


def jpeg_shape(data: Buffer) -> Shape | None:
    """(height, width, 3) of the pixels that `images.pixels.decode` gives of a JPEG file; None where its header is
    broken."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            width, height = image.size
            turned = image.getexif().get(ORIENTATION) in TURNED
    except Exception:  # noqa: BLE001 - decoders raise anything on hostile bytes
        return None
    return (width, height, 3) if turned else (height, width, 3)
