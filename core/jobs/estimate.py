"""How long a job will still take: as its task says, else what the pace of its current stage says of that stage, and
earlier jobs of the stages that follow."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from functools import cached_property

from ..base.events import Progress
from ..base.stage_rate import SETTLING, StageRate
from .earlier import StageSeconds

LONG = 5.0
"""Seconds from which on a job says in what proportion its stages are: ending the process takes about as long always."""


class TimeLeftEstimate:
    """Follows the progress of one stage after another."""

    def __init__(self, earlier: Callable[[], Sequence[StageSeconds]] = list) -> None:
        """`earlier`: what the stages of earlier jobs of this kind took."""
        self._ask_earlier = earlier
        self._passed: set[str] = set()
        self._stage = ""
        self._begun = math.inf
        self._pace: StageRate | None = None
        self._total: int | None = None
        self._told: tuple[float, float] | None = None
        self._telling = ""

    def add(self, at: float, progress: Progress) -> None:
        """`at` in seconds, as all times here."""
        self._begun = min(self._begun, at)
        if self._pace is None or progress.stage != self._stage or progress.done < self._pace.last[1]:
            self._passed.add(self._stage)
            self._stage, self._pace = progress.stage, StageRate(at, progress.done)
        self._pace.add(at, progress.done)
        self._total = progress.total
        if progress.left_s is not None:
            self._told, self._telling = (at, progress.left_s), progress.stage

    @property
    def rate(self) -> float | None:
        """Units a second, or None where too little is known."""
        return None if self._pace is None else self._pace.rate

    def remaining(self, now: float) -> float | None:
        """Seconds until the job is done, where its task tells or an earlier job had this stage, else until this stage
        is; None where neither is known. What a task told before a stage that tells nothing cannot be less than that
        stage takes."""
        told, paced = self._by_told(now), self._by_pace(now)
        if told is None or paced is None or self._stage == self._telling:
            return paced if told is None else told
        return max(told, paced)

    def _by_told(self, now: float) -> float | None:
        if self._told is None:
            return None
        at, left_s = self._told
        left_s += self._at_last(at - self._begun + left_s)
        return max(left_s - max(now - at, 0.0), 0.0)

    def _by_pace(self, now: float) -> float | None:
        stage_left = None if self._pace is None else self._pace.left(self._total)
        if self._pace is None or stage_left is None:
            return None
        at, _ = self._pace.last
        whole_stage = at - self._pace.begun + stage_left
        return max(stage_left + self._following * whole_stage - max(now - at, 0.0), 0.0)

    @cached_property
    def _earlier(self) -> Sequence[StageSeconds]:
        return self._ask_earlier()

    def _at_last(self, told_s: float) -> float:
        """Seconds of what a job does after it has told for the last time, where all before takes `told_s`: the median
        of earlier jobs, in proportion; as many seconds as after a job that was too short to say more."""
        seconds = []
        for stages in self._earlier:
            *before, last = stages.values() or [0.0]
            seconds.append(last / sum(before) * told_s if sum(before) >= LONG else last)
        return statistics.median(seconds) if seconds else 0.0

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
