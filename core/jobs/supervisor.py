"""The small process around a job: waits for its turn, starts the worker, stops it when asked, says how it ended.

It loads no heavy library, so that a waiting job costs next to nothing, and it outlives a worker that a signal
kills, so that somebody can tell which.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.home import Home
from ..base.lock import Lock
from ..processes.module_process import end, exit_status
from .files import read_json, write_json
from .job import CANCEL, END, OUTCOME, SPEC, STARTED, State, death_sentence
from .store import ENTRY, Jobs
from .tasks import TASKS, TaskEntry
from .worker import GRACE, INTERRUPTED, work

POLL = 0.15
"""Seconds between two looks at the queue, or for a request to stop."""

HEAVY_LOCK = "heavy.lock"
"""The lock, in the folder of all jobs, that the running heavy job holds."""


CANCELLED = "It was cancelled; nothing half-made was left behind."
CANCELLED_KEEPS = "It was cancelled. What had been measured completely by then is kept as a partial result."


class Stopped(Exception):
    """The process was asked to end by a signal."""


def main(arguments: Sequence[str], tasks: Mapping[str, TaskEntry] = TASKS, entry: Sequence[str] = ENTRY) -> int:
    """`FOLDER` supervises the job in that folder; `FOLDER --work` is its worker."""
    folder = Path(arguments[0]).absolute()
    if "--work" in arguments:
        return work(folder, tasks)
    return Supervisor(folder, entry, tasks).run()


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Sees one job through. `entry` is the command that starts its worker."""

    folder: Path
    entry: Sequence[str]
    tasks: Mapping[str, TaskEntry] = field(default_factory=lambda: TASKS)

    def run(self) -> int:
        """From the queue to `end.json`; the exit status is the worker's."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _stop)
        spec = read_json(self.folder / SPEC) or {}
        lock = Lock(self.folder.parent / HEAVY_LOCK)
        try:
            if spec.get("heavy") and not self._take_lock(lock):
                return self._end(INTERRUPTED)
            return self._end(self._work(lock))
        except Stopped:
            return self._end(INTERRUPTED)
        finally:
            lock.close()

    def _take_lock(self, lock: Lock) -> bool:
        """Wait until no heavy job is ahead; False where the job was cancelled meanwhile."""
        jobs = Jobs(Home(self.folder.parents[2]))
        while not self._cancelled():
            me = jobs.get(self.folder.name)
            if not jobs.waits_for(me) and lock.acquire():
                return True
            time.sleep(POLL)
        return False

    def _work(self, lock: Lock) -> int:
        """Start the worker in a process group of its own and stay with it to the end."""
        held = (lock.fileno(),) if lock.fileno() >= 0 else ()
        worker = subprocess.Popen(
            [*self.entry, str(self.folder), "--work"], stdin=subprocess.PIPE, process_group=0, pass_fds=held
        )
        try:
            started = {"started": time.time(), "supervisor": os.getpid(), "worker": worker.pid}
            write_json(self.folder / STARTED, started)
            while worker.poll() is None and not self._cancelled():
                exit_status(worker, POLL)
            return worker.returncode if worker.returncode is not None else INTERRUPTED
        finally:
            _stop_group(worker)

    def _cancelled(self) -> bool:
        return (self.folder / CANCEL).exists()

    def _end(self, status: int) -> int:
        """Write how it ended: what the worker reported, or what its exit status tells."""
        outcome = read_json(self.folder / OUTCOME) or {}
        task = str((read_json(self.folder / SPEC) or {}).get("task"))
        keeps = task in self.tasks and self.tasks[task].keeps
        try:
            write_json(self.folder / END, {"ended": time.time(), **_verdict(status, outcome, keeps)})
        except OSError as error:  # whoever reads the folder finds the job gone
            print(f"how it ended could not be written: {error.strerror or error}", file=sys.stderr)
        return status


def _verdict(status: int, outcome: Mapping[str, Any], keeps: bool) -> dict[str, Any]:
    if "result" in outcome:
        return {"state": State.DONE, "result": outcome["result"]}
    if "error" in outcome:
        return {"state": State.FAILED, "error": outcome["error"]}
    if status == INTERRUPTED:
        return {"state": State.CANCELLED, "error": CANCELLED_KEEPS if keeps else CANCELLED}
    return {"state": State.FAILED, "error": death_sentence(status)}


def _stop(number: int, _frame: object) -> None:
    raise Stopped(signal.Signals(number).name)


def _stop_group(worker: subprocess.Popen[bytes]) -> None:
    """Interrupt the worker so that it tidies up, then kill whatever of its group is left."""
    if worker.poll() is None:
        _signal_group(worker.pid, signal.SIGINT)
        exit_status(worker, GRACE)
    _signal_group(worker.pid, signal.SIGKILL)
    end(worker)


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
