"""An experiment of our loaders alone: each repeat is a `Load` in this process."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..base.errors import FormatMattersError
from ..base.events import Event, Pace, Progress, Result, Sample
from ..base.time_left import Remaining
from .ceilings import share_of_ceiling
from .configurations import LoaderConfiguration
from .loader_course import STAGE, LoaderCourse, interleaved
from .turn_plan import planned_turns


@dataclass
class OwnCourse(LoaderCourse):
    """See `LoaderCourse`."""

    ceilings: dict[object, Mapping[str, float]] = field(default_factory=dict)
    workers: dict[str, dict[str, str]] = field(default_factory=dict)
    """By configuration, what the first repeat chose."""
    rest: Remaining = field(default_factory=lambda: Remaining({}))
    begun: int = 0
    """Repeats before the one that runs."""
    kind: str = ""
    """Its kind in `rest`."""

    def run(self) -> Iterator[Event]:
        every = interleaved(self.configurations, self.rounds)
        turns = planned_turns(every, self.experiment.seconds, stage_limits=self.experiment.stage_limits)
        self.rest = left = Remaining(Counter(turn.kind for turn in turns), {one.kind: one.seconds for one in turns})
        for done, turn in enumerate(turns):
            configuration = turn.configuration
            self.begun, self.kind = done, turn.kind
            yield self._progress(left.seconds)
            began = time.monotonic()
            if configuration.name not in self.refused:
                yield from self._repeat_or_reason(configuration, turn.number)
                left.note(turn.kind, 1, time.monotonic() - began)
            if configuration.name in self.refused:
                for kind in {one.kind for one in turns if one.configuration == configuration}:
                    left.drop(kind)
        yield Progress(STAGE, len(turns), len(turns), "repeats", 0.0)

    def _progress(self, left_s: float | None) -> Progress:
        return Progress(STAGE, self.begun, len(self.configurations) * self.rounds, "repeats", left_s)

    def _repeat_or_reason(self, configuration: LoaderConfiguration, number: int) -> Iterator[Event]:
        who = {**configuration.told(), "round": number}
        try:
            repeat = {**(yield from self._repeat(configuration, number)), **who, "step_ms": self.experiment.step_ms}
        except FormatMattersError as error:
            yield from self.refuse(configuration, number, error)
            return
        yield self.keep(repeat, who)

    def _repeat(self, configuration: LoaderConfiguration, number: int) -> Generator[Event, None, dict[str, Any]]:
        """One load; its live figures are handed on with the configuration. The stage limits are measured once per round
        for the same work."""
        told: dict[str, Any] = {}
        began, pace = time.monotonic(), Pace(1.0)
        chosen = self.workers.get(configuration.name, {})
        stage_limits = self.experiment.stage_limits and (number, configuration.work) not in self.ceilings
        load = self.experiment.load(
            configuration, compare=number == 1, stage_limits=stage_limits, workers=chosen.get("workers_used")
        )
        for event in load.run():
            if isinstance(event, Sample):
                yield from self.live(event.series, event.values, {**configuration.told(), "round": number})
                if pace.due():
                    yield self._progress(self.rest.within(self.kind, time.monotonic() - began))
            elif isinstance(event, Result):
                told = dict(event.data)
            elif isinstance(event, Progress):  # of what comes before its first batch, kernels that are compiled say
                yield replace(event, left_s=(event.left_s or 0.0) + (self.rest.seconds or 0.0))
            else:
                yield event
        names = ("workers_used", "workers_reason")
        told |= self.workers.setdefault(configuration.name, {name: told[name] for name in names})
        ceilings = self.ceilings.setdefault((number, configuration.work), told["ceilings"])
        rate, split = told["samples_per_s"], self.splits[configuration.path]
        shares = {
            "copy_share": _copy_share(rate, ceilings),
            "of_ceiling": share_of_ceiling(rate, ceilings),
            **self.monitor.background(began),
        }
        stored = {"bytes_on_disk": split.get("used_bytes"), "prepare_s": split.get("seconds")}
        samples = self.samples(configuration)
        unique = min(told["samples"], samples)
        wall_s = time.monotonic() - began
        return {
            **told, "ceilings": ceilings, "split_samples": samples, "unique": unique, "wall_s": wall_s, **shares,
            **stored,
        }  # fmt: skip


def _copy_share(rate: float, ceilings: Mapping[str, float]) -> float | None:
    """The share of the time in which the bus to the device was busy; None for a device without one."""
    return rate / ceilings["copy"] if "copy" in ceilings else None
