"""Records as they lie in a RecordIO file (dmlc-core's `recordio.h`), little-endian:

    uint32 0xced7230a, uint32 which part << 29 | length, the bytes, zeros up to a multiple of 4

A record that has the magic number in it, at a multiple of 4, is cut there into parts without it: a first one, middle
ones and a last one.
"""

from __future__ import annotations

import mmap
import struct

from ..values import MAX_INFLATED

MAGIC = 0xCED7230A
MAGIC_BYTES = struct.pack("<I", MAGIC)
WHOLE, FIRST, MIDDLE, LAST = range(4)
HEADER = struct.Struct("<II")
LENGTH = (1 << 29) - 1


def part_at(data: mmap.mmap, at: int) -> tuple[int, int] | None:
    """(which part, length) of what begins at a place; None where nothing does that lies in the file."""
    if at < 0 or at + HEADER.size > len(data):
        return None
    magic, told = HEADER.unpack_from(data, at)
    length = told & LENGTH
    if magic != MAGIC or at + HEADER.size + length > len(data):
        return None
    return told >> 29, length


def behind(at: int, length: int) -> int:
    """Where the part ends that begins at `at`, with its padding."""
    return at + HEADER.size + (length + 3 & ~3)


def end_at(data: mmap.mmap, at: int) -> int:
    """Where the record that begins at a place ends, all its parts; -1 where a part is missing."""
    while (found := part_at(data, at)) is not None:
        at = min(behind(at, found[1]), len(data))
        if found[0] not in (FIRST, MIDDLE):
            return at
    return -1


def payload_at(data: mmap.mmap, at: int, most: int = MAX_INFLATED) -> bytes:
    """The bytes of the record that begins at a place, its parts joined; at most about `most` of them.

    Raises ValueError where there is none, or a part is missing.
    """
    parts: list[bytes] = []
    size, wanted = 0, (WHOLE, FIRST)
    while True:
        found = part_at(data, at)
        if found is None or found[0] not in wanted:
            raise ValueError(f"byte {at:,}: {_reason(data, at)}")
        which, length = found
        start = at + HEADER.size
        parts.append(data[start : start + min(length, most)])
        size += length
        if which in (WHOLE, LAST) or size >= most:
            return MAGIC_BYTES.join(parts)
        if len(parts) > 1 << 20:
            raise ValueError(f"byte {at:,}: the record is cut into more than a million parts")
        at, wanted = behind(at, length), (MIDDLE, LAST)


def _reason(data: mmap.mmap, at: int) -> str:
    """Why no part of a record lies there."""
    if at + HEADER.size > len(data):
        return "the file ends in the middle of a record"
    magic, told = HEADER.unpack_from(data, at)
    if magic != MAGIC:
        return "no record begins there"
    if at + HEADER.size + (told & LENGTH) > len(data):
        return f"a record of {told & LENGTH:,} bytes is cut short: the file has {len(data) - at - HEADER.size:,} more"
    return "a part of a record whose other parts are missing"
