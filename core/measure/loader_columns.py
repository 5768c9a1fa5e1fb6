"""What a loader experiment prints beside its speeds: each configuration's other figures, and who is best in each."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .loader_lines import COLUMNS, WORK, LoaderColumn, LoaderLine, loader_lines, winners

FIGURES = (*(column.field for column in COLUMNS), "unique")
"""What every row of a configuration has a median of, None where it was not measured."""

WHOLE = ("peak_memory_bytes", "bytes_on_disk", "unique")
"""Whole numbers among them."""


def configuration_figures(repeats: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """The median of each of `FIGURES` but the speed over a configuration's repeats."""
    found = {name: _values(repeats, name) for name in FIGURES if name != "samples_per_s"}
    medians = {name: statistics.median(values) if values else None for name, values in found.items()}
    return {name: round(value) if value and name in WHOLE else value for name, value in medians.items()}


def column_winners(repeats: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each comparison, and each column that somebody is best in, a row: what is the same (`loader_lines.WORK`),
    `column`, `title`, `more` (whether more is better), the `winner`'s configuration with its median `value` of so many
    `repeats`, and those `tied` with it (`loader_lines.winners`)."""
    groups: dict[tuple[str, ...], list[LoaderLine]] = {}
    for line in loader_lines(repeats):
        groups.setdefault(line.work, []).append(line)
    return [
        told
        for work, lines in groups.items()
        for column in COLUMNS
        for told in _best(dict(zip(WORK, work, strict=True)), lines, column)
    ]


def _best(same: Mapping[str, str], lines: Sequence[LoaderLine], column: LoaderColumn) -> Iterator[dict[str, Any]]:
    """One row, or none."""
    names = winners(lines, column)
    found = sorted(
        (line for line in lines if line.configuration in names),
        key=lambda line: line.median(column.field) or 0.0,
        reverse=column.more,
    )
    if not found:
        return
    yield {
        **same,
        "column": column.field,
        "title": column.title,
        "more": column.more,
        "winner": found[0].configuration,
        "value": found[0].median(column.field),
        "repeats": len(found[0].values[column.field]),
        "tied": [line.configuration for line in found[1:]],
    }


def _values(rows: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    told = [row.get(name) for row in rows]
    return [float(value) for value in told if isinstance(value, int | float) and not isinstance(value, bool)]
