"""Which way wins where: of each operation at each number of images the fastest, as far as the times can tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...formats import keeps_files
from ..controlled import ONCE, Group, groups, store_factors
from ..statistics import Summary, Verdict, ratio, summarise

Row = Mapping[str, Any]

Method = tuple[str, str]
"""A way of storing: (format, variant)."""


@dataclass(frozen=True)
class MethodTimes:
    """A way in one operation at one number of images; `seconds` are its raw times."""

    format: str
    variant: str
    seconds: Sequence[float]

    @property
    def name(self) -> str:
        return f"{self.format}/{self.variant}"

    @property
    def summary(self) -> Summary:
        return summarise(self.seconds)

    def slower_than(self, other: MethodTimes) -> bool:
        """Whether the times allow to say so."""
        compared = ratio(self.seconds, other.seconds)
        if compared.verdict is Verdict.UNKNOWN:
            return compared.value >= ONCE
        return compared.verdict is Verdict.DIFFERENT and compared.value > 1


@dataclass(frozen=True)
class OperationRanking:
    """Methods in one operation at one number of images, the smallest median first."""

    operation: str
    samples: int
    places: Sequence[MethodTimes]

    @property
    def best(self) -> MethodTimes:
        return self.places[0]

    @property
    def tied(self) -> list[MethodTimes]:
        """Those of which it cannot be said that they are slower than the best."""
        return [place for place in self.places[1:] if not place.slower_than(self.best)]

    @property
    def runner_up(self) -> MethodTimes | None:
        """The first that is slower than the best."""
        return next((place for place in self.places[1:] if place.slower_than(self.best)), None)

    @property
    def plain_files(self) -> MethodTimes | None:
        """Files, where they are neither ahead nor the runner-up."""
        known = (self.best, self.runner_up, *self.tied)
        return next((place for place in self.places if keeps_files(place.format) and place not in known), None)

    def factor(self, place: MethodTimes) -> float:
        """How many times the best's median a way took."""
        return place.summary.median / self.best.summary.median


def rank_methods(rows: Iterable[Row], operations: Sequence[str]) -> list[OperationRanking]:
    """A standing for each of these operations at each number of images at which anything was measured, in order."""
    found: dict[tuple[str, int], list[MethodTimes]] = {}
    for row in rows:
        if row["operation"] in operations and row["seconds"]:
            place = MethodTimes(row["format"], row["variant"], row["seconds"])
            found.setdefault((row["operation"], row["samples"]), []).append(place)
    keys = sorted(found, key=lambda key: (operations.index(key[0]), key[1]))
    return [OperationRanking(*key, sorted(found[key], key=lambda place: place.summary.median)) for key in keys]


def comparisons(rows: Iterable[Row]) -> list[Group[Method]]:
    """The controlled comparisons among the methods that were measured, see `core.measure.controlled`."""
    methods = list(dict.fromkeys((str(row["format"]), str(row["variant"])) for row in rows))
    return groups(methods, lambda method: store_factors(*method))
