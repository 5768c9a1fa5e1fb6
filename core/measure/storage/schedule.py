"""How often each thing is measured, so that all of it fits the time that there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from .methods import StorageMethod, name_of

K = TypeVar("K")

LEAST, MOST = 3, 25
"""Repeats: so many at least, where the time allows it; so many at most, where they cost little."""

CHEAP_SECONDS = 2.0
"""What the repeats beyond the least may cost one workload in all."""

LARGEST_PART = 0.2
"""What one workload may have, with its repeats, of the time for all."""

LARGER = 0.6
"""Power of the number of images by which a cut-off's share of the time grows."""

LEAST_SHARE = 0.04
"""The part of the remaining time that any cut-off may use."""


class Workload(NamedTuple):
    """What is done in one go: a method writes in one of its layouts, then reads what it wrote."""

    method: StorageMethod
    layout: str

    @property
    def name(self) -> str:
        return f"{name_of(self.method)} {self.layout}"


class Cost(NamedTuple):
    """Seconds that the clock on the wall shows: for writing (with the sync and the removal), and for all reads once."""

    write_s: float
    read_s: float

    def times(self, factor: float) -> Cost:
        return Cost(self.write_s * factor, self.read_s * factor)


@dataclass
class Repeats:
    """How often a workload writes, and how often it reads: at least as often, more from what is there already."""

    writes: int = 0
    reads: int = 0

    def reads_of(self, number: int) -> int:
        """How often write number `number` (from 0) is read."""
        return self.reads // self.writes + (number < self.reads % self.writes)


@dataclass
class Costs:
    """What workloads, by name, were seen to cost and to occupy, and what they will with other numbers of images."""

    seen: dict[str, list[tuple[int, Cost, int]]] = field(default_factory=dict)

    def add(self, workload: str, count: int, cost: Cost, allocated_bytes: int) -> None:
        self.seen.setdefault(workload, []).append((count, cost, allocated_bytes))

    def cost(self, workload: str, count: int) -> Cost:
        """An upper estimate: cost grows with the number at most in proportion, as part of it is the same for any."""
        return min((cost.times(max(1.0, count / seen)) for seen, cost, _ in self.seen[workload]), key=sum)

    def bytes(self, workload: str, count: int) -> int:
        """Likewise, on the disk."""
        return round(min(size * max(1.0, count / seen) for seen, _, size in self.seen[workload]))


def share_of(cutoffs: Sequence[int], number: int) -> float:
    """The part of the remaining time that cut-off `number` may use: the large ones need it, the small ones little."""
    weights = [float(cutoff**LARGER) for cutoff in cutoffs[number:]]
    return max(weights[0] / sum(weights), LEAST_SHARE)


def allot(costs: Mapping[str, Cost], seconds: float, repeats: int | None) -> dict[str, Repeats]:
    """Repeats for each workload, of `seconds` in all: first every workload once, the cheapest first; then again, up to
    three times; then the cheap ones more often, for a better estimate of their spread. A workload that cannot have
    another write may still have another read; none has more than its part. `repeats` asks for exactly so many of each.
    """
    least, most = (LEAST, MOST) if repeats is None else (repeats, repeats)
    part = seconds * LARGEST_PART if repeats is None else seconds
    allotted = {workload: Repeats() for workload in costs}
    cheapest_first = sorted(costs, key=lambda workload: sum(costs[workload]))
    for level in range(most):
        bound = float("inf") if level == 0 else part if level < least else CHEAP_SECONDS
        for workload in cheapest_first:
            cost, given = costs[workload], allotted[workload]
            if given.writes == level and sum(cost) <= seconds and (level + 1) * sum(cost) <= bound:
                given.writes, given.reads, seconds = given.writes + 1, given.reads + 1, seconds - sum(cost)
            elif (
                given.writes and given.reads == level and cost.read_s <= seconds and (level + 1) * cost.read_s <= bound
            ):
                given.reads, seconds = given.reads + 1, seconds - cost.read_s
    return allotted


def seconds_of(allotted: Mapping[K, Repeats], costs: Mapping[K, Cost]) -> float:
    """What repeats cost."""
    return sum(
        given.writes * costs[workload].write_s + given.reads * costs[workload].read_s
        for workload, given in allotted.items()
    )


class Forecast(NamedTuple):
    """What an experiment will take: seconds, bytes on the disk at the most, and the workloads that will be left out."""

    seconds: float
    bytes: int
    left_out: list[tuple[str, int]]


def forecast(costs: Costs, cutoffs: Sequence[int], seconds: float, repeats: int | None) -> Forecast:
    """The experiment as it will go in so much time if everything costs what was seen."""
    total, most, left_out = 0.0, 0, []
    for number, count in enumerate(cutoffs):
        expected = {workload: costs.cost(workload, count) for workload in costs.seen}
        allotted = allot(expected, (seconds - total) * share_of(cutoffs, number), repeats)
        total += seconds_of(allotted, expected)
        most = max([most, *(costs.bytes(workload, count) for workload, given in allotted.items() if given.writes)])
        left_out += [(workload, count) for workload, given in allotted.items() if not given.writes]
    return Forecast(total, most, left_out)
