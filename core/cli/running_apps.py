"""Which apps of a home run on this machine: each notes its port in the home while it lives.

A note is a small file, `data/running/<port>.json`. It counts while the process that wrote it lives and something
answers at its port; others are removed by whoever meets them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..base.files import Unreadable, entries, read_object, write_whole
from ..base.home import Home
from ..base.strict_json import dumps
from .app_server import LOOPBACK, answers

MOST_BYTES = 1000
SAME_S = 0.1
"""A process with another start than that has got the number of one that ended."""


@contextmanager
def noted_as_running(home: Home, port: int) -> Iterator[None]:
    """While this process is the app of a home. A home that cannot be written to has an app nobody finds."""
    note = _folder(home) / f"{port}.json"
    with suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        write_whole(note, dumps({"port": port, "pid": os.getpid(), "started": _started(os.getpid())}).encode())
    try:
        yield
    finally:
        with suppress(OSError):
            note.unlink(missing_ok=True)


def running_port(home: Home) -> int | None:
    """The port of an app of this home that answers on this machine; None where there is none."""
    for note in entries(_folder(home)):
        port = _port_of(note)
        if port is None:
            with suppress(OSError):
                note.unlink(missing_ok=True)
        elif answers(port, LOOPBACK):
            return port
    return None


def _port_of(note: Path) -> int | None:
    """What a note says; None where its process is gone, or it says nothing."""
    try:
        told = read_object(note, MOST_BYTES)
        port, process, started = int(told["port"]), int(told["pid"]), float(told["started"])
    except (Unreadable, KeyError, TypeError, ValueError, OverflowError):
        return None
    now = _started(process)
    return port if now is not None and abs(now - started) < SAME_S and 0 < port < 65536 else None


def _started(process: int) -> float | None:
    """When a process began, in seconds since 1970; None where there is none."""
    import psutil

    try:
        return float(psutil.Process(process).create_time())
    except (psutil.Error, ValueError, OverflowError):
        return None


def _folder(home: Home) -> Path:
    return home.root / "data" / "running"
