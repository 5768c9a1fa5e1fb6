"""Python's cyclic garbage collector, kept from running while very much is loaded at once."""

from __future__ import annotations

import gc
import threading
from contextlib import ContextDecorator
from types import TracebackType


class CollectorPause(ContextDecorator):
    """No collections inside a `with` or a decorated function, in any thread; may be entered by several at a time.

    Importing a compiler makes some hundred thousand objects that all stay. Each few hundred of them set off another
    collection, which finds nothing, and which looks through all of torch every now and then: of the 0.6 seconds
    between opening a store and its first batch this took 0.25.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._was_on = False

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._was_on = gc.isenabled()
                gc.disable()
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._was_on:
                gc.enable()


collector_paused = CollectorPause()


def end_without_collecting() -> None:
    """For the end of a process of our own: Python collects garbage twice before it ends, with PyTorch in memory for
    0.4 to 0.8 seconds, and the system takes all memory back a moment later anyway. What objects do when nobody holds
    them any more, and what is registered with `atexit`, is done all the same."""
    gc.disable()
    gc.freeze()
