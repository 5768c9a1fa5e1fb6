"""The storage methods ranked: by operation and number of images, with the leads that are significant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...formats import keeps_files
from ..controlled import Group, groups, store_factors
from ..ranking import Ranking
from ..statistics import Summary, summarise

Row = Mapping[str, Any]

Method = tuple[str, str]
"""A storage method: (format, variant)."""


@dataclass(frozen=True)
class MethodTimes:
    """A method in one operation at one number of images; `values` are its raw times in seconds."""

    format: str
    variant: str
    values: Sequence[float]

    @property
    def name(self) -> str:
        return f"{self.format}/{self.variant}"

    @property
    def summary(self) -> Summary:
        return summarise(self.values)


@dataclass(frozen=True)
class OperationRanking(Ranking[MethodTimes]):
    """Methods in one operation at one number of images, the smallest median first."""

    operation: str
    samples: int
    places: Sequence[MethodTimes]
    more: bool = False

    @property
    def plain_files(self) -> MethodTimes | None:
        """Files, where they are significantly behind the best and not the runner-up."""
        files = (place for place in self.places if keeps_files(place.format) and place != self.runner_up)
        return next((place for place in files if self.is_behind(place)), None)

    def factor(self, place: MethodTimes) -> float:
        """How many times the best's median a method took."""
        return place.summary.median / self.best.summary.median


def rank_methods(rows: Iterable[Row], operations: Sequence[str]) -> list[OperationRanking]:
    """A ranking for each of these operations at each number of images at which anything was measured, in order."""
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
