"""Kernels compiled ahead, by a process of its own at low priority, while everything else goes on without them.

Whoever may soon need them calls `compile_ahead`. A loader that needs them now makes its batches with the stages until
they are there (`core.loading.awaited`); what is measured waits (`ready_kernels`), for a mixture would be no figure.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ..base.events import Event, Message, Progress
from ..base.settings import setting_text
from ..processes.module_process import end, start_module
from .fused import SETS
from .kernel_cache import VARIABLE, cache_folder, compiled, has_compiler, left_s, record

WAIT = "wait"

STAGE = "compiling the loading kernels"

PATIENCE = 0.3
"""Seconds to wait for the lock: somebody may only be looking whether it is held."""

STARTING = 20.0
"""Seconds that a process may take to begin on a busy machine."""

STOPPED = 75
"""The exit status of a process that ended because it was asked to."""


def in_background() -> bool:
    """Whether kernels are compiled ahead; else whoever needs one waits for it.

    False without a compiler, or where the setting says "wait". Raises InputError for another word in it.
    """
    return setting_text("kernels") != WAIT and has_compiler()


def complete() -> bool:
    """Whether every kernel is there."""
    return _are_there(SETS)


def _are_there(wanted: Sequence[str]) -> bool:
    return set(wanted) <= set(compiled().sets)


def lock() -> FileLock:
    """Held by the process that compiles, for as long as it lives."""
    return FileLock(record().with_suffix(".lock"))


def ask_to_stop() -> None:
    """Ask whoever compiles, a process of ours or not, to end within a second. What begins later may go on.

    Raises OSError where the folder cannot be written.
    """
    _request().touch()


def asked_to_stop(since: float) -> bool:
    """Whether somebody has asked for it since then, in seconds since 1970."""
    with suppress(OSError):
        return _request().stat().st_mtime > since
    return False


def _request() -> Path:
    """A file rather than a signal: nobody's process is ended that only has the number of one that compiled."""
    return record().with_suffix(".stop")


class CompilingProcess:
    """The process that compiles: ours, or one that another process of this machine has started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._failed = False

    def start(self, *first: str) -> None:
        """Begin, if that is not done: once a process, and again where it was asked to stop. `first` names the sets of
        kernels that are wanted most.

        Never raises: without the kernels the stages do the work.
        """
        with self._lock:
            begun = self._process is not None and self._process.poll() != STOPPED
            if begun or self._failed or not in_background() or complete():
                return
            try:
                cache_folder().mkdir(parents=True, exist_ok=True)
                self._process = start_module(
                    ".loading.compile_kernels", *first, start_new_session=True, stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )  # fmt: skip
            except OSError:
                self._failed = True

    def runs(self) -> bool:
        """Whether somebody compiles now."""
        if self._process is not None and self._process.poll() is None:
            return True
        try:
            with lock().acquire(timeout=0):
                return False
        except Timeout:
            return True
        except OSError:
            return False

    def stop(self) -> None:
        """End the process that compiles, whoever has started it; what it compiled stays, the next goes on there."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)  # and the second one, which shares the work
            end(process)
        if self.runs():
            with suppress(OSError):
                ask_to_stop()


_compiler = CompilingProcess()
compile_ahead = _compiler.start
runs = _compiler.runs
stop = _compiler.stop


def rest_text() -> str:
    """How far it is: "5 of 46 kernels, about 20 s"."""
    state = compiled()
    if not state.kernels:
        return "beginning"
    left = left_s(state)
    return f"{state.done} of {state.kernels} kernels" + (f", about {left:.0f} s" if left is not None else "")


def ready_kernels(wanted: Sequence[str] = SETS) -> Iterator[Event]:
    """Return when these sets of kernels are compiled, with progress meanwhile; nothing to wait for where none is ahead.

    The rest stays for the next who needs kernels, so that nothing is compiled beside a measurement. Where the process
    that compiles ends before its end, kernels are compiled as they are needed.
    """
    if not in_background() or _are_there(wanted):
        return
    compile_ahead(*(() if wanted == SETS else wanted))
    yield Message(f"{STAGE}, once on this machine (a minute or two)")
    while runs() and not _are_there(wanted):
        state = compiled()
        left = left_s(state) if wanted == SETS else None
        yield Progress(STAGE, state.done, state.kernels or None, "kernels", left)
        time.sleep(0.2)
    if _are_there(wanted):
        stop()
    else:
        os.environ[VARIABLE] = WAIT
        why = compiled().trouble or "the process ended"
        yield Message(f"the kernels could not be compiled ahead ({why}): what is missing is compiled now", "warning")


def compile_now() -> None:
    """Return when every kernel is compiled: then all batches, from the first one, are made by kernels."""
    for _ in ready_kernels():
        pass
