"""What a task says while it runs: plain frozen dataclasses that travel as one JSON object a line."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from .checked_fields import AMOUNT, OBJECT, PLAIN, TEXT, Fields, fault, object_of, or_null
from .strict_json import dumps

STARTING = "starting"
"""The stage before a task's first own one: what it tells was only expected, whatever follows says more."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of `stage` are finished; `total` is None where it cannot be known.

    `left_s`: the seconds that the whole task will still take, where the task can tell (`core.base.time_left`).
    """

    kind: ClassVar[str] = "progress"
    stage: str
    done: int
    total: int | None
    unit: str = "images"
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for the log; `level` is "info", "warning", or "notice": what whoever waits wants to know at once."""

    kind: ClassVar[str] = "message"
    text: str
    level: str = "info"


@dataclass(frozen=True, slots=True)
class Sample:
    """A live measurement: `values` of the series `series`, to be drawn as they come."""

    kind: ClassVar[str] = "sample"
    series: str
    values: Mapping[str, float | int | str]


@dataclass(frozen=True, slots=True)
class Result:
    """The last event of a task that succeeded: the JSON object of its command-line verb."""

    kind: ClassVar[str] = "result"
    data: Mapping[str, Any]


Event = Progress | Message | Sample | Result

KINDS: Mapping[str, type[Progress | Message | Sample | Result]] = {
    "progress": Progress,
    "message": Message,
    "sample": Sample,
    "result": Result,
}


class Pace:
    """Says when the next report is due, so that reporting costs nothing beside the work."""

    def __init__(self, seconds: float = 0.2) -> None:
        self._seconds = seconds
        self._next = time.monotonic() + seconds

    def due(self) -> bool:
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + self._seconds
        return True


class Task(Protocol):
    """Long work: a dataclass of plain values whose `run()` yields events and ends with a `Result`.

    `run()` raises `InputError` or `WorkError` with a sentence; closing the generator (or KeyboardInterrupt)
    leaves nothing half-made behind. Tests iterate it inline, the command line prints it, the app starts it
    in a process of its own.
    """

    def run(self) -> Iterator[Event]: ...


def to_fields(event: Event) -> dict[str, Any]:
    """An event as plain JSON, its kind included."""
    return {"kind": event.kind, **dataclasses.asdict(event)}


def from_fields(fields: Any) -> Event:
    """Inverse of `to_fields`. Raises ValueError for anything else."""
    kind = fields.get("kind") if isinstance(fields, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"not an event: {str(fields)[:80]}")
    required, optional = FIELDS[kind]
    if (wrong := fault(fields, required, optional)) is not None:
        raise ValueError(f"not an event: {wrong}")
    try:
        return KINDS[kind](**{name: value for name, value in fields.items() if name != "kind"})
    except TypeError as error:
        raise ValueError(f"not an event: {error}") from None


FIELDS: Mapping[str, tuple[Fields, Fields]] = {
    "progress": ({"stage": TEXT, "done": AMOUNT}, {"total": AMOUNT, "unit": TEXT}),
    "message": ({"text": TEXT}, {"level": TEXT}),
    "sample": ({"series": TEXT, "values": object_of(or_null(PLAIN))}, {}),
    "result": ({"data": OBJECT}, {}),
}
"""Kind of event -> what its fields have to be, and those that may be missing."""


def to_line(event: Event) -> str:
    """One line of JSON, without the newline."""
    return dumps(to_fields(event))


def from_line(line: str) -> Event:
    """Inverse of `to_line`. Raises ValueError for anything else."""
    return from_fields(json.loads(line))


def finish(events: Iterator[Event]) -> dict[str, Any]:
    """Run a task's events to the end and return its result's data (for tests and inline use)."""
    result: dict[str, Any] = {}
    for event in events:
        if isinstance(event, Result):
            result = dict(event.data)
    return result
