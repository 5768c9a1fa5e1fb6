"""An image file with something before it: a label in a few bytes, the header of a wrapper (Arrow, FlatBuffers)."""

from __future__ import annotations

import re

from ..values import image_encoding, image_from_bytes
from .content import Content
from .pixels import number_before

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
    guess = None if _is_length(before, len(data)) else number_before(before)
    return Content(
        "wrapped", f"wrapped+{encoding}", data, pixels, shape, text=text, is_image=True, guess=guess, file=data
    )


def _is_length(before: bytes, length: int) -> bool:
    """Whether the bytes before the image say how long it (or all of the value) is: it may be followed by more."""
    numbers = (int.from_bytes(before, "little"), int.from_bytes(before, "big"))
    return len(before) > 1 and any(length < 2 * number and number <= length + len(before) for number in numbers)
