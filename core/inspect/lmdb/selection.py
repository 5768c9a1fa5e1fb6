"""Which entries of a database are records, and in which order."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from ...formats.lmdb.page_layout import INTEGERKEY

if TYPE_CHECKING:
    from .file import LmdbView


Positions = npt.NDArray[np.int64]


class Selection(Protocol):
    """Records by index, entries by position in the order of keys."""

    def __len__(self) -> int: ...

    def position(self, index: int) -> int:
        """Raises ValueError where the record is not there."""
        ...

    def index(self, position: int) -> int | None:
        """The record that an entry is, or None."""
        ...

    def indices(self, positions: Positions) -> Positions:
        """The records among these entries, which ascend; those of entries that are none are left out."""
        ...


class AllBut:
    """All entries but a few."""

    def __init__(self, total: int, skipped: Iterable[int] = ()) -> None:
        self._skipped = sorted(set(skipped))
        self._length = total - len(self._skipped)

    def __len__(self) -> int:
        return max(self._length, 0)

    def position(self, index: int) -> int:
        for skipped in self._skipped:
            index += skipped <= index
        return index

    def index(self, position: int) -> int | None:
        before = bisect.bisect_left(self._skipped, position)
        return None if before < len(self._skipped) and self._skipped[before] == position else position - before

    def indices(self, positions: Positions) -> Positions:
        skipped = np.array(self._skipped, np.int64)
        before = np.searchsorted(skipped, positions)
        return np.asarray((positions - before)[np.append(skipped, -1)[before] != positions])


class Chosen:
    """The entries at these positions, ascending."""

    def __init__(self, positions: npt.NDArray[np.int64]) -> None:
        self._positions = positions

    def __len__(self) -> int:
        return len(self._positions)

    def position(self, index: int) -> int:
        return int(self._positions[index])

    def index(self, position: int) -> int | None:
        found = int(np.searchsorted(self._positions, position))
        return found if found < len(self._positions) and self._positions[found] == position else None

    def indices(self, positions: Positions) -> Positions:
        found = np.searchsorted(self._positions, positions)
        inside = np.append(self._positions, -1)[found] == positions
        return np.asarray(found[inside], np.int64)


class Counting:
    """Records whose keys count on without leading zeros, in the order of their numbers: "9" before "10"."""

    def __init__(self, file: LmdbView, prefix: bytes, suffix: bytes, first: int, count: int) -> None:
        self._file, self._prefix, self._suffix, self._first, self._count = file, prefix, suffix, first, count

    def __len__(self) -> int:
        return self._count

    def key(self, index: int) -> bytes:
        return b"%b%d%b" % (self._prefix, self._first + index, self._suffix)

    def position(self, index: int) -> int:
        position = self._file.index_of(self.key(index))
        if position is None:
            raise ValueError(f"there is no entry {self.key(index).decode('utf-8', 'replace')}")
        return position

    def index(self, position: int) -> int | None:
        key = self._file.key_at(position)
        digits = key[len(self._prefix) : len(key) - len(self._suffix)]
        if not digits.isdigit() or len(digits) > 18 or not 0 <= int(digits) - self._first < self._count:
            return None
        index = int(digits) - self._first
        return index if self.key(index) == key else None

    def indices(self, positions: Positions) -> Positions:
        return _one_by_one(self, positions)


class CountingBytes:
    """Records whose keys are numbers in binary, the low byte first, from 0 up: 1 before 256, which sorts before it."""

    def __init__(self, file: LmdbView, width: int, count: int) -> None:
        self._file, self._width, self._count = file, width, count

    def __len__(self) -> int:
        return self._count

    def key(self, index: int) -> bytes:
        return index.to_bytes(self._width, "little")

    def position(self, index: int) -> int:
        position = self._file.index_of(self.key(index))
        if position is None:
            raise ValueError(f"there is no entry {index}")
        return position

    def index(self, position: int) -> int | None:
        key = self._file.key_at(position)
        number = int.from_bytes(key, "little")
        return number if len(key) == self._width and number < self._count else None

    def indices(self, positions: Positions) -> Positions:
        return _one_by_one(self, positions)


def _one_by_one(selection: Selection, positions: Positions) -> Positions:
    indices = map(selection.index, positions.tolist())
    return np.array([index for index in indices if index is not None], np.int64)


def in_counting_order(file: LmdbView, selection: Selection) -> Selection:
    """The same records counted up, where their keys are numbers without leading zeros and none is missing."""
    count = len(selection)
    if count < 11:
        return selection
    key = file.key_at(selection.position(0))
    if file.keys.order == "little" and not file.tree.database.flags & INTEGERKEY:
        binary = CountingBytes(file, len(key), count)
        return binary if _is_counted(file, selection, binary) else selection
    prefix = key.rstrip(b"0123456789") if key[-1:].isdigit() else key[: _first_digit(key)]
    suffix = key[len(prefix) :].lstrip(b"0123456789")
    for first in (0, 1):
        counted = Counting(file, prefix, suffix, first, count)
        if _is_counted(file, selection, counted):
            return counted
    return selection


def _first_digit(key: bytes) -> int:
    return next((place for place, byte in enumerate(key) if 48 <= byte <= 57), len(key))


def _is_counted(file: LmdbView, selection: Selection, counted: Counting | CountingBytes) -> bool:
    """Whether the counted keys are there: as many as there are records, so that none other can be."""
    count = len(counted)
    looked_at = {0, 9, 10, count - 1, count // 2, *np.random.default_rng(0).integers(0, count, 16).tolist()}
    for index in looked_at:
        position = file.index_of(counted.key(index))
        if position is None or selection.index(position) is None:
            return False
    others = np.linspace(0, count - 1, 16).astype(int).tolist()
    return all(counted.index(selection.position(index)) is not None for index in others)
