"""How long a job will still take: as its task says, else what the pace of its current stage says of that stage, and
earlier jobs of the stages that follow."""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Callable, Sequence
from functools import cached_property

from ..base.events import Progress
from .earlier import StageSeconds

WINDOW = 15.0
"""Seconds of the recent past that the rate is taken from."""

SETTLING = 0.8
"""Seconds a stage must have run before its rate says anything."""


class TimeLeftEstimate:
    """Follows the progress of one stage after another.

    The rate is the mean of two: over the later half of the stage so far, which is steady and soon forgets how slowly it
    began (processes that start, caches that fill), and over the last seconds, which follows a change; a stage that has
    only begun has no estimate rather than a wild one.
    """

    def __init__(self, earlier: Callable[[], Sequence[StageSeconds]] = list) -> None:
        """`earlier`: what the stages of earlier jobs of this kind took; asked only where the task does not tell."""
        self._ask_earlier = earlier
        self._passed: set[str] = set()
        self._stage = ""
        self._begun = math.inf
        self._first = (0.0, 0)
        self._half: deque[tuple[float, int]] = deque()
        self._recent: deque[tuple[float, int]] = deque()
        self._total: int | None = None
        self._told: tuple[float, float] | None = None

    def add(self, at: float, progress: Progress) -> None:
        """`at` in seconds, as all times here."""
        self._begun = min(self._begun, at)
        if progress.stage != self._stage or (self._recent and progress.done < self._recent[-1][1]):
            self._passed.add(self._stage)
            self._stage = progress.stage
            self._first = (at, progress.done)
            self._half.clear()
            self._recent.clear()
        self._total = progress.total
        if progress.left_s is not None:
            self._told = (at, progress.left_s)
        _keep(self._half, (at, progress.done), (at + self._first[0]) / 2)
        _keep(self._recent, (at, progress.done), at - WINDOW)

    @property
    def rate(self) -> float | None:
        """Units a second, or None where too little is known."""
        if not self._recent or self._recent[-1][0] - self._first[0] < SETTLING:
            return None
        return (_slope(self._half) + _slope(self._recent)) / 2

    def remaining(self, now: float) -> float | None:
        """Seconds until the job is done, where its task tells or an earlier job had this stage, else until this stage
        is; None where neither is known."""
        if self._told is not None:
            at, left_s = self._told
            left_s += self._last_share * (at - self._begun + left_s)
            return max(left_s - max(now - at, 0.0), 0.0)
        if self.rate is None or self._total is None or self.rate <= 0:
            return None
        at, done = self._recent[-1]
        stage_left = (self._total - done) / self.rate
        whole_stage = at - self._first[0] + stage_left
        return max(stage_left + self._following * whole_stage - max(now - at, 0.0), 0.0)

    @cached_property
    def _earlier(self) -> Sequence[StageSeconds]:
        return self._ask_earlier()

    @cached_property
    def _last_share(self) -> float:
        """What earlier jobs did after they had told for the last time, as a share of the time before it: the median."""
        shares = []
        for stages in self._earlier:
            *before, last = stages.values() or [0.0]
            shares += [last / sum(before)] if sum(before) >= SETTLING else []
        return statistics.median(shares) if shares else 0.0

    @property
    def _following(self) -> float:
        """How long what follows on the current stage takes, as a multiple of it: the median of earlier jobs; 0 where
        none had this stage."""
        multiples = [
            sum(seconds for stage, seconds in _after(stages, self._stage) if stage not in self._passed)
            / stages[self._stage]
            for stages in self._earlier
            if stages.get(self._stage, 0.0) >= SETTLING
        ]
        return statistics.median(multiples) if multiples else 0.0


def _after(stages: StageSeconds, stage: str) -> list[tuple[str, float]]:
    """The stages that followed it, with their seconds."""
    names = list(stages)
    return [(name, stages[name]) for name in names[names.index(stage) + 1 :]]


def _keep(points: deque[tuple[float, int]], point: tuple[float, int], since: float) -> None:
    """Add a point, and drop those before the last one that is as old as `since`; two stay."""
    points.append(point)
    while len(points) > 2 and points[1][0] <= since:
        points.popleft()


def _slope(points: deque[tuple[float, int]]) -> float:
    """Units a second from the first of them to the last."""
    (began, before), (at, done) = points[0], points[-1]
    return (done - before) / (at - began) if at > began else 0.0
