"""What a decoder works in, once a thread: larger where an image needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

LARGEST = 1 << 29
"""Bytes of samples or of compressed data for which memory is kept ready; larger images are not for the kernels."""

FIRST = 1 << 16
"""Bytes of both to begin with."""


class GrowingState(Protocol):
    """A state that holds compressed bytes and samples."""

    @property
    def stream(self) -> npt.NDArray[np.uint8]: ...
    @property
    def samples(self) -> npt.NDArray[np.uint8]: ...


S = TypeVar("S", bound=GrowingState)


class DecoderMemory(threading.local, Generic[S]):
    """Each thread's own `state`."""

    def __init__(self, new: Callable[[int, int], S]) -> None:
        """`new(stream_bytes, sample_bytes)` makes a state. Called once a thread, when it needs one."""
        self._new: Any = new
        self.state: S = new(FIRST, FIRST)

    def grow(self) -> bool:
        """Make room for larger images; False where they are too large for that."""
        stream, samples = 4 * len(self.state.stream), 4 * len(self.state.samples)
        if samples > LARGEST:
            return False
        self.state = self._new(stream, samples)
        return True
