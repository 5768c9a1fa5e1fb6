"""How long a job will still take: as its task says, else what the pace of its current stage says of that stage, and
earlier jobs of the stages that follow."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from functools import cached_property

from ..base.events import STARTING, Progress
from ..base.stage_rate import StageRate
from .earlier import LONG_ENOUGH, StageTimes

LONG = 5.0
"""Seconds from which on a job says in what proportion its stages are: ending the process takes about as long always."""


class TimeLeftEstimate:
    """Follows the progress of one stage after another."""

    def __init__(self, earlier: Callable[[], Sequence[StageTimes]] = list, usual: StageTimes | None = None) -> None:
        """`earlier`: what the stages of earlier jobs of this kind took; `usual`: what they take where none had them."""
        self._ask_earlier, self._usual = earlier, usual or {}
        self._passed: set[str] = set()
        self._stage = ""
        self._begun = math.inf
        self._pace: StageRate | None = None
        self._total: int | None = None
        self._unit = ""
        self._told: tuple[float, float] | None = None
        self._telling = ""

    def add(self, at: float, progress: Progress) -> None:
        """`at` in seconds, as all times here."""
        self._begun = min(self._begun, at)
        if self._pace is None or progress.stage != self._stage or progress.done < self._pace.last[1]:
            self._passed.add(self._stage)
            self._stage, self._pace = progress.stage, StageRate(at, progress.done)
        self._pace.add(at, progress.done)
        self._total, self._unit = progress.total, progress.unit
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
        return paced if self._telling == STARTING else max(told, paced)

    def _by_told(self, now: float) -> float | None:
        if self._told is None:
            return None
        at, left_s = self._told
        left_s += self._at_last(at - self._begun + left_s)
        return max(left_s - max(now - at, 0.0), 0.0)

    def _by_pace(self, now: float) -> float | None:
        stage_left = None if self._pace is None else self._stage_left(self._pace)
        if self._pace is None or stage_left is None:
            return None
        at, _ = self._pace.last
        whole_stage = at - self._pace.begun + stage_left
        return max(stage_left + self._following(whole_stage) - max(now - at, 0.0), 0.0)

    def _stage_left(self, pace: StageRate) -> float | None:
        """By its own pace; before that says anything, by that of earlier jobs."""
        left = pace.left(self._total)
        usual = self._of_earlier(self._stage, lambda stages: stages[self._stage].pace(self._unit))
        if left is not None or self._total is None or usual is None:
            return left
        at, done = pace.last
        return max(usual * (self._total - done) - (at - pace.begun if done == 0 else 0.0), 0.0)

    @cached_property
    def _earlier(self) -> Sequence[StageTimes]:
        return self._ask_earlier()

    def _of_earlier(self, stage: str, told: Callable[[StageTimes], float | None]) -> float | None:
        """The median of what those who had this stage tell; None where nobody had."""
        for jobs in (self._earlier, [self._usual]):
            found = [one for stages in jobs if stage in stages and (one := told(stages)) is not None]
            if found:
                return statistics.median(found)
        return None

    def _at_last(self, told_s: float) -> float:
        """Seconds of what a job does after it has told for the last time, where all before takes `told_s`: the median
        of earlier jobs, in proportion; as many seconds as after a job that was too short to say more."""
        seconds = []
        for stages in self._earlier:
            *before, last = [stage.seconds for stage in stages.values()] or [0.0]
            seconds.append(last / sum(before) * told_s if sum(before) >= LONG else last)
        return statistics.median(seconds) if seconds else 0.0

    def _following(self, whole_stage: float) -> float:
        """Seconds of what follows on the current stage, which takes `whole_stage`: 0 where no earlier job had it."""
        return self._of_earlier(self._stage, lambda stages: self._following_in(stages, whole_stage)) or 0.0

    def _following_in(self, stages: StageTimes, whole_stage: float) -> float | None:
        """As it was in one job. In proportion to the seconds of this stage, which holds on a machine of another speed;
        and to its units, which holds where this stage alone is faster or slower than it was. The mean of both."""
        this = stages[self._stage]
        if this.seconds < LONG_ENOUGH:
            return None
        seconds = sum(time for stage, time in _after(stages, self._stage) if stage not in self._passed)
        by_time = seconds / this.seconds * whole_stage
        alike = this.units and this.unit == self._unit and self._total
        by_units = seconds / this.units * self._total if alike and self._total else by_time
        return (by_time + by_units) / 2


def _after(stages: StageTimes, stage: str) -> list[tuple[str, float]]:
    """The stages that followed it, with their seconds."""
    names = list(stages)
    return [(name, stages[name].seconds) for name in names[names.index(stage) + 1 :]]
