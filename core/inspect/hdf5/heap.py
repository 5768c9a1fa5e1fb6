"""Values of variable length: where their references lead, checked before HDF5 follows them."""

from __future__ import annotations

from collections.abc import Callable

import h5py
import numpy as np

from ...formats.hdf5.heap import REFERENCE, Collections


class Heaps:
    """The global heap collections of one file, whose bytes are `bytes_at(offset, count)`; `wide`: its addresses have 8
    bytes."""

    def __init__(self, bytes_at: Callable[[int, int], bytes], base: int, size: int, wide: bool) -> None:
        self._bytes_at = bytes_at
        self._wide = wide
        self._collections = Collections(bytes_at, base, size)

    def problem(self, dataset: h5py.Dataset, start: int, stop: int, item: int) -> str | None:
        """Why rows start..stop of a dataset are not read; None where nothing speaks against it.

        `item` is the size of an element. What a filter hides, and more than one axis, is not looked at.
        """
        references = self._references(dataset, start, stop)
        for row, reference in enumerate([] if references is None else references):
            length, address, index = (int(reference[name]) for name in ("length", "address", "index"))
            told = self._collections.find(length * item, address, index) if length else ""
            if isinstance(told, str) and told:
                return f"{dataset.name}[{start + row}] {told}"
        return None

    def _references(self, dataset: h5py.Dataset, start: int, stop: int) -> np.ndarray | None:
        """The references themselves, as they lie in a contiguous dataset or in chunks without a filter."""
        if len(dataset.shape) != 1 or not self._wide or not _is_of_variable_length(dataset):
            return None
        pieces: list[bytes] = []
        for first, last, offset in _stretches(dataset, start, stop):
            if offset is None:
                return None
            pieces.append(self._bytes_at(offset, (last - first) * REFERENCE.itemsize))
        data = b"".join(pieces)
        return np.frombuffer(data[: len(data) // REFERENCE.itemsize * REFERENCE.itemsize], REFERENCE)


def _is_of_variable_length(dataset: h5py.Dataset) -> bool:
    text = h5py.check_string_dtype(dataset.dtype)
    return h5py.check_vlen_dtype(dataset.dtype) is not None if text is None else text.length is None


def _stretches(dataset: h5py.Dataset, start: int, stop: int) -> list[tuple[int, int, int | None]]:
    """(first, last, offset in the file) of the pieces in which rows start..stop lie; None for what cannot be seen."""
    if dataset.chunks is None:
        offset = dataset.id.get_offset()
        return [(start, stop, None if offset is None else offset + start * REFERENCE.itemsize)]
    rows, pieces = int(dataset.chunks[0]), []
    plain = dataset.id.get_create_plist().get_nfilters() == 0
    for row in range(start - start % rows, stop, rows):
        first, last = max(start, row), min(stop, row + rows)
        place = dataset.id.get_chunk_info_by_coord((row,)).byte_offset if plain else None
        pieces.append((first, last, None if place is None else place + (first - row) * REFERENCE.itemsize))
    return pieces
