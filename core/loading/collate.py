"""Collate: the memory in which a batch lies, used again as soon as nobody holds it and never before."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from .batch_memory import batch_memory
from .normalise import Images

Memory = npt.NDArray[Any]
"""What one batch lies in: (B, 3, H, W), or (B, H, W, 3) for channels_last."""


class BufferPool:
    """Lends memory for batches. Writing to memory that was written before costs a fifth of writing to new memory.

    A loan ends when the array that `take` handed out is gone, and so is every tensor made of it (each tensor and
    each view of one keeps the array alive). The pool looks for ended loans when it is asked for memory; it is not
    called back, because an interrupt (Ctrl-C) that arrives in such a call would be lost. `keep` is how many buffers
    are held for later; a consumer that holds on to more makes the pool allocate, never overwrite.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        dtype: npt.DTypeLike,
        *,
        keep: int,
        channels_last: bool = False,
        allocate: Callable[[tuple[int, ...], Any], Memory] = batch_memory,
    ) -> None:
        """`shape` is that of a full batch: (B, H, W)."""
        batch, height, width = shape
        self._shape = (batch, height, width, 3) if channels_last else (batch, 3, height, width)
        self._axes = (0, 3, 1, 2) if channels_last else (0, 1, 2, 3)
        self._dtype = np.dtype(dtype)
        self._allocate = allocate
        self._keep = keep
        self._loans: list[tuple[weakref.ref[Memory], Memory]] = []
        self._lock = threading.Lock()

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return prod(self._shape[1:]) * self._dtype.itemsize

    def take(self, samples: int) -> Images:
        """Uninitialised memory for so many samples, (samples, 3, H, W)."""
        with self._lock:
            memory = self._returned()
            if memory is None:
                memory = self._allocate(self._shape, self._dtype)
            loan = memory[:samples].transpose(self._axes)
            if len(self._loans) < self._keep:
                self._loans.append((weakref.ref(loan), memory))
            return loan

    def after_fork(self) -> None:
        """In a fork's child: whoever held the lock does not exist here."""
        self._lock = threading.Lock()

    def _returned(self) -> Memory | None:
        """The memory of the latest loan that has ended, which is in the caches still; the pool forgets the loan."""
        for number in reversed(range(len(self._loans))):
            loan, memory = self._loans[number]
            if loan() is None:
                del self._loans[number]
                return memory
        return None
