"""Small pictures as `data:` addresses, for pages and documents that load nothing."""

from __future__ import annotations

import base64
import io

from PIL import Image

from .pixels import decode
from .value_range import DEFAULT, ValueRange

QUALITY = 85


def thumbnail_address(data: bytes, values: ValueRange = DEFAULT, edge: int = 60) -> str:
    """A `data:` address of an image file's picture, to be shown `edge` pixels wide or high (twice that, for fine
    screens): PNG where it is no larger than that, else JPEG.

    Raises BadImage for a file that is none.
    """
    image = Image.fromarray(decode(data, values, edge=2 * edge))
    image.thumbnail((2 * edge, 2 * edge))
    small = max(image.size) <= edge
    file = io.BytesIO()
    image.save(file, "png" if small else "jpeg", **({} if small else {"quality": QUALITY}))
    return f"data:image/{'png' if small else 'jpeg'};base64,{base64.b64encode(file.getvalue()).decode()}"
