"""Rows of label files joined with the image files they name, kept on disk until all tables are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from ...base.contracts import FieldValue, Skipped
from ...base.names import readable
from ..kept_fields import as_kept, from_kept
from .catalogue import ImageCatalogue, ImageOnDisk
from .columns import ColumnChoice
from .meaning import LabelMeaning
from .profile import ColumnProfile, TableProfile, written_array
from .resolver import ImageResolver, folder_split
from .table import LabelTable, TableRow, as_integer, as_number, as_text, is_missing

LISTED = 1_000
"""Rows and images that are listed one by one with what is wrong."""

MOST_FIELDS = 500
"""Further columns that are kept."""

BETWEEN = "\n"
"""Between the labels of an image, which have no line breaks."""

ROWS = "rows"
"""The field that has the further values of all rows of an image."""

_SCHEMA = """
DROP TABLE IF EXISTS joined;
DROP TABLE IF EXISTS gathered;
DROP TABLE IF EXISTS told;
CREATE TABLE joined(number INTEGER PRIMARY KEY, place TEXT, split TEXT, folder TEXT, labels TEXT,
                                  fields TEXT, clash TEXT, turn INTEGER, differs INTEGER);
CREATE TABLE gathered(number INTEGER, turn INTEGER, fields TEXT, PRIMARY KEY (number, turn)) WITHOUT ROWID;
CREATE TABLE told(number INTEGER, source INTEGER, split TEXT, fields TEXT, PRIMARY KEY (number, source)) WITHOUT ROWID;
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
        """The table's path below the root of the images, or its name."""
        path, root = self.table.path, self.resolver.root
        return readable(path.relative_to(root) if path.is_relative_to(root) else path.name)

    def split(self, row: TableRow) -> str:
        """The split of a row by its column or the table's name; "" where none is told."""
        if not self.choice.split:
            return self.table.split
        said = row.values.get(self.choice.split)
        return "" if is_missing(said) else self.choice.splits.get(as_text(said), "")

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
    """Reads tables and joins their rows with the images of `catalogue`.

    `gather`: an image may have several rows, one for each object in it. Their labels are united, and the further values
    of all are one field, `ROWS`.
    """

    def __init__(self, catalogue: ImageCatalogue, gather: bool = False) -> None:
        self._catalogue = catalogue
        self._index = catalogue.index
        for statement in _SCHEMA.split(";"):
            self._index.execute(statement)
        self._gather, self._further = gather, 0
        self.left_out: list[Skipped] = []
        self.counts: Counter[str] = Counter()
        """"rows", "joined" (images), "repeated" (rows that say once more what another said), "clashing" (images whose
        rows have other labels), "differing" (images whose rows have other values beside), "left out" (rows)."""

    def read(self, ready: ReadyTable, most_rows: int | None = None) -> None:
        """Join the rows of a table, all or the first ones."""
        fields, called = ready.fields[:MOST_FIELDS], f"{ready.name}, {ready.table.noun}"
        for row in islice(ready.table.rows(), most_rows):
            self.counts["rows"] += 1
            place = f"{called} {row.number:,}"
            reason = row.fault or self._join(ready, row, place, fields)
            if reason:
                self._leave(place, reason)

    def _join(self, ready: ReadyTable, row: TableRow, place: str, fields: list[ColumnProfile]) -> str:
        """Why the row could not be joined, or ""."""
        split = ready.split(row)
        if ready.choice.split and not split:
            return "it names no split"
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
        turn = self.counts["rows"]
        if self._gather and fields:
            self._index.execute("INSERT INTO gathered VALUES (?, ?, ?)", (image.number, turn, fields))
            fields = ""
        added = self._index.execute(
            "INSERT OR IGNORE INTO joined VALUES (?, ?, ?, ?, ?, ?, NULL, ?, 0)",
            (image.number, place, split, folder_split(image.inside), written, fields, turn),
        ).rowcount
        if added:
            self.counts["joined"] += 1
        else:
            self._meet(image.number, place, split, written, fields)

    def _meet(self, number: int, place: str, split: str, labels: str, fields: str) -> None:
        """Another row of an image that has one."""
        question = "SELECT place, split, labels, clash, fields, differs FROM joined WHERE number = ?"
        first, its_split, its_labels, clash, its_fields, differs = self._index.execute(question, (number,)).fetchone()
        if self._gather and its_split == split:
            united = BETWEEN.join(dict.fromkeys([*_listed(its_labels), *_listed(labels)]))
            self._index.execute("UPDATE joined SET labels = ? WHERE number = ?", (united, number))
        elif (its_split, its_labels) == (split, labels):
            self.counts["repeated"] += 1
            if fields != its_fields and not differs:
                self.counts["differing"] += 1
                self._index.execute("UPDATE joined SET differs = 1 WHERE number = ?", (number,))
        elif clash is None:
            self.counts["clashing"] += 1
            clash = f"{first} says {_said(its_split, its_labels)}, and {place} {_said(split, labels)}"
            self._index.execute("UPDATE joined SET clash = ? WHERE number = ?", (clash, number))

    def read_further(self, ready: ReadyTable, splits: bool, most_rows: int | None = None) -> bool:
        """Note what a table without labels tells of joined images: its columns and, if `splits`, their splits.

        Whether it tells anything; a table with several rows for an image does not.
        """
        self._further += 1
        fields = ready.fields[:MOST_FIELDS]
        for row in islice(ready.table.rows(), most_rows):
            split = "" if row.fault or not splits else ready.split(row)
            kept = "" if row.fault else as_kept(_fields(row.values, fields))
            image = ready.resolver.find(row.values.get(ready.choice.image), split) if split or kept else ""
            if isinstance(image, str):
                continue
            said = (image.number, self._further, split, kept)
            if not self._index.execute("INSERT OR IGNORE INTO told VALUES (?, ?, ?, ?)", said).rowcount:
                self._index.execute("DELETE FROM told WHERE source = ?", (self._further,))
                return False
        of_joined = "SELECT COUNT(*) FROM told JOIN joined USING (number) WHERE source = ?"
        return bool(self._index.execute(of_joined, (self._further,)).fetchone()[0])

    @property
    def has_objects(self) -> bool:
        """Whether most images have several rows that say different things: one for each object."""
        return 2 * (self.counts["clashing"] + self.counts["differing"]) > self.counts["joined"]

    def _leave(self, place: str, reason: str) -> None:
        self.counts["left out"] += 1
        if len(self.left_out) < LISTED:
            self.left_out.append(Skipped(place, reason))

    # ------------------------------------------------------------ what came of it

    def images(self, first: int | None = None) -> Iterator[JoinedImage]:
        """All joined images whose rows agree; or only the `first` of them in the order of the rows."""
        question = """SELECT number, place, inside, raw, split, folder, labels, fields
                      FROM joined JOIN disk USING (number) WHERE clash IS NULL ORDER BY """
        order, values = ("number", []) if first is None else ("turn LIMIT ?", [first])
        found = self._index.execute(question + order, values)
        for number, place, inside, raw, split, folder, labels, fields in found:
            path, kept = self._catalogue.path(inside, raw), self._gathered(number) if self._gather else fields
            told, more = self._told(number) if self._further else ("", {})
            if more:
                kept = as_kept({**more, **from_kept(kept)})
            yield JoinedImage(place, path, inside, split or told, folder, _listed(labels), kept)

    def _told(self, number: int) -> tuple[str, dict[str, FieldValue]]:
        """What further tables say of an image: split and fields; of two that say the same thing the first."""
        split, fields = "", dict[str, FieldValue]()
        rows = self._index.execute("SELECT split, fields FROM told WHERE number = ? ORDER BY source DESC", (number,))
        for its_split, its_fields in rows:
            split = its_split or split
            fields |= from_kept(its_fields)
        return split, fields

    def _gathered(self, number: int) -> str:
        """The further values of all rows of an image."""
        rows = self._index.execute("SELECT fields FROM gathered WHERE number = ? ORDER BY turn", (number,))
        found = [from_kept(fields) for (fields,) in rows]
        return as_kept({ROWS: found}) if found else ""

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
        found = self._index.execute(
            "SELECT DISTINCT folder FROM joined WHERE split = '' AND clash IS NULL AND number NOT IN "
            "(SELECT number FROM told WHERE split != '')"
        )
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
    number: FieldValue = as_integer(value) if column.integers else as_number(value) if column.numbers else None
    if number is not None:
        return number
    listed = written_array(value) if column.array and column.written else value
    if column.array and isinstance(listed, list):
        array = np.array(listed)
        return array if array.size else np.zeros((0,) * column.array)
    return value.strip() if isinstance(value, str) else value
