"""Reader processes as they are started; one may be started ahead, so that the next file opens without waiting for the
libraries' imports, which take longer than all else there is to opening a file."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from typing import IO

from ..base.home import REPOSITORY
from ..processes.module_process import end, start_module

ENVIRONMENT = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "HDF5_USE_FILE_LOCKING": "FALSE",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
"""A reader writes nothing, locks nothing, and starts no threads by the dozen."""

IDLE_SECONDS = 600.0
"""A reader that nobody has taken by then is ended."""


class Started:
    """A reader process that has no file yet, and the file that takes its complaints.

    `inherited` is the most memory that this process has had, in bytes: the system counts it as the child's own.
    """

    def __init__(self, *, ahead: bool = False) -> None:
        # A file, not a pipe: a library that complains without end must not block, and may not fill a disk either.
        self.inherited = _peak()
        self.complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in end()
        self.process = start_module(
            ".inspect.reader",
            *(["--ahead"] if ahead else []),
            environment=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.complaints,
            cwd=REPOSITORY,
        )
        self.owner = os.getpid()

    @property
    def is_ours(self) -> bool:
        """Whether this process started it, rather than one that this is a forked copy of, and it is alive."""
        return self.owner == os.getpid() and self.process.poll() is None

    def end(self) -> None:
        """End the process, unless this is a forked copy of its owner, who still uses it. Safe to call twice."""
        if os.getpid() != self.owner:
            return
        end(self.process)
        self.complaints.close()


_lock = threading.Lock()
_ahead: list[Started] = []


def start_ahead() -> None:
    """Have a reader ready for whoever opens the next file. There is never more than one."""
    with _lock:
        if any(started.is_ours for started in _ahead):
            return
        _ahead[:] = [Started(ahead=True)]
        timer = threading.Timer(IDLE_SECONDS, _end_idle, list(_ahead))
        timer.daemon = True
        timer.start()


def take() -> Started:
    """The reader that was started ahead, or a new one."""
    with _lock:
        started = _ahead.pop() if _ahead else None
    return started if started is not None and started.is_ours else Started()


def _end_idle(started: Started) -> None:
    with _lock:
        if started in _ahead:
            _ahead.remove(started)
            started.end()


def _peak() -> int:
    """The most memory that this process has had, in bytes; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
