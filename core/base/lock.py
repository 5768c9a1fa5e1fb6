"""Locks that the kernel lets go of when their last holder dies, however it dies.

A lock belongs to an open file, not to a process id, so it can be handed to a child and cannot be mistaken for
another process that was given the same number later.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path


class Lock:
    """A lock on a file; held from `acquire` until `close`, and by every child that inherits it.

    Exclusive, or `shared`: then any number hold it at once, and nobody has it exclusively meanwhile.
    """

    def __init__(self, path: Path, shared: bool = False) -> None:
        self.path = path
        self._kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        self._descriptor = -1

    def acquire(self) -> bool:
        """Take the lock if it is free; say whether it is now held."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, self._kind | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def fileno(self) -> int:
        """The descriptor to hand to a child (`pass_fds`)."""
        return self._descriptor

    def close(self) -> None:
        """Let go; children that inherited the lock still hold it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock at `path` exclusively. Probes share, so that two of them never see each other.

    What cannot be opened is held by nobody that we could know of.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe there is not waited for
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
    return False
