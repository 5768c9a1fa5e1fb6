"""A folder of one process's own, below the cache, that is gone with it.

Files of the cache stand there under the names that readers expect, as further names of the same bytes (hard links):
they stay readable for as long as they stand here, whatever becomes of the cache.
"""

from __future__ import annotations

import os
import shutil
import uuid
import weakref
from pathlib import Path

from filelock import FileLock, Timeout

from ...base.errors import disk_trouble_told

OPEN = "open"
LOCK = ".lock"


class Workplace:
    """`path`: the folder. It goes when this object does, or the process; that of a killed one when the next is made."""

    def __init__(self, cache: Path) -> None:
        """Raises WorkError where the disk refuses."""
        with disk_trouble_told("opening a store at an address"):
            (cache / OPEN).mkdir(parents=True, exist_ok=True)
            _sweep(cache / OPEN)
            self.path = cache / OPEN / f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
            # Locked under a name that nobody sweeps: in between, it would pass for one that a killed process left.
            hidden = self.path.with_name(f".{self.path.name}")
            hidden.mkdir()
            lock = FileLock(hidden / LOCK)
            lock.acquire(timeout=0)
            hidden.rename(self.path)
        self._gone = weakref.finalize(self, _end, self.path, lock, os.getpid())

    def close(self) -> None:
        self._gone()


def put_link(cached: Path, target: Path) -> None:
    """`target` is the same file as `cached`; a copy where the disk has no hard links. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(cached, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(cached, target)


def _end(path: Path, lock: FileLock, owner: int) -> None:
    if owner != os.getpid():
        return  # a fork's copy: the folder is the parent's
    shutil.rmtree(path, ignore_errors=True)
    lock.release(force=True)


def _sweep(folder: Path) -> None:
    """Remove what killed processes left: folders that nobody holds the lock of."""
    for left in folder.iterdir():
        if left.name.startswith("."):
            continue
        try:
            with FileLock(left / LOCK).acquire(timeout=0):
                shutil.rmtree(left, ignore_errors=True)
        except (Timeout, OSError):
            continue
