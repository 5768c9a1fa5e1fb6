"""Data elements of a MATLAB 5 file ("MAT-File Format", The MathWorks, "MAT-File Data Elements").

An element is a tag of 8 bytes, its type and its length, both uint32, and that many bytes, padded to 8. One of up to 4
bytes may lie in its tag: length and type as two uint16, then the bytes. Nothing is followed beyond `end`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..inflated_bytes import InflatedBytes

MATRIX, COMPRESSED = 14, 15
DTYPES: Mapping[int, str] = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
"""miINT8, miUINT8, ... -> the numbers, without their order of bytes."""

TEXTS: Mapping[int, str] = {1: "latin-1", 2: "utf-8", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
"""Types that characters are kept in -> their encoding."""

Read = Callable[[int, int], bytes]
"""(offset, count) -> exactly so many bytes; raises ValueError where there are none."""


@dataclass(frozen=True, slots=True)
class ElementSource:
    """Where elements lie: the map of a file, or what is behind compression; `order`: "<" or ">"."""

    read: Read
    order: str
    memory: memoryview | None = None
    inflated: InflatedBytes | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """Its type, where its bytes are, and where the next one begins."""

    type: int
    start: int
    length: int
    next: int


def element_at(source: ElementSource, offset: int, end: int) -> Element:
    """The element that begins at `offset`. Raises ValueError where it does not end before `end`."""
    if offset + 8 > end:
        raise ValueError(f"a data element at byte {offset:,} begins where nothing follows")
    tag = source.read(offset, 8)
    first, length = struct.unpack(f"{source.order}II", tag)
    if first >> 16:
        kind, small = first & 0xFFFF, first >> 16
        if small > 4:
            raise ValueError(f"a small data element at byte {offset:,} says that it has {small} bytes")
        return Element(kind, offset + 4, small, offset + 8)
    start = offset + 8
    if start + length > end:
        raise ValueError(
            f"a data element at byte {offset:,} says that it has {length:,} bytes, {max(end - start, 0):,} are there"
        )
    padding = 0 if first == COMPRESSED else -length % 8
    return Element(first, start, length, min(start + length + padding, end))


def bytes_of(source: ElementSource, element: Element, most: int) -> bytes:
    """All its bytes. Raises ValueError where there are more than `most`."""
    if element.length > most:
        raise ValueError(f"a data element at byte {element.start:,} has {element.length:,} bytes, {most:,} at most")
    return source.read(element.start, element.length)


def numbers_of(source: ElementSource, element: Element, most: int) -> np.ndarray[Any, Any]:
    """A short element as numbers. Raises ValueError where it is none."""
    code = DTYPES.get(element.type)
    if code is None:
        raise ValueError(f"a data element at byte {element.start:,} of type {element.type} has no numbers")
    dtype = np.dtype(source.order + code)
    data = bytes_of(source, element, most)
    return np.frombuffer(data, dtype, len(data) // dtype.itemsize)
