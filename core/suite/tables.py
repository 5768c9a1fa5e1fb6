"""A workload of a suite as a table: its loaders, who is best in each column or ties, and who has no figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..measure.disturbed import standing
from ..measure.loader_lines import COLUMNS, SPEED, LoaderColumn, LoaderLine, loader_lines, winners
from ..measure.statistics import Summary, summarise

Row = Mapping[str, Any]

BEST, TIE = "best", "tie"


@dataclass(frozen=True)
class LoaderFigures:
    """What was measured of one loader in one workload, and what people call it."""

    line: LoaderLine
    title: str

    @property
    def loader(self) -> str:
        return self.line.configuration

    @property
    def store(self) -> str:
        return str(self.line.about["store"])

    @property
    def workers(self) -> str:
        return str(self.line.about.get("workers", ""))

    @property
    def speed(self) -> float:
        """The median, in images per second."""
        return self.line.median(SPEED) or 0.0

    def summary(self, field: str) -> Summary | None:
        values = self.line.values.get(field)
        return summarise(values) if values else None

    def median(self, field: str) -> float | None:
        return self.line.median(field)


@dataclass(frozen=True)
class RefusedLoader:
    """A loader without figures, and why."""

    loader: str
    title: str
    reason: str


@dataclass(frozen=True)
class SuiteTable:
    """A workload's loaders, the fastest first, and by column's field the mark of who is best of it."""

    figures: Sequence[LoaderFigures]
    refused: Sequence[RefusedLoader]
    marks: Mapping[str, Mapping[str, str]]

    @property
    def fastest(self) -> list[LoaderFigures]:
        """The fastest, and those from which it shows no significant difference; none where that holds for all."""
        return [one for one in self.figures if one.loader in self.marks[SPEED]]


def table_of(workload: Row, titles: Mapping[str, str]) -> SuiteTable:
    """A workload of a suite's file as a table; `titles`: what people call the loaders."""
    refused = {str(row["loader"]): row for row in workload["refused"]}
    lines = loader_lines(row for row in standing_rows(workload) if row["loader"] not in refused)
    figures = [LoaderFigures(line, titles.get(line.configuration, line.configuration)) for line in lines]
    left = [RefusedLoader(name, titles.get(name, name), str(row["reason"])) for name, row in refused.items()]
    return SuiteTable(figures, left, {column.field: _marks(lines, column) for column in COLUMNS})


def standing_rows(workload: Row) -> list[Row]:
    """The repeats that count, one of each round of a loader, with what their workload says of them."""
    return standing([{**workload, **row, "configuration": row["loader"]} for row in workload["repeats"]])


def _marks(lines: Sequence[LoaderLine], column: LoaderColumn) -> dict[str, str]:
    """Loader -> `BEST`, or `TIE` for the best and all from which it shows no significant difference. A column in which
    everybody ties has none."""
    best = winners(lines, column) if len(lines) > 1 else set()
    return dict.fromkeys(best, BEST if len(best) == 1 else TIE)


def titles_of(suite: Row) -> dict[str, str]:
    """What people call the loaders of a suite; never two the same."""
    titles = {str(one["name"]): str(one["title"]) for one in suite["rivals"]}
    shared = [title for title in titles.values() if list(titles.values()).count(title) > 1]
    return {name: f"{title} ({name})" if title in shared else title for name, title in titles.items()}
