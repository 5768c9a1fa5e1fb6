"""An image file's height and width from its first bytes, of JPEG and of PNG, as their headers state them."""

from __future__ import annotations

import struct
from typing import Any

SIGNATURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
"""How a PNG begins: its signature and the head of its first chunk (PNG specification, 5.2 and 11.2.1)."""

JPEG = b"\xff\xd8\xff"

FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's markers SOF0 to SOF15 (ITU-T T.81, table B.1)."""

WITHOUT_SEGMENT = frozenset((0x01, *range(0xD0, 0xDA)))
"""Markers that no length follows, and the two at which no frame can come any more."""

PLAIN_SEGMENTS = frozenset((0xDB, 0xC4, 0xDD, 0xE0, 0xE2, 0xED, 0xEE, 0xFE))
"""Tables, APP0, APP2, APP13, APP14 and comments: none of them turns an image, as EXIF and XMP in APP1 may."""

PLAIN_CHUNKS = frozenset((b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs", b"tIME", b"iCCP"))
"""Those of PNG that do not turn an image either, and say nothing of its size."""

COLOURS = (b"\x08\x02", b"\x08\x06")
"""Bits and colour type of a PNG in RGB and RGBA. Grey and palettes may be masks, whose values decide how they look."""

_chunk: Any = struct.Struct(">I4s").unpack_from
_sides: Any = struct.Struct(">II").unpack_from


def png_size(data: bytes) -> tuple[int, int] | None:
    """(height, width); None for what does not begin like a PNG."""
    if len(data) < 24 or not data.startswith(SIGNATURE):
        return None
    width, height = _sides(data, 16)
    return height, width


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """(height, width); None where no frame header lies in these bytes."""
    return _frame(data, None)


def plain_size(data: bytes) -> tuple[int, int] | None:
    """(height, width) of the image that a file with these first bytes shows, if it is a JPEG or a PNG in colours of 8
    bits whose header, which lies in them, has nothing that may turn it; else None."""
    size = _frame(data, PLAIN_SEGMENTS) if data.startswith(JPEG) else _plain_png(data)
    return size if size and min(size) > 0 else None


def _plain_png(data: bytes) -> tuple[int, int] | None:
    if len(data) < 33 or not data.startswith(SIGNATURE) or data[24:26] not in COLOURS:
        return None
    place, end = 33, len(data) - 8
    while place <= end:
        size, name = _chunk(data, place)
        if name == b"IDAT":
            return png_size(data)
        if name not in PLAIN_CHUNKS:
            return None
        place += 12 + size
    return None


def _frame(data: bytes, passed: frozenset[int] | None) -> tuple[int, int] | None:
    """(height, width) by the frame header, which may follow these segments alone, or any (None)."""
    if not data.startswith(JPEG[:2]):
        return None
    place, end = 2, len(data) - 9
    while place <= end and data[place] == 0xFF:
        marker = data[place + 1]
        if marker in FRAMES:
            if passed is not None and data[place + 4] != 8:
                return None
            return data[place + 5] << 8 | data[place + 6], data[place + 7] << 8 | data[place + 8]
        if marker == 0xFF:
            place += 1
            continue
        if marker in WITHOUT_SEGMENT or (passed is not None and marker not in passed):
            return None
        place += 2 + (data[place + 2] << 8 | data[place + 3])
    return None
