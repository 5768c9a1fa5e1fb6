"""A number that was measured: its values, their median and spread, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..measure.statistics import Ratio, Summary, ratio, summarise


@dataclass(frozen=True)
class RunSource:
    """The record that a number stands in: its file's name, what was run, when (ISO 8601) and where it lies."""

    name: str
    experiment: str
    started: str
    path: str = ""


@dataclass(frozen=True)
class Figure:
    """One value or more, as they were measured."""

    values: tuple[float, ...]
    run: RunSource

    @cached_property
    def summary(self) -> Summary:
        return summarise(self.values)

    @property
    def median(self) -> float:
        return self.summary.median

    @property
    def low(self) -> float:
        return self.summary.low

    @property
    def high(self) -> float:
        return self.summary.high

    @property
    def times(self) -> int:
        return len(self.values)

    def over(self, other: Figure) -> Ratio:
        """How many times the other one it is, with the interval that decides whether that is a difference."""
        return ratio(self.values, other.values)

    def turned(self, change: Callable[[float], float]) -> Figure:
        """The same figure in other terms, such as images per second instead of seconds."""
        return Figure(tuple(map(change, self.values)), self.run)


def figure(values: Sequence[float], run: RunSource) -> Figure:
    """Of one value or more."""
    return Figure(tuple(float(value) for value in values), run)


def differ(one: Figure, other: Figure) -> bool:
    """Whether there is a significant difference by the rule of `measure.statistics`. Of positive values."""
    return one.over(other).significant
