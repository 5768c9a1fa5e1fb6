"""Values of variable length: where their references lead, checked before HDF5 follows them.

The library trusts a global heap collection: one damaged size in it, and it walks in circles for ever. Layouts: HDF5
File Format Specification 3.0, section III.E (global heap).
"""

from __future__ import annotations

import os
import struct

import h5py
import numpy as np

_REFERENCE = np.dtype([("length", "<u4"), ("address", "<u8"), ("index", "<u4")])
"""In files with 8-byte addresses, the only ones that are looked at here."""

_HEADER = struct.Struct("<4sB3xQ")
"""Signature, version, size of the collection."""

_OBJECT = struct.Struct("<HH4xQ")
"""Index, reference count, size; index 0 is the free space, whose size includes this header."""

MAX_COLLECTION = 1 << 30
MAX_KEPT = 4096


class Heaps:
    """The global heap collections of one file; `wide`: its addresses have 8 bytes."""

    def __init__(self, descriptor: int, base: int, size: int, wide: bool) -> None:
        self._descriptor = descriptor
        self._wide = wide
        self._base = base
        self._size = size
        self._known: dict[int, dict[int, int] | str] = {}

    def problem(self, dataset: h5py.Dataset, start: int, stop: int, item: int) -> str | None:
        """Why rows start..stop of a dataset are not read; None where nothing speaks against it.

        `item` is the size of an element. What a filter hides, and more than one axis, is not looked at.
        """
        references = self._references(dataset, start, stop)
        for row, reference in enumerate([] if references is None else references):
            length, address, index = (int(reference[name]) for name in ("length", "address", "index"))
            told = self._wrong(length * item, address, index) if length else None
            if told is not None:
                return f"{dataset.name}[{start + row}] {told}"
        return None

    def _wrong(self, wanted: int, address: int, index: int) -> str | None:
        objects = self._objects(address)
        if isinstance(objects, str):
            return objects
        if index not in objects:
            return "leads to a value that is not there"
        if wanted > objects[index]:
            return f"is said to have {wanted:,} bytes, more than the {objects[index]:,} that are kept"
        return None

    def _objects(self, address: int) -> dict[int, int] | str:
        """{index: size} of one collection, or what is wrong with it."""
        if address not in self._known:
            if len(self._known) >= MAX_KEPT:
                self._known.clear()
            self._known[address] = self._walked(address)
        return self._known[address]

    def _walked(self, address: int) -> dict[int, int] | str:
        start = self._base + address
        head = os.pread(self._descriptor, _HEADER.size, start) if start < self._size else b""
        if len(head) < _HEADER.size or head[:4] != b"GCOL":
            return "leads to no heap of values"
        end = start + _HEADER.unpack(head)[2]
        if end > self._size or end - start > MAX_COLLECTION:
            return "leads to a heap that goes on beyond the end of the file"
        return _sizes(os.pread(self._descriptor, end - start, start))

    def _references(self, dataset: h5py.Dataset, start: int, stop: int) -> np.ndarray | None:
        """The references themselves, as they lie in a contiguous dataset or in chunks without a filter."""
        if len(dataset.shape) != 1 or not self._wide or not _is_of_variable_length(dataset):
            return None
        pieces: list[bytes] = []
        for first, last, offset in _stretches(dataset, start, stop):
            if offset is None:
                return None
            pieces.append(os.pread(self._descriptor, (last - first) * _REFERENCE.itemsize, offset))
        data = b"".join(pieces)
        return np.frombuffer(data[: len(data) // _REFERENCE.itemsize * _REFERENCE.itemsize], _REFERENCE)


def _is_of_variable_length(dataset: h5py.Dataset) -> bool:
    text = h5py.check_string_dtype(dataset.dtype)
    return h5py.check_vlen_dtype(dataset.dtype) is not None if text is None else text.length is None


def _sizes(data: bytes) -> dict[int, int] | str:
    """The objects of one collection, walked as the library does."""
    sizes: dict[int, int] = {}
    place = _HEADER.size
    while place + _OBJECT.size <= len(data):
        index, _, size = _OBJECT.unpack_from(data, place)
        step = size if index == 0 else _OBJECT.size + (size + 7 & ~7)
        if step < _OBJECT.size or place + step > len(data):
            return "leads to a heap that is damaged"
        if index:
            sizes[index] = size
        place += step
    return sizes


def _stretches(dataset: h5py.Dataset, start: int, stop: int) -> list[tuple[int, int, int | None]]:
    """(first, last, offset in the file) of the pieces in which rows start..stop lie; None for what cannot be seen."""
    if dataset.chunks is None:
        offset = dataset.id.get_offset()
        return [(start, stop, None if offset is None else offset + start * _REFERENCE.itemsize)]
    rows, pieces = int(dataset.chunks[0]), []
    plain = dataset.id.get_create_plist().get_nfilters() == 0
    for row in range(start - start % rows, stop, rows):
        first, last = max(start, row), min(stop, row + rows)
        place = dataset.id.get_chunk_info_by_coord((row,)).byte_offset if plain else None
        pieces.append((first, last, None if place is None else place + (first - row) * _REFERENCE.itemsize))
    return pieces
