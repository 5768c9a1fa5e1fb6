"""Processes that keep cores busy while something else is measured: what a loader is worth beside other work."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

SPIN = "while True: pass"


class OtherWork:
    """`count` processes that spin within `going()` and are stopped outside of it. They end with the `with` block."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self._processes = [subprocess.Popen([sys.executable, "-S", "-c", SPIN]) for _ in range(self._count)]
        self._tell(signal.SIGSTOP)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    @contextmanager
    def going(self) -> Iterator[None]:
        self._tell(signal.SIGCONT)
        try:
            yield
        finally:
            self._tell(signal.SIGSTOP)

    def _tell(self, what: signal.Signals) -> None:
        for process in self._processes:
            process.send_signal(what)
