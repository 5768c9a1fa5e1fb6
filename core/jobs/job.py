"""One job as its folder tells it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..base.checked_fields import COUNT, FLAG, NUMBER, OBJECT, TEXT, Fields, check, fault, list_of, one_of, with_fields
from ..base.files import Unreadable, open_plain, read_object
from ..base.lock import is_held
from ..processes.module_process import signal_name

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


FINAL = frozenset(state.value for state in State if state.final)


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
            with open_plain(self.folder / LOG) as file:
                file.seek(max(file.seek(0, 2) - last_bytes, 0))
                return file.read(last_bytes).decode("utf-8", "replace")
        except (OSError, Unreadable):
            return ""


def read_job(folder: Path) -> Job:
    """The job in `folder`. Nothing is written: a job whose process died unseen is read as one that is gone.

    Raises Unreadable where the folder holds no job that this version understands.
    """
    spec = _told(folder, SPEC, SPEC_FIELDS)
    started = _told(folder, STARTED, STARTED_FIELDS) if _is_there(folder / STARTED) else {}
    alive = is_held(folder / ALIVE)  # before its end: a job that ends in between has one
    if _is_there(folder / END):
        end = _told(folder, END, END_FIELDS, END_OPTIONAL)
        _check_result(spec, end)
        return _assemble(folder, spec, started, end)
    if alive:
        return _assemble(folder, spec, started, {})
    gone = {"state": State.GONE, "ended": _last_sign_of_life(folder), "error": GONE_ERROR}
    return _assemble(folder, spec, started, gone)


GONE_ERROR = (
    "Its process is gone and left no word: it was killed from outside, the machine restarted, or the disk was full. "
    "Nothing half-made is used; start it again."
)

SPEC_FIELDS = {"task": TEXT, "title": TEXT, "owner": TEXT, "heavy": FLAG, "created": NUMBER, "fields": OBJECT}
STARTED_FIELDS = {"started": NUMBER}
END_FIELDS = {"state": one_of(FINAL), "ended": NUMBER}
END_OPTIONAL = {"error": TEXT, "result": OBJECT}

RESULT_FIELDS = {
    "verify": {"samples": COUNT, "mismatches": list_of(OBJECT)},
    "scan": {"entries": COUNT, "decoded": COUNT, "bad": list_of(with_fields({"key": TEXT, "reason": TEXT}))},
    "dataset-check": {"fingerprint": TEXT, "images": COUNT, "findings": list_of(OBJECT)},
    "demo": {"file": TEXT},
}
"""Task -> what the pages rely on in its result."""


def _told(folder: Path, name: str, required: Fields, optional: Fields = MappingProxyType({})) -> dict[str, Any]:
    """What one of a job's files says. Raises Unreadable that names the file."""
    try:
        told = read_object(folder / name)
        check(told, required, optional)
    except Unreadable as error:
        raise Unreadable(f"{name}: {error}") from None
    return told


def _check_result(spec: Mapping[str, Any], end: Mapping[str, Any]) -> None:
    if end["state"] == State.DONE and spec["task"] in RESULT_FIELDS:
        result = end.get("result") or {}
        if (wrong := fault(result, RESULT_FIELDS[spec["task"]])) is not None:
            raise Unreadable(f"{END}: of its result, {wrong}")


def _is_there(path: Path) -> bool:
    """Whether there is anything of that name, readable or not."""
    return os.path.lexists(path)


def _assemble(folder: Path, spec: Mapping[str, Any], started: Mapping[str, Any], end: Mapping[str, Any]) -> Job:
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
        ended=end.get("ended"),
        error=end.get("error"),
        result=end.get("result") or {},
    )


def _last_sign_of_life(folder: Path) -> float:
    """When a job that nobody saw ending last wrote something."""
    times = [folder.stat().st_mtime]
    with contextlib.suppress(OSError):
        times += [path.lstat().st_mtime for path in folder.iterdir()]
    return max(times)


def death_sentence(exit_status: int) -> str:
    """In words, how a worker ended that left no outcome. `exit_status` as subprocess gives it (negative: a signal)."""
    if exit_status >= 0:
        return f"It ended with exit status {exit_status} and without a result; its log may say why."
    name = signal_name(-exit_status)
    return f"It was ended by {name}{_MEANINGS.get(name, '')}"


_MEANINGS = {
    "SIGKILL": ": killed from outside, most often by the system because memory ran out.",
    "SIGBUS": ": a file that it had mapped became shorter, or the disk is full.",
    "SIGSEGV": ": it crashed inside a native library.",
    "SIGABRT": ": a native library gave up; its log may say why.",
    "SIGTERM": ": somebody, or the system shutting down, asked it to stop.",
}
