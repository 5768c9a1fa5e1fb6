"""Memory for batches as processors like it: whole cache lines, and huge pages where the system has them.

`numpy.empty` begins large arrays 16 bytes behind a page, so that every vector that is stored touches two cache lines.
On Linux such memory comes in pages of 4 KiB, each of which the system hands out by itself when it is first written:
for a batch of 3 MiB that takes four times as long as with pages of 2 MiB.
"""

from __future__ import annotations

import mmap
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

CACHE_LINE = 64
"""Bytes; of nearly all processors."""

HUGE_PAGE = 1 << 21
"""Bytes, on x86 and on ARM with pages of 4 KiB. Elsewhere the advice has no effect."""


def batch_memory(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Uninitialised memory of this shape and type; it begins with a cache line, from `HUGE_PAGE` bytes on with a page.

    Huge pages are asked for as far as they are at least half used: at most half of one is more than the batch takes.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if size >= HUGE_PAGE and hasattr(mmap, "MADV_HUGEPAGE"):
        memory = _in_huge_pages(size)
    else:
        memory = _from_multiple_of(CACHE_LINE, np.empty(size + CACHE_LINE, np.uint8))
    return memory[:size].view(dtype).reshape(shape)


def _in_huge_pages(size: int) -> npt.NDArray[np.uint8]:
    """At least so many bytes, of which nothing is there yet; a fork's child gets them as it gets other memory."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    mapped = mmap.mmap(-1, (size // HUGE_PAGE + 2) * HUGE_PAGE, flags=flags)
    memory = _from_multiple_of(HUGE_PAGE, np.frombuffer(mapped, np.uint8))
    before = len(mapped) - len(memory)
    with suppress(OSError):  # a system without them: small pages do as well
        mapped.madvise(mmap.MADV_HUGEPAGE, before, (size + HUGE_PAGE // 2) // HUGE_PAGE * HUGE_PAGE)
    return memory


def _from_multiple_of(boundary: int, memory: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The part of it that begins at an address which this number divides."""
    return memory[-memory.ctypes.data % boundary :]
