"""Rows of label files joined with the image files they name, kept on disk until all tables are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...base.contracts import FieldValue, Skipped
from ...base.names import readable
from ..kept_fields import as_kept
from .catalogue import ImageCatalogue, ImageOnDisk
from .columns import ColumnChoice
from .meaning import LabelMeaning
from .profile import ColumnProfile, TableProfile
from .resolver import ImageResolver, folder_split
from .table import LabelTable, TableRow, as_integer, as_number, is_missing

LISTED = 1_000
"""Rows and images that are listed one by one with what is wrong."""

MOST_FIELDS = 500
"""Further columns that are kept."""

BETWEEN = "\n"
"""Between the labels of an image, which have no line breaks."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS joined(number INTEGER PRIMARY KEY, place TEXT, split TEXT, folder TEXT, labels TEXT,
                                  fields TEXT, clash TEXT, turn INTEGER)
"""


class ReadyTable(NamedTuple):
    """A table that is understood: what its columns are, what its labels mean, how it writes the images' names."""

    table: LabelTable
    profile: TableProfile
    choice: ColumnChoice
    meaning: LabelMeaning
    resolver: ImageResolver

    @property
    def name(self) -> str:
        return readable(self.table.path.name)

    @property
    def fields(self) -> list[ColumnProfile]:
        """The further columns, which become fields of the samples."""
        used = {self.choice.image, self.choice.split}
        if self.meaning.kind != "number":
            used.update(self.choice.labels)
        found = [one for name, one in self.profile.columns.items() if name not in used and not _counts_rows(one)]
        return [one for one in found if one.filled]


class JoinedImage(NamedTuple):
    """An image with what its row says, `path` as the file system spells it.

    `split` is "" where neither the row nor the table's name says one.
    """

    place: str
    path: str
    inside: str
    split: str
    folder: str
    labels: list[str]
    fields: str


class RowJoin:
    """Reads tables and joins their rows with the images of `catalogue`."""

    def __init__(self, catalogue: ImageCatalogue) -> None:
        self._catalogue = catalogue
        self._index = catalogue.index
        self._index.execute(_SCHEMA)
        self.left_out: list[Skipped] = []
        self.counts: Counter[str] = Counter()
        """"rows", "joined", "repeated" (rows that say once more what another said), "clashing" (images), "left out"."""

    def read(self, ready: ReadyTable) -> None:
        """Join all rows of a table."""
        fields = ready.fields[:MOST_FIELDS]
        for row in ready.table.rows():
            self.counts["rows"] += 1
            place = f"{ready.name}, {ready.table.noun} {row.number:,}"
            reason = row.fault or self._join(ready, row, place, fields)
            if reason:
                self._leave(place, reason)

    def _join(self, ready: ReadyTable, row: TableRow, place: str, fields: list[ColumnProfile]) -> str:
        """Why the row could not be joined, or ""."""
        said = row.values.get(ready.choice.split) if ready.choice.split else None
        split = ready.choice.splits.get(str(said).strip(), "") if not is_missing(said) else ""
        if ready.choice.split and not split:
            return "it names no split"
        split = split or ready.table.split
        image = ready.resolver.find(row.values.get(ready.choice.image), split)
        if isinstance(image, str):
            return image
        labels = ready.meaning.labels(row.values)
        if isinstance(labels, str):
            return labels
        self._keep(image, place, split, labels, as_kept(_fields(row.values, fields)))
        return ""

    def _keep(self, image: ImageOnDisk, place: str, split: str, labels: list[str], fields: str) -> None:
        written = BETWEEN.join(labels)
        added = self._index.execute(
            "INSERT OR IGNORE INTO joined VALUES (?, ?, ?, ?, ?, ?, NULL, ?)",
            (image.number, place, split, folder_split(image.inside), written, fields, self.counts["rows"]),
        ).rowcount
        if added:
            self.counts["joined"] += 1
            return
        before = self._index.execute(
            "SELECT place, split, labels, clash FROM joined WHERE number = ?", (image.number,)
        ).fetchone()
        if before[1:3] == (split, written):
            self.counts["repeated"] += 1
        elif before[3] is None:
            self.counts["clashing"] += 1
            clash = f"{before[0]} says {_said(before[1], before[2])}, and {place} {_said(split, written)}"
            self._index.execute("UPDATE joined SET clash = ? WHERE number = ?", (clash, image.number))

    def _leave(self, place: str, reason: str) -> None:
        self.counts["left out"] += 1
        if len(self.left_out) < LISTED:
            self.left_out.append(Skipped(place, reason))

    # ------------------------------------------------------------ what came of it

    def images(self, first: int | None = None) -> Iterator[JoinedImage]:
        """All joined images whose rows agree; or only the `first` of them in the order of the rows."""
        question = """SELECT place, inside, raw, split, folder, labels, fields FROM joined JOIN disk USING (number)
                      WHERE clash IS NULL ORDER BY """
        order, values = ("number", []) if first is None else ("turn LIMIT ?", [first])
        for place, inside, raw, split, folder, labels, fields in self._index.execute(question + order, values):
            path = self._catalogue.path(inside, raw)
            yield JoinedImage(place, path, inside, split, folder, _listed(labels), fields)

    def clashes(self) -> Iterator[Skipped]:
        """The images whose rows contradict each other, up to `LISTED`."""
        question = """SELECT inside, raw, clash FROM joined JOIN disk USING (number)
                      WHERE clash NOT NULL ORDER BY number LIMIT ?"""
        for inside, raw, clash in self._index.execute(question, (LISTED,)):
            yield Skipped(readable(self._catalogue.path(inside, raw)), f"its rows contradict each other: {clash}")

    def without_row(self) -> Iterator[str]:
        """The images that no row names, by their paths below the root."""
        question = "SELECT inside FROM disk WHERE number NOT IN (SELECT number FROM joined) ORDER BY number"
        for (inside,) in self._index.execute(question):
            yield inside

    def folder_splits(self) -> set[str]:
        """The splits that the folders of joined images speak of, where rows and tables' names say none."""
        found = self._index.execute("SELECT DISTINCT folder FROM joined WHERE split = '' AND clash IS NULL")
        return {folder for (folder,) in found}

    def one_label_each(self) -> bool:
        """Whether every joined image has exactly one label."""
        several = "clash IS NULL AND (labels = '' OR INSTR(labels, ?))"
        question = f"SELECT COUNT(*) FROM joined WHERE {several}"  # noqa: S608 - no value in it
        return not self._index.execute(question, (BETWEEN,)).fetchone()[0]


def _listed(labels: str) -> list[str]:
    return labels.split(BETWEEN) if labels else []


def _said(split: str, labels: str) -> str:
    named = ", ".join(_listed(labels)) or "no label"
    return f"{named} in {split}" if split else named


def _counts_rows(column: ColumnProfile) -> bool:
    """Whether a column is the number of the row that a program wrote in front, without a name."""
    return column.name in ("column 1", "Unnamed: 0") and column.integers and len(column.distinct or ()) > 1


def _fields(values: Mapping[str, Any], fields: list[ColumnProfile]) -> dict[str, FieldValue]:
    found = {one.name: _field(values.get(one.name), one) for one in fields}
    return {name: value for name, value in found.items() if value is not None}


def _field(value: Any, column: ColumnProfile) -> FieldValue:
    """A cell as all values of its column are: whole numbers, numbers, arrays, text; plain JSON as it is."""
    if is_missing(value):
        return None
    if column.integers:
        return as_integer(value)
    if column.numbers:
        return as_number(value)
    if column.array and isinstance(value, list):
        array = np.array(value)
        return array if array.size else np.zeros((0,) * column.array)
    return value.strip() if isinstance(value, str) else value
