"""An image file's height and width from its first bytes, of JPEG and of PNG, as their headers state them."""

from __future__ import annotations

import struct

SIGNATURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
"""How a PNG begins: its signature and the head of its first chunk (PNG specification, 5.2 and 11.2.1)."""

FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's markers SOF0 to SOF15 (ITU-T T.81, table B.1)."""

WITHOUT_SEGMENT = frozenset((0x01, *range(0xD0, 0xDA)))
"""Markers that no length follows, and the two at which no frame can come any more."""


def png_size(data: bytes) -> tuple[int, int] | None:
    """(height, width); None for what does not begin like a PNG."""
    if len(data) < 24 or not data.startswith(SIGNATURE):
        return None
    width, height = struct.unpack_from(">II", data, 16)
    return height, width


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """(height, width); None where no frame header lies in these bytes."""
    if not data.startswith(b"\xff\xd8"):
        return None
    place, end = 2, len(data) - 8
    while place < end and data[place] == 0xFF:
        marker = data[place + 1]
        if marker in FRAMES:
            return data[place + 5] << 8 | data[place + 6], data[place + 7] << 8 | data[place + 8]
        if marker == 0xFF:
            place += 1
            continue
        if marker in WITHOUT_SEGMENT:
            return None
        place += 2 + (data[place + 2] << 8 | data[place + 3])
    return None
