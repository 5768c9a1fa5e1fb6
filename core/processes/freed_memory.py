"""Memory that a process has freed stays with it, for the next image.

The C library of GNU gives large pieces back to the system at once, and asks for them again a millisecond later; the
system clears every page of them anew. For photographs that is as much time as decoding them takes.
"""

from __future__ import annotations

import sys
from contextlib import suppress

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Parameters of `mallopt` (malloc.h)."""

KEPT = 128 << 20
"""Bytes that may lie free at the end of a heap before they are given back."""

LARGE = 32 << 20
"""Bytes from which on a piece is a mapping of its own, the most that `mallopt` takes: it is given back once freed."""


def keep_freed_memory() -> None:
    """Let this process keep what it frees; nothing where the C library knows no such thing.

    Only for processes of our own that make images one after the other and are not what is measured: a training script's
    memory is as the system has it.
    """
    if sys.platform != "linux":
        return
    import ctypes

    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(MMAP_THRESHOLD, LARGE)
        mallopt(TRIM_THRESHOLD, KEPT)
