"""What a job has said so far, kept up to date at little cost."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple

from ..base.events import Message, Progress, Sample
from .earlier import earlier_stages, usual_stages
from .estimate import TimeLeftEstimate
from .eventlog import EventReader, Stamped
from .job import EVENTS, Job
from .series import is_known


class Measured(NamedTuple):
    """One live measurement: when it was taken (seconds since the epoch), and its values."""

    at: float
    values: Mapping[str, float | int | str]


class Watch:
    """Follows one job's events. Call `refresh` to read what is new; the rest are plain attributes.

    `samples` holds the live measurements by series, each with what its drawing relies on (`series`), `messages` the
    sentences, `stages` the last progress of each stage in the order in which the stages began.
    """

    def __init__(self, job: Job, learns: bool = True) -> None:
        """`learns`: what earlier jobs took tells how long this one will still take."""
        self._reader = EventReader(job.folder / EVENTS)
        self._task = job.task
        self._estimate = TimeLeftEstimate(lambda: earlier_stages(job) if learns else [], usual_stages(job))
        self.progress: Progress | None = None
        self.stages: dict[str, Progress] = {}
        self.messages: list[Message] = []
        self.samples: dict[str, list[Measured]] = {}

    def refresh(self) -> Watch:
        """Read the events that were added since the last time."""
        for stamped in self._reader.new():
            self._take(stamped)
        return self

    @property
    def fraction(self) -> float | None:
        """How much of the current stage is done, 0 to 1, or None where that is unknown."""
        if self.progress is None or not self.progress.total:
            return None
        return min(self.progress.done / self.progress.total, 1.0)

    @property
    def rate(self) -> float | None:
        """Units a second in the current stage."""
        return self._estimate.rate

    def remaining(self) -> float | None:
        """Seconds that the job will still take (`TimeLeftEstimate`), or None where that cannot be said."""
        return self._estimate.remaining(time.time())

    def _take(self, stamped: Stamped) -> None:
        at, event = stamped
        if isinstance(event, Progress):
            self.progress = event
            self.stages[event.stage] = event
            self._estimate.add(at, event)
        elif isinstance(event, Message):
            self.messages.append(event)
        elif isinstance(event, Sample) and is_known(self._task, event):
            self.samples.setdefault(event.series, []).append(Measured(at, event.values))
