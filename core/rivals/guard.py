"""The guardian of this process: it ends what we have started and left, also after `kill -9` (see `guardian`)."""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
import threading

from ..processes.module_process import end
from . import guardian as guardian_module

ENDED_S = 5.0


class Guardian:
    """A small process that outlives this one for a moment and ends the rivals that it left (see `guardian`)."""

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-S", str(guardian_module.__file__)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )
        self.owner = os.getpid()
        atexit.register(self._end)

    def watch(self, pid: int) -> None:
        self._say(f"+{pid}")

    def release(self, pid: int) -> None:
        self._say(f"-{pid}")

    def _end(self) -> None:
        if self.owner == os.getpid():
            end(self._process, ENDED_S)

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()


_lock = threading.Lock()
_guardian: Guardian | None = None


def guardian() -> Guardian:
    """This process's guardian, started when the first rival is."""
    global _guardian
    with _lock:
        if _guardian is None or _guardian.owner != os.getpid():
            _guardian = Guardian()
        return _guardian
