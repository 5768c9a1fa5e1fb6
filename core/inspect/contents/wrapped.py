"""An image file with something before it: a label in a few bytes, the header of a wrapper (Arrow, FlatBuffers)."""

from __future__ import annotations

import re

from core.inspect.contents.content import Content
from core.inspect.values import image_encoding, image_from_bytes

FARTHEST = 8192
"""Bytes that may come before the image."""

_BEGINS = re.compile(rb"\xff\xd8\xff[\xc0-\xfe]|\x89PNG\r\n\x1a\n|RIFF....WEBP|GIF8[79]a", re.DOTALL)


def read(value: bytes) -> Content | None:
    found = _BEGINS.search(value, 1, FARTHEST)
    if found is None:
        return None
    data, before = value[found.start() :], value[: found.start()]
    encoding = image_encoding(data)
    try:
        pixels, shape, _ = image_from_bytes(data)
    except ValueError:
        return None
    text = f"the image begins {len(before):,} bytes into the value"
    return Content(
        "wrapped", f"wrapped+{encoding}", data, pixels, shape, label=_label(before), text=text, is_image=True
    )


def _label(before: bytes) -> int | None:
    """A number in 1, 2, 4 or 8 bytes before the image, the low byte first, or the high one where that is smaller."""
    if len(before) not in (1, 2, 4, 8):
        return None
    return min(int.from_bytes(before, "little"), int.from_bytes(before, "big"))
