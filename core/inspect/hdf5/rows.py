"""Rows of a dataset one by one, read in the blocks in which they lie."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .facts import Facts

BLOCK_BYTES = 1 << 26
"""64 MiB; a block of rows that share chunks is read at once only if it is no larger."""

STRIDED_BYTES = 1 << 22
KEPT = 2
KEPT_BYTES = 1 << 28
"""256 MiB; the blocks read last are kept, the last ones whatever their size: the next row most often lies in the one
before, and a loader that shuffles comes back to all of them."""


class Rows:
    """The rows of a dataset along one axis."""

    def __init__(self, facts: Facts, axis: int = 0) -> None:
        self.facts = facts
        self.axis = axis
        self._step = _rows_at_once(facts, axis)
        self._kept: dict[int, np.ndarray[Any, Any]] = {}
        self._kept_bytes = 0

    def __len__(self) -> int:
        return self.facts.shape[self.axis]

    def __getitem__(self, index: int) -> Any:
        """One row, without its axis. Raises ValueError that says why it cannot be read."""
        number, place = divmod(index, self._step)
        block = self._kept.get(number)
        if block is None:
            block = self._block(number)
        return block[(slice(None),) * self.axis + (place,)]

    def whole(self, index: int) -> np.ndarray[Any, Any]:
        """The same with its axis: an element of a fixed string stays what it is, with the zeros at its end."""
        number, place = divmod(index, self._step)
        block = self._kept.get(number)
        block = self._block(number) if block is None else block
        return block[(slice(None),) * self.axis + (slice(place, place + 1),)]

    def _block(self, number: int) -> np.ndarray[Any, Any]:
        """A block as it is read; it is kept, if it is not too large for that."""
        while len(self._kept) >= KEPT and self._kept_bytes + self.block_bytes > KEPT_BYTES:
            self._kept_bytes -= self._kept.pop(next(iter(self._kept))).nbytes
        start = number * self._step
        stop = min(start + self._step, len(self))
        block = self.facts.cut(self.facts.file.rows(self.facts.dataset, start, stop, self.axis), self.axis)
        if block.nbytes <= BLOCK_BYTES:
            self._kept[number] = block
            self._kept_bytes += block.nbytes
        return block

    @property
    def block_bytes(self) -> int:
        """How much is read for one row: the rows that lie together with it."""
        return self._step * max(prod(self.facts.shape) // max(len(self), 1) * self.facts.dtype.itemsize, 1)

    def stored_bytes(self) -> int:
        """A row's share of what the dataset takes in the file."""
        return int(self.facts.dataset.id.get_storage_size()) // max(len(self), 1)


def _rows_at_once(facts: Facts, axis: int) -> int:
    """Rows read at once: those of a chunk, or as many as make a strided reading worth while."""
    row = max(prod(facts.shape) // max(facts.shape[axis], 1) * facts.dtype.itemsize, 1)
    chunks = facts.dataset.chunks
    if chunks is not None and not facts.dtype.hasobject:
        rows = int(chunks[axis])
        return rows if rows * row <= BLOCK_BYTES else 1
    return max(STRIDED_BYTES // row, 1) if axis and not facts.dtype.hasobject else 1
