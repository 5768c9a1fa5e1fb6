"""One job as its folder tells it."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.jobs.files import read_json, write_json
from core.jobs.lock import is_held

SPEC, ALIVE, STARTED, EVENTS, LOG = "spec.json", "alive", "started.json", "events.jsonl", "log.txt"
OUTCOME, CANCEL, END = "outcome.json", "cancel", "end.json"


class State(StrEnum):
    """Where a job stands. The last four are final."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    GONE = "gone"

    @property
    def final(self) -> bool:
        return self not in (State.WAITING, State.RUNNING)


@dataclass(frozen=True, slots=True)
class Job:
    """A job at the moment it was read; read it again (`Jobs.get`) to see it move.

    `created`, `started` and `ended` are seconds since the epoch. `owner` names the page that shows the job.
    `error` is a sentence where the job did not end well, `result` what its task handed back where it did.
    """

    folder: Path
    task: str
    title: str
    owner: str
    heavy: bool
    created: float
    fields: Mapping[str, Any]
    state: State
    started: float | None = None
    ended: float | None = None
    error: str | None = None
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def active(self) -> bool:
        return not self.state.final

    @property
    def seconds(self) -> float:
        """How long it has run, or ran."""
        if self.started is None:
            return 0.0
        return max((self.ended or time.time()) - self.started, 0.0)

    def log(self, last_bytes: int = 20_000) -> str:
        """The end of what its processes wrote to standard error."""
        try:
            with (self.folder / LOG).open("rb") as file:
                file.seek(max(file.seek(0, 2) - last_bytes, 0))
                return file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""


def read_job(folder: Path) -> Job | None:
    """The job in `folder`, or None where there is none. A job whose process died unseen is given its end here."""
    spec = read_json(folder / SPEC)
    if spec is None:
        return None
    alive = is_held(folder / ALIVE)
    end = read_json(folder / END)
    if end is None and not alive:
        end = {"state": State.GONE, "ended": _last_sign_of_life(folder), "error": GONE_ERROR}
        write_json(folder / END, end)
    started = read_json(folder / STARTED)
    return _assemble(folder, spec, started or {}, end)


GONE_ERROR = (
    "Its process is gone: it was killed from outside, or the machine was restarted. "
    "Nothing half-made is used; start it again."
)


def _assemble(folder: Path, spec: Mapping[str, Any], started: Mapping[str, Any], end: Mapping[str, Any] | None) -> Job:
    unfinished = State.RUNNING if started else State.WAITING
    return Job(
        folder=folder,
        task=spec["task"],
        title=spec["title"],
        owner=spec["owner"],
        heavy=spec["heavy"],
        created=spec["created"],
        fields=spec["fields"],
        state=State(end["state"]) if end else unfinished,
        started=started.get("started"),
        ended=end["ended"] if end else None,
        error=end.get("error") if end else None,
        result=(end.get("result") or {}) if end else {},
    )


def _last_sign_of_life(folder: Path) -> float:
    """When a job that nobody saw ending last wrote something."""
    return max(path.stat().st_mtime for path in folder.iterdir())


def death_sentence(exit_status: int) -> str:
    """In words, how a worker ended that left no outcome. `exit_status` as subprocess gives it (negative: a signal)."""
    if exit_status >= 0:
        return f"It ended with exit status {exit_status} and without a result; its log may say why."
    name = signal.Signals(-exit_status).name if -exit_status in set(signal.Signals) else f"signal {-exit_status}"
    return f"It was ended by {name}{_MEANINGS.get(name, '')}"


_MEANINGS = {
    "SIGKILL": ": killed from outside, most often by the system because memory ran out.",
    "SIGBUS": ": a file that it had mapped became shorter, or the disk is full.",
    "SIGSEGV": ": it crashed inside a native library.",
    "SIGABRT": ": a native library gave up; its log may say why.",
    "SIGTERM": ": somebody, or the system shutting down, asked it to stop.",
}
