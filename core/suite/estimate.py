"""How long a suite will take, before it begins and while it runs, and what is dropped where that is too long.

The paces are those of slow loaders on two processors, so that an estimate is rather too long. Each step that has ended
corrects those to come (`core.base.steps_left`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..base.units import seconds_text
from .workloads import SuiteWorkload

START_S = 2.5
"""Seconds until a process has imported its libraries and opened its container."""

STARTS = 3
"""Processes of a loader: one that writes its container, one whose workers are searched, and one that is measured."""

CEILING_S = 5.0
"""Seconds in each round in which the machine's own limits are measured."""

SEARCH_S = 1.7
"""Seconds that each number of workers takes that is tried, beside an epoch."""

VALIDATED = 2
"""Epochs that are checked untimed."""

REPEAT_S = 0.7
"""Seconds of a repeat beside its epochs."""

PACES = {
    ("small", "jpeg"): 25_000.0,
    ("small", "png"): 10_000.0,
    ("small", "raw"): 40_000.0,
    ("photos", "jpeg"): 700.0,
    ("photos", "raw"): 900.0,
}
"""Images per second that a slow loader reads."""

MAKE_PACES = {"small": 1_200.0, "photos": 60.0}
"""Images per second that are generated, imported, built and written into one container."""

CONTAINER_PACES = {"small": 15_000.0, "photos": 600.0}

FEWEST_ROUNDS, LEAST_SECONDS, LEAST_TENTHS = 5, 1.0, 4
"""What a plan is reduced to at most: below that many images, starting processes is nearly all that is left."""


@dataclass(frozen=True)
class SuitePlan:
    """What will be done: the workloads, cold ones with `cold_rounds`, the others with `rounds` of `seconds`."""

    workloads: Sequence[SuiteWorkload]
    rounds: int
    cold_rounds: int
    seconds: float
    dropped: tuple[str, ...] = ()

    def rounds_of(self, workload: SuiteWorkload) -> int:
        return self.cold_rounds if workload.cold else self.rounds

    def told(self) -> dict[str, Any]:
        """As plain JSON: what a suite that goes on keeps to."""
        counts = {one.name: one.count for one in self.workloads}
        told = {"rounds": self.rounds, "seconds": self.seconds, "dropped": list(self.dropped)}
        return {"counts": counts, **told}

    def again(self, told: Mapping[str, Any]) -> SuitePlan:
        """The plan that was told so."""
        counts = told["counts"]
        kept = [replace(one, count=int(counts.get(one.name, one.count))) for one in self.workloads]
        rounds, seconds, dropped = int(told["rounds"]), float(told["seconds"]), tuple(told["dropped"])
        return replace(self, workloads=kept, rounds=rounds, seconds=seconds, dropped=dropped)


@dataclass(frozen=True)
class SuiteEffort:
    """What a suite's time depends on beside its plan. loaders: by workload, how many take part; install_s: seconds
    for the environments that are not there yet; tried: numbers of workers that a search tries."""

    loaders: Mapping[str, int]
    install_s: float
    tried: int = 3

    def workload_s(self, workload: SuiteWorkload, rounds: int, seconds: float) -> float:
        """Seconds of a workload's experiment, whose repeats take `seconds` at least."""
        epoch = workload.count / PACES[workload.images, workload.encoding]
        search = 0.0 if workload.cold else self.tried * (SEARCH_S + epoch)  # cold ones have the warm ones' workers
        prepare = 0.0 if workload.cold else workload.count / CONTAINER_PACES[workload.images]
        start = START_S * (STARTS - 1 + rounds if workload.cold else STARTS)
        repeats = rounds * ((epoch if workload.cold else max(seconds, epoch)) + REPEAT_S)
        each = start + prepare + search + VALIDATED * epoch + repeats
        return self.loaders.get(workload.name, 0) * each + rounds * CEILING_S

    def images_s(self, workloads: Sequence[SuiteWorkload]) -> float:
        """Seconds for making the images and stores of these workloads."""
        warm = [one for one in workloads if not one.cold]
        return sum(one.count / MAKE_PACES[one.images] for one in warm) / 2

    def steps(self, plan: SuitePlan) -> dict[str, float]:
        """Each step of a suite with the seconds that it is expected to take."""
        return {
            "install": self.install_s,
            "images": self.images_s(plan.workloads),
            **{one.name: self.workload_s(one, plan.rounds_of(one), plan.seconds) for one in plan.workloads},
        }

    def whole_s(self, plan: SuitePlan) -> float:
        return sum(self.steps(plan).values())


def fitted(plan: SuitePlan, effort: SuiteEffort, minutes: float | None) -> SuitePlan:
    """The plan made to fit into so many minutes: rounds go down to five, seconds of a repeat to one, then images to
    four tenths. Cold workloads are not counted: they come last, and each is left out where no time is left."""
    if minutes is None:
        return plan
    warm = replace(plan, workloads=[one for one in plan.workloads if not one.cold] or plan.workloads)
    limit, rounds, seconds, tenths = minutes * 60, plan.rounds, plan.seconds, 10
    while rounds > FEWEST_ROUNDS and effort.whole_s(replace(warm, rounds=rounds)) > limit:
        rounds -= 1
    if effort.whole_s(replace(warm, rounds=rounds)) > limit:
        seconds = min(plan.seconds, LEAST_SECONDS)
    fewer = replace(warm, rounds=rounds, seconds=seconds)
    while tenths > LEAST_TENTHS and effort.whole_s(_shrunk(fewer, tenths)) > limit:
        tenths -= 1
    notes = [f"{rounds} of {plan.rounds} rounds"] if rounds < plan.rounds else []
    notes += [f"repeats of {seconds:g} s"] if seconds < plan.seconds else []
    notes += [f"{tenths / 10:.0%} of the images"] if tenths < 10 else []
    dropped = tuple(f"{note}, to keep to {minutes:g} minutes" for note in notes)
    return replace(_shrunk(plan, tenths), rounds=rounds, seconds=seconds, dropped=dropped)


def _shrunk(plan: SuitePlan, tenths: int) -> SuitePlan:
    """With so many tenths of the images."""
    fewer = [replace(one, count=max(one.count * tenths // 10, 1)) for one in plan.workloads]
    return replace(plan, workloads=fewer)


def told_estimate(effort: SuiteEffort, plan: SuitePlan) -> str:
    """The estimate in a sentence."""
    steps = effort.steps(plan)
    parts = [
        *([f"environments {seconds_text(steps['install'])}"] if effort.install_s else []),
        f"images and stores {seconds_text(steps['images'])}",
        *(f"{one.name} {seconds_text(steps[one.name])}" for one in plan.workloads),
    ]
    return f"about {seconds_text(sum(steps.values()))}: {', '.join(parts)}"
