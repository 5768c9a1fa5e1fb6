"""What the repeats of an experiment of our loaders will take, before one was seen."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import NamedTuple

from .configurations import LoaderConfiguration

START_S = 1.5
"""Libraries and kernels, once."""

CHOICE_S = 1.2
"""Trying workers and comparing the first batches, once for a configuration."""

LIMITS_S = 1.4
"""What limits a load, once a round for the same work."""

BESIDE_S = 0.3
"""All else of a repeat: opening, the page cache, comparing what was handed out."""

OVERHEAD_S = LIMITS_S + BESIDE_S
"""Of a repeat like most, beside its measuring."""


class PlannedTurn(NamedTuple):
    """`kind`: repeats of a configuration in which the same is done; `seconds`, with the measuring."""

    number: int
    configuration: LoaderConfiguration
    kind: str
    seconds: float


def planned_turns(
    turns: Iterable[tuple[int, LoaderConfiguration]], seconds: float, *, stage_limits: bool
) -> list[PlannedTurn]:
    """The repeats in their order, each (round, configuration), measured for so many `seconds`."""
    planned: list[PlannedTurn] = []
    limited: set[tuple[int, Hashable]] = set()
    for number, configuration in turns:
        extra: dict[str, float] = {}
        if number == 1:
            extra["first"] = CHOICE_S + (0.0 if planned else START_S)
        if stage_limits and (number, configuration.work) not in limited:
            limited.add((number, configuration.work))
            extra["limits"] = LIMITS_S
        kind = " ".join([configuration.name, *extra])
        planned.append(PlannedTurn(number, configuration, kind, seconds + BESIDE_S + sum(extra.values())))
    return planned
