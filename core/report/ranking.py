"""Which measurements are compared with each other, which stores are fastest, and which no other store beats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..formats import keeps_files
from ..loading.loaders import DEFAULT_LOADER
from ..measure.controlled import FACTORS, differing, store_factors
from .evidence import Access, Evidence, Loading, LoadingConfiguration, StoreFacts, Training
from .figures import Figure, differ

SHUFFLED = "shuffled"


def loading_configurations(evidence: Evidence) -> list[LoadingConfiguration]:
    """How stores were loaded, those first that compare the most stores, warm, without a training step, newest."""

    def worth(configuration: LoadingConfiguration) -> tuple[int, bool, bool, bool, str]:
        rows = loads(evidence, configuration)
        newest = max(row.speed.run.started for row in rows)
        return (
            len(rows),
            configuration.cache == "warm",
            not configuration.step_ms,
            configuration.loader == DEFAULT_LOADER,
            newest,
        )

    return sorted({row.configuration for row in evidence.loading}, key=worth, reverse=True)


def loads(evidence: Evidence, configuration: LoadingConfiguration) -> list[Loading]:
    """Every store in this configuration, the fastest first."""
    rows = [row for row in evidence.loading if row.configuration == configuration]
    return sorted(rows, key=lambda row: row.speed.median, reverse=True)


def runs_of(figures: Iterable[Figure]) -> list[str]:
    """The names of the records that these stand in."""
    return list(dict.fromkeys(figure.run.name for figure in figures))


def main_training(evidence: Evidence) -> Training | None:
    """The run that compares the most stores with a full shuffle, the newest of those."""
    return max(
        evidence.trainings,
        key=lambda training: (len(training.in_order(SHUFFLED)), training.run.started),
        default=None,
    )


class Ranked(NamedTuple):
    """A store and its rate in images per second."""

    store: StoreFacts
    rate: Figure


def best_of(ranked: Sequence[Ranked]) -> tuple[Ranked, list[Ranked]]:
    """The fastest, and those between which and the fastest there is no difference."""
    best = max(ranked, key=lambda one: one.rate.median)
    return best, [one for one in ranked if one is not best and not differ(one.rate, best.rate)]


def front(points: Mapping[str, tuple[float, float]]) -> list[str]:
    """The Pareto front of (bytes, rate) by name: those than which no other is both smaller and faster.

    In the order of their sizes. Of two with the same size and rate both are on it.
    """
    kept = [
        name
        for name, (size, rate) in points.items()
        if not any(
            other_size <= size and other_rate >= rate and (other_size, other_rate) != (size, rate)
            for other_size, other_rate in points.values()
        )
    ]
    return sorted(kept, key=lambda name: points[name])


def accesses(evidence: Evidence, operation: str) -> list[Access]:
    """An operation of the storage experiment at the largest number of images that it was measured for, per method."""
    rows: dict[str, Access] = {}
    for row in evidence.access:
        if row.operation == operation and (row.method not in rows or rows[row.method].samples < row.samples):
            rows[row.method] = row
    largest = max((row.samples for row in rows.values()), default=0)
    return sorted(
        (row for row in rows.values() if row.samples == largest), key=lambda row: row.rate.median, reverse=True
    )


def background_loads(
    evidence: Evidence, configuration: LoadingConfiguration | None, operation: str | None
) -> list[float | None]:
    """What other programs took while those figures were measured that an answer may rest on: of `operation` of the
    storage experiment, or where that is None of loading in this configuration, warm and cold, and of training."""
    if operation is not None:
        return [row.background_load for row in accesses(evidence, operation)]
    configurations_ = [configuration, configuration._replace(cache="cold")] if configuration else []
    training = main_training(evidence)
    return [row.background_load for one in configurations_ for row in loads(evidence, one)] + [
        result.background_load for result in (training.results if training else ())
    ]


class Neighbour(NamedTuple):
    """A store that differs from another one in one factor, and what people call that factor."""

    store: str
    factor: str


MOST_NEIGHBOURS = 3


def neighbours(store: str, others: Iterable[str]) -> list[Neighbour]:
    """What `store` may be held against: of each factor the first of `others` (in their order) that differs in it alone,
    and the plain files where they differ in the format alone."""
    mine = store_factors(*store.split("/", 1))
    alone: dict[str, list[str]] = {}
    for other in others:
        names = differing(mine, store_factors(*other.split("/", 1)))
        if len(names) == 1:
            alone.setdefault(names[0], []).append(other)
    found: list[Neighbour] = []
    for factor, title in FACTORS.items():
        names_of = alone.get(factor, [])
        files = [name for name in names_of[1:] if factor == "format" and keeps_files(name.partition("/")[0])]
        found += [Neighbour(name, title) for name in (*names_of[:1], *files)]
    return found[:MOST_NEIGHBOURS]
