"""One array of a file: what is known of it at once, and its values when they are asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from ..inflated_bytes import InflatedBytes

MOST_BYTES = 1 << 28
"""256 MiB that are read of one array at a time; what lies in memory or in a map is not read."""

NEAR_BYTES = 1 << 26
"""64 MiB of compressed data that are inflated to learn what an array is like."""

Values = npt.NDArray[Any]


class NamedArray(ABC):
    """name: what the file calls it, its parts joined by "/"; stored_bytes: what it takes in the file."""

    def __init__(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], stored_bytes: int) -> None:
        self.name = name
        self.shape = shape
        self.dtype = dtype
        self.stored_bytes = stored_bytes

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def is_numbers(self) -> bool:
        return self.dtype.kind in "biuf"

    def row_bytes(self, axis: int) -> int:
        """What one place along an axis takes, as it is read."""
        return self.size // max(self.shape[axis], 1) * self.dtype.itemsize

    def touched_bytes(self, axis: int) -> int:
        """What is read, or inflated, for one place along an axis alone."""
        return self.row_bytes(axis)

    def near(self, axis: int) -> int:
        """How many of the first places along an axis are reached soon: all of them, where nothing is inflated."""
        return self.shape[axis]

    @abstractmethod
    def rows(self, axis: int, start: int, stop: int) -> Values:
        """The values start..stop along one axis. Raises ValueError that says why they cannot be read."""

    @abstractmethod
    def first(self, count: int) -> Values:
        """At most so many values as they lie in the file, (n,). Raises ValueError."""

    def row(self, axis: int, index: int) -> Any:
        """One of them, without its axis; a view of the file where the array lies in a map."""
        return self.rows(axis, index, index + 1)[(slice(None),) * axis + (0,)]


class MemoryArray(NamedArray):
    """An array that is at hand: of a pickle, or bytes of a map."""

    def __init__(self, name: str, values: Values, stored_bytes: int | None = None) -> None:
        super().__init__(name, values.shape, values.dtype, values.nbytes if stored_bytes is None else stored_bytes)
        self._values = values

    def rows(self, axis: int, start: int, stop: int) -> Values:
        return self._values[(slice(None),) * axis + (slice(start, stop),)]

    def first(self, count: int) -> Values:
        order: Any = "F" if self._values.flags.f_contiguous else "C"
        return self._values.reshape(-1, order=order)[:count]


class InflatedArray(NamedArray):
    """An array behind compression, from the byte `start` on; `fortran`: its first axis is the fastest."""

    def __init__(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        stored_bytes: int,
        data: InflatedBytes,
        start: int,
        fortran: bool = False,
    ) -> None:
        super().__init__(name, shape, dtype, stored_bytes)
        self._data = data
        self._start = start
        self._fortran = fortran
        self._whole: Values | None = None

    def rows(self, axis: int, start: int, stop: int) -> Values:
        slowest = len(self.shape) - 1 if self._fortran else 0
        if axis != slowest:
            return self._all()[(slice(None),) * axis + (slice(start, stop),)]
        stop = min(stop, self.shape[axis])
        each = self.size // max(self.shape[axis], 1)
        shape = tuple(stop - start if place == axis else length for place, length in enumerate(self.shape))
        return self._read(start * each, (stop - start) * each).reshape(shape, order="F" if self._fortran else "C")

    def first(self, count: int) -> Values:
        return self._read(0, min(count, self.size))

    def near(self, axis: int) -> int:
        """Those within the first `NEAR_BYTES`."""
        return min(self.shape[axis], max(NEAR_BYTES // max(self.row_bytes(axis), 1), 1))

    def touched_bytes(self, axis: int) -> int:
        """From the copy of the inflater's state before it; all of the array along an axis other than the slowest."""
        whole = self.size * self.dtype.itemsize
        slowest = len(self.shape) - 1 if self._fortran else 0
        return min(self._data.step, whole) if axis == slowest else whole

    def _all(self) -> Values:
        """All of it, read once: along an axis other than the slowest the values lie all over it."""
        if self._whole is None:
            self._whole = self._read(0, self.size).reshape(self.shape, order="F" if self._fortran else "C")
        return self._whole

    def _read(self, place: int, count: int) -> Values:
        size = count * self.dtype.itemsize
        if size > MOST_BYTES:
            raise ValueError(
                f"{self.name} would take {size >> 20:,} MiB at once, which is more than is read here "
                f"({MOST_BYTES >> 20} MiB)"
            )
        return np.frombuffer(self._data.at(self._start + place * self.dtype.itemsize, size), self.dtype)


class TextColumn(NamedArray):
    """Texts, one for each sample."""

    def __init__(self, name: str, texts: Sequence[str]) -> None:
        super().__init__(name, (len(texts),), np.dtype("U1"), sum(map(len, texts)))
        self.texts = texts

    def rows(self, axis: int, start: int, stop: int) -> Values:
        return np.array(self.texts[start:stop], object)

    def first(self, count: int) -> Values:
        return np.array([text[:200] for text in self.texts[: min(count, 64)]])

    def row(self, axis: int, index: int) -> Any:
        return self.texts[index]
