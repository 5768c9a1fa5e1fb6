"""Handles that are opened on first use in each process and never travel through pickle or fork."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class PerProcess(Generic[T]):
    """What `open` gives, once a process: a copy that came through fork or pickle opens for itself.

    A handle inherited through fork is neither used nor closed in the child: libraries keep locks, caches and file
    positions in it that belong to the parent.
    """

    def __init__(self, open: Callable[[], T]) -> None:
        self._open = open
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._value: T | None = None
        self._inherited: list[T] = []

    def get(self) -> T:
        if not self._is_open():
            self._open_here()
        return self._value  # type: ignore[return-value]

    def take(self) -> T | None:
        """The handle if this process has opened one, to be closed; the next `get` opens anew."""
        mine = self._value if self._is_open() else None
        self._pid, self._value = None, None
        return mine

    def _is_open(self) -> bool:
        return self._pid == os.getpid()

    def _open_here(self) -> None:
        if self._pid is not None:
            # We are a forked child. Another thread of the parent may have held the lock; nobody here will free it.
            self._lock, self._pid = threading.Lock(), None
        with self._lock:
            if self._is_open():
                return
            if self._value is not None:
                self._inherited.append(self._value)  # kept alive, so that it is not closed from here
            self._value = self._open()
            self._pid = os.getpid()

    def __reduce__(self) -> tuple[Any, ...]:
        return PerProcess, (self._open,)
