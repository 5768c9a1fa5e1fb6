"""Memory between two pages that must not be touched."""

from __future__ import annotations

import ctypes
import mmap
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

PROT_NONE = 0
T = TypeVar("T", bound=NamedTuple)


class Guarded:
    """`size` bytes and more, with a forbidden page before and behind them."""

    def __init__(self, size: int) -> None:
        page = mmap.PAGESIZE
        self._bytes = -(-size // page) * page
        self._map = mmap.mmap(-1, self._bytes + 2 * page, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._memory = np.frombuffer(self._map, np.uint8)[page : page + self._bytes]
        for place in (self._memory.ctypes.data - page, self._memory.ctypes.data + self._bytes):
            if ctypes.CDLL(None, use_errno=True).mprotect(ctypes.c_void_p(place), ctypes.c_size_t(page), PROT_NONE):
                raise OSError(ctypes.get_errno(), "mprotect")

    def last(self, size: int) -> npt.NDArray[np.uint8]:
        """The last `size` bytes: the page behind them is forbidden."""
        return self._memory[self._bytes - size :]

    def first(self, size: int) -> npt.NDArray[np.uint8]:
        """The first `size` bytes: the page before them is forbidden."""
        return self._memory[:size]


def guarded_copy(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same array in memory that ends at a forbidden page."""
    memory = Guarded(array.nbytes)
    copy = memory.last(array.nbytes).view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def guarded_tuple(arrays: T) -> T:
    """A named tuple of arrays (or of such tuples), each in memory of its own that ends at a forbidden page."""
    copies = [guarded_copy(part) if isinstance(part, np.ndarray) else guarded_tuple(part) for part in arrays]
    return type(arrays)(*copies)
