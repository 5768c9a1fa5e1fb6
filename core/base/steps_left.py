"""How long work in steps will still take, where a step knows of itself alone."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from .events import Progress
from .stage_rate import StageRate
from .time_left import Remaining

Y = TypeVar("Y")


class StepsLeft:
    """The seconds that all steps together will still take: of the one that runs as it tells itself, else by the pace of
    its stage, else as planned; of those to come as planned, times how far the others were off their plans."""

    def __init__(self, planned: Mapping[str, float]) -> None:
        """`planned`: seconds of each step."""
        self.planned = dict(planned)
        self._others = Remaining(dict.fromkeys(planned, 1.0), planned)

    def drop(self, name: str) -> None:
        """This step will not be done, or is done already."""
        self._others.drop(name)

    def told(self, name: str, events: Iterator[Y], parts: bool = False) -> Iterator[Y | Progress]:
        """The events of a step, whose progress tells the time that is left of all of them. `parts`: what it tells
        itself is of a part of the step, which takes as long as planned at least."""
        self.drop(name)
        began, own = time.monotonic(), _Own(self.planned.get(name, 0.0))
        try:
            for event in events:
                if isinstance(event, Progress):
                    yield replace(event, left_s=own.left(event, parts) + (self._others.seconds or 0.0))
                else:
                    yield event
        finally:
            if isinstance(events, Generator):
                events.close()
        self._others.note(name, 1, time.monotonic() - began)


class _Own:
    """The seconds that a step itself will still take."""

    def __init__(self, planned: float) -> None:
        self._ends = time.monotonic() + planned
        self._stage, self._rate = "", StageRate(0.0, 0)

    def left(self, event: Progress, parts: bool) -> float:
        now = time.monotonic()
        if event.stage != self._stage:
            self._stage, self._rate = event.stage, StageRate(now, event.done)
        self._rate.add(now, event.done)
        told, planned = event.left_s, max(self._ends - now, 0.0)
        if told is None:
            told = self._rate.left(event.total)
        if told is None:
            return planned
        return max(told, planned) if parts else told
