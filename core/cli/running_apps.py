"""Which apps of a home run on this machine: each holds a lock in the home while it lives, a file named by its port.

`data/running/<port>`: whoever finds it held asks at that port; what nobody holds is left of an app that is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..base.files import entries
from ..base.home import Home
from ..base.lock import Lock, is_held
from .app_server import LOOPBACK, answers


@contextmanager
def noted_as_running(home: Home, port: int) -> Iterator[None]:
    """While this process is the app of a home. A home that cannot be written to has an app that nobody finds."""
    lock = Lock(_folder(home) / str(port))
    with suppress(OSError):
        lock.path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        with suppress(OSError):
            lock.path.unlink(missing_ok=True)
        lock.close()


def running_port(home: Home) -> int | None:
    """The port of an app of this home that answers on this machine; None where there is none."""
    for path in entries(_folder(home)):
        is_port = path.name.isascii() and path.name.isdecimal() and 0 < int(path.name) < 65536
        if is_port and is_held(path) and answers(int(path.name), LOOPBACK):
            return int(path.name)
    return None


def _folder(home: Home) -> Path:
    return home.root / "data" / "running"
