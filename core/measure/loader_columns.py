"""What a loader is judged by beside its speed, and which one is the best in each column of a table.

Only what does the same is compared: images of one dataset in one encoding, made into the same batches.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .controlled import row_factors
from .ranking import Ranking

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A figure of a loader. `unit`: "images/s", "s" or "bytes"; `more`: whether more is better; `each`: whether every
    repeat measures it anew (else it is known once, and of equal values all are the best)."""

    name: str
    title: str
    unit: str
    more: bool = False
    each: bool = False


COLUMNS = (
    Column("samples_per_s", "Images per second", "images/s", more=True, each=True),
    Column("cpu_s_per_sample", "Processor time per image", "s", each=True),
    Column("peak_memory_bytes", "Peak memory", "bytes", each=True),
    Column("bytes_on_disk", "Bytes on disk", "bytes"),
    Column("first_batch_s", "First batch", "s", each=True),
    Column("prepare_s", "Preparation", "s"),
)

FIGURES = (*(column.name for column in COLUMNS), "unique", "shuffle_quality", "of_ceiling")
"""What every row of a configuration has a median of, None where it was not measured."""

WHOLE = ("peak_memory_bytes", "bytes_on_disk", "unique")
"""Whole numbers among them."""

SAME = ("dataset", "encoding", "batch_size", "transform", "device", "output")
"""What has to be the same for loaders to be compared."""


@dataclass(frozen=True)
class ColumnPlace:
    """A configuration in one column."""

    configuration: str
    values: Sequence[float]


@dataclass(frozen=True)
class ColumnRanking(Ranking[ColumnPlace]):
    """The configurations in one column, the best first."""

    places: Sequence[ColumnPlace]
    more: bool


def configuration_figures(repeats: Sequence[Row]) -> dict[str, float | None]:
    """The median of each of `FIGURES` over a configuration's repeats."""
    found = {name: _values(repeats, name) for name in FIGURES if name != "samples_per_s"}
    medians = {name: statistics.median(values) if values else None for name, values in found.items()}
    return {name: round(value) if value and name in WHOLE else value for name, value in medians.items()}


def column_winners(repeats: Sequence[Row]) -> list[dict[str, Any]]:
    """For each comparison and column a row: what is the same (`SAME`, as far as it is known), `column`, `title`,
    `unit`, `more`, the `winner`'s configuration with its median `value` of so many `repeats`, and those `tied` with it.
    """
    groups: dict[tuple[tuple[str, str], ...], list[Row]] = {}
    for row in repeats:
        groups.setdefault(tuple(_same(row)), []).append(row)
    return [told for same, rows in groups.items() for told in _winners(dict(same), rows)]


def _same(row: Row) -> Iterator[tuple[str, str]]:
    told = {**row, **row_factors(row)}
    return ((name, str(told[name])) for name in SAME if told.get(name) is not None)


def _winners(same: Mapping[str, str], rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    names = list(dict.fromkeys(str(row["configuration"]) for row in rows))
    for column in COLUMNS:
        places = [ColumnPlace(name, _of(rows, name, column)) for name in names]
        places = [place for place in places if place.values]
        if not places:
            continue
        places.sort(key=lambda place: statistics.median(place.values), reverse=column.more)
        best = places[0]
        yield {
            **same,
            "column": column.name,
            "title": column.title,
            "unit": column.unit,
            "more": column.more,
            "winner": best.configuration,
            "value": statistics.median(best.values),
            "repeats": len(best.values),
            "tied": [place.configuration for place in _tied(column, places)],
        }


def _of(rows: Sequence[Row], configuration: str, column: Column) -> list[float]:
    values = _values([row for row in rows if row["configuration"] == configuration], column.name)
    return values if column.each and len(set(values)) > 1 and min(values) > 0 else values[:1]


def _tied(column: Column, places: Sequence[ColumnPlace]) -> list[ColumnPlace]:
    """Those that are no worse than the best: by repeats where there are, else by the value itself."""
    if column.each and len(places[0].values) > 1:
        return ColumnRanking(places, column.more).tied
    return [place for place in places[1:] if place.values[0] == places[0].values[0]]


def _values(rows: Sequence[Row], name: str) -> list[float]:
    told = [row.get(name) for row in rows]
    return [float(value) for value in told if isinstance(value, int | float) and not isinstance(value, bool)]
