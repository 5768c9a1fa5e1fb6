"""Loaders in columns: a table in which the best of each column is marked, and those that were refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..measure.loader_lines import LoaderColumn, LoaderLine, shown_columns, winners
from ..measure.rival_rows import subject_title
from ..rivals import RIVALS
from .document import Table

BEST = "★"
LEGEND = (
    f"{BEST} is the best of its column among loaders that did the same work, and whatever is not significantly behind "
    "it. CPU per image: processor time of all its processes. Peak memory: of all its processes, shared pages once, "
    "mapped files left out. Preparation: writing its container. Shuffle quality: 1 is a full shuffle. "
    "Re-encoded: it stores the images in a lossy encoding of its own, so its pixels are not the dataset's. Disturbed: "
    "repeats beside other programs' work, whose figures are too low."
)
SMALL_MARK = f" {BEST}"


def loader_table(lines: Sequence[LoaderLine], labels: Mapping[str, str], title: str, *, folded: bool = False) -> Table:
    """A row a configuration, by its label; columns that are empty in all of them are left out."""
    columns = shown_columns(lines)
    best = {column.field: winners(lines, column) for column in columns}
    names = ["Loader", *(column.title for column in columns), "Workers", "Notes"]
    rows = [
        [
            labels[line.configuration],
            *(_cell(line, column, line.configuration in best[column.field]) for column in columns),
            str(line.about.get("workers") or "-").replace("inline", "main thread"),
            "; ".join(_notes(line)) or "-",
        ]
        for line in lines
    ]
    if all(row[-1] == "-" for row in rows):
        names, rows = names[:-1], [row[:-1] for row in rows]
    return Table(title, names, rows, folded)


def _cell(line: LoaderLine, column: LoaderColumn, best: bool) -> str:
    value = line.median(column.field)
    return "-" if value is None else column.text(value) + (SMALL_MARK if best else "")


def _notes(line: LoaderLine) -> Iterator[str]:
    """What has to be known beside the figures."""
    if is_reencoded(line.about):
        yield "re-encoded"
    if line.disturbed:
        yield f"{line.disturbed} of {line.repeats} disturbed"


def is_reencoded(row: Mapping[str, Any]) -> bool:
    """Whether a row is of a rival that stores images in a lossy encoding of its own."""
    name = str(row.get("loader", ""))
    return row.get("reencodes") is True or (name in RIVALS and RIVALS[name].reencodes)


def refused_table(refused: Sequence[Mapping[str, Any]]) -> Table:
    """Those that take no part in any figure, with the reason."""
    rows = [(subject_title(row), str(row.get("reason", ""))) for row in refused]
    return Table("Refused, so they have no figures", ("Loader", "Why"), rows)
