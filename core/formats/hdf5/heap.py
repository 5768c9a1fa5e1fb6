"""Where a value of variable length lies in an HDF5 file: a walk over the global heap collections.

The library trusts a collection: one damaged size in it, and it walks in circles for ever. Here every number is checked
before it is followed. Layouts: HDF5 File Format Specification 3.0, section III.E (global heap); a reference to a value
is section VIII.B's, in files with 8-byte addresses.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...base.contracts import Buffer

REFERENCE = np.dtype([("length", "<u4"), ("address", "<u8"), ("index", "<u4")])
"""`length` counts elements; `address` is the collection's, `index` the object's in it."""

_HEADER = struct.Struct("<4sB3xQ")
"""Signature, version, size of the collection."""

_OBJECT = struct.Struct("<HH4xQ")
"""Index, reference count, size; index 0 is the free space, whose size includes this header."""

MAX_COLLECTION = 1 << 30
MAX_KEPT = 4096


class Value(NamedTuple):
    """An object of a collection: where it begins in the file, and its bytes."""

    offset: int
    size: int


class Collections:
    """The global heap collections of one file.

    `read(offset, length)` gives bytes of the file, fewer at its end; `base` is the file's base address, `size` its
    length.
    """

    def __init__(self, read: Callable[[int, int], Buffer], base: int, size: int) -> None:
        self._read = read
        self._base = base
        self._size = size
        self._known: dict[int, dict[int, Value] | str] = {}

    def find(self, wanted: int, address: int, index: int) -> Value | str:
        """The object that a reference to `wanted` bytes leads to, or the end of a sentence about what is wrong."""
        objects = self._known.get(address)
        if objects is None:
            objects = self._keep(address)
        if isinstance(objects, str):
            return objects
        found = objects.get(index)
        if found is None:
            return "leads to a value that is not there"
        if wanted > found.size:
            return f"is said to have {wanted:,} bytes, more than the {found.size:,} that are kept"
        return found

    def _keep(self, address: int) -> dict[int, Value] | str:
        if len(self._known) >= MAX_KEPT:
            self._known.clear()
        self._known[address] = objects = self._walked(address)
        return objects

    def _walked(self, address: int) -> dict[int, Value] | str:
        """The objects of one collection, or what is wrong with it."""
        start = self._base + address
        head = self._read(start, _HEADER.size) if start < self._size else b""
        if len(head) < _HEADER.size or bytes(head[:4]) != b"GCOL":
            return "leads to no heap of values"
        size = _HEADER.unpack(head)[2]
        if size > min(MAX_COLLECTION, self._size - start):
            return "leads to a heap that goes on beyond the end of the file"
        return _objects(self._read(start, size), start)


def _objects(data: Buffer, start: int) -> dict[int, Value] | str:
    """The objects of the collection at `start`, walked as the library does."""
    found: dict[int, Value] = {}
    place = _HEADER.size
    while place + _OBJECT.size <= len(data):
        index, _, size = _OBJECT.unpack_from(data, place)
        step = size if index == 0 else _OBJECT.size + (size + 7 & ~7)
        if step < _OBJECT.size or place + step > len(data):
            return "leads to a heap that is damaged"
        if index:
            found[index] = Value(start + place + _OBJECT.size, size)
        place += step
    return found
