"""The records that are imported from files, kept on disk while the import works: a million of them need no memory.

A SQLite file in the import's scratch folder has a line a record: the part (file or database) and number that it is read
by, what the file calls it, and its split and label as far as the file says any. When all are listed, splits and classes
are decided (`decide`), and the records lie split by split and class by class.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import xxhash

from ..base.names import digest
from ..sources.folder_names import SPLIT_ORDER
from ..sources.limits import Cell, share

LabelKey = int | str | None

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE listed(part INTEGER, number INTEGER, name TEXT, split TEXT, folder TEXT, label,
                    PRIMARY KEY (part, number)) WITHOUT ROWID;
CREATE TABLE records(cell INTEGER, part INTEGER, number INTEGER, name TEXT,
                     PRIMARY KEY (cell, part, number)) WITHOUT ROWID;
"""


class RecordLine(NamedTuple):
    """A record as it is listed: `name` is that of its image without an ending; split: where the record (or its file)
    says one, folder: the one that a folder in its key says; label: a class number or text of the file."""

    part: int
    number: int
    name: str
    split: str | None
    folder: str | None
    label: LabelKey


class RecordToRead(NamedTuple):
    """A record with its place in the dataset; `name` has no ending yet."""

    split: str
    class_name: str
    part: int
    number: int
    name: str


class RecordListing:
    """Records by split, class, part and number. `seed` decides every draw."""

    def __init__(self, scratch: Path, seed: int = 0) -> None:
        self._seed = seed
        self._index = sqlite3.connect(scratch / "records.sqlite", isolation_level=None)
        self._index.create_function("DRAW", 2, self._draw, deterministic=True)
        self._index.executescript(_SCHEMA + "BEGIN;")
        self._numbers: dict[Cell, int] = {}

    def _draw(self, part: int, number: int) -> int:
        return xxhash.xxh3_64_intdigest(f"{part}/{number}".encode(), seed=self._seed) >> 1

    # ---- listing

    def add(self, lines: Iterable[RecordLine]) -> None:
        self._index.executemany("INSERT OR IGNORE INTO listed VALUES (?, ?, ?, ?, ?, ?)", lines)

    def labels(self) -> Iterator[tuple[int, LabelKey, int]]:
        """(part, label, records) for every label of every part, None among them."""
        yield from self._index.execute("SELECT part, label, COUNT(*) FROM listed GROUP BY part, label")

    def said(self, column: str) -> dict[tuple[int, str | None], int]:
        """(part, split) -> records, as `column` ("split" or "folder") says it."""
        question = f"SELECT part, {column}, COUNT(*) FROM listed GROUP BY 1, 2"  # noqa: S608 - a column of our own
        return {(part, split): count for part, split, count in self._index.execute(question)}

    # ---- splits and classes

    def decide(
        self, split_of: Callable[[int, str | None, str | None], str], class_of: Callable[[int, LabelKey], str | None]
    ) -> None:
        """Put each record into its split and class; those without a class are left out, see `unlabelled`."""
        known: dict[tuple[int, str | None, str | None, LabelKey], int | None] = {}

        def cell(part: int, split: str | None, folder: str | None, label: LabelKey) -> int | None:
            group = part, split, folder, label
            if group not in known:
                name = class_of(part, label)
                known[group] = None if name is None else self._cell(split_of(part, split, folder), name)
            return known[group]

        self._index.create_function("CELL", 4, cell, deterministic=True)
        self._index.execute(
            "INSERT INTO records SELECT CELL(part, split, folder, label) AS cell, part, number, name FROM listed "
            "WHERE cell IS NOT NULL ORDER BY cell, part, number"
        )

    def unlabelled(
        self, split_of: Callable[[int, str | None, str | None], str], class_of: Callable[[int, LabelKey], str | None]
    ) -> dict[str, int]:
        """Records whose label is none of a class, by split."""
        found: dict[str, int] = {}
        groups = self._index.execute("SELECT part, split, folder, label, COUNT(*) FROM listed GROUP BY 1, 2, 3, 4")
        for part, said, folder, label, count in groups:
            if class_of(part, label) is None:
                split = split_of(part, said, folder)
                found[split] = found.get(split, 0) + count
        return found

    def first_unlabelled(self, part: int, class_of: Callable[[int, LabelKey], str | None], most: int) -> list[int]:
        """The numbers of at most so many records of a part whose label is none of a class."""
        labels = self._index.execute("SELECT DISTINCT label FROM listed WHERE part = ?", (part,))
        found: list[int] = []
        for (label,) in [row for row in labels if class_of(part, row[0]) is None]:
            question = "SELECT number FROM listed WHERE part = ? AND label IS ? ORDER BY number LIMIT ?"
            found += [number for (number,) in self._index.execute(question, (part, label, most - len(found)))]
        return found

    def _cell(self, split: str, class_name: str) -> int:
        return self._numbers.setdefault((split, class_name), len(self._numbers))

    def rename_split(self, old: str, new: str) -> None:
        """`new` must not be there."""
        self._numbers = {(new if split == old else split, name): cell for (split, name), cell in self._numbers.items()}

    def draw_validation(self, fraction: float) -> None:
        """Move this part of every class of "train" to "val", drawn by the seed; each class keeps one at least."""
        for (split, class_name), count in self.cells().items():
            if split == "train" and count > 1:
                old, new = self._cell(split, class_name), self._cell("val", class_name)
                drawn = min(count - 1, max(1, round(count * fraction)))
                self._index.execute(
                    "UPDATE records SET cell = ? WHERE cell = ? AND (part, number) IN "
                    "(SELECT part, number FROM records WHERE cell = ? ORDER BY DRAW(part, number) LIMIT ?)",
                    (new, old, old, drawn),
                )

    def finish(self, limit: int | None) -> None:
        """Call last: keeps `limit` records, and no two of one name."""
        self._index.execute("DROP TABLE listed")
        cells = self.cells()
        if limit is not None and limit < sum(cells.values()):
            for cell, count in share(cells, limit).items():
                number = self._cell(*cell)
                self._index.execute(
                    "DELETE FROM records WHERE cell = ? AND (part, number) IN "
                    "(SELECT part, number FROM records WHERE cell = ? ORDER BY DRAW(part, number) LIMIT -1 OFFSET ?)",
                    (number, number, count),
                )
        self._part_names()

    def _part_names(self) -> None:
        twins = self._index.execute(
            "SELECT cell, part, number, name FROM records JOIN (SELECT cell, name FROM records GROUP BY 1, 2 "
            "HAVING COUNT(*) > 1) USING (cell, name)"
        ).fetchall()
        for cell, part, number, name in twins:
            parted = f"{name}~{digest(f'{part}/{number}')}"
            self._index.execute(
                "UPDATE records SET name = ? WHERE cell = ? AND part = ? AND number = ?", (parted, cell, part, number)
            )

    # ---- what is imported

    def cells(self) -> dict[Cell, int]:
        """The number of records of each (split, class), sorted."""
        counts = dict(self._index.execute("SELECT cell, COUNT(*) FROM records GROUP BY cell"))
        return {cell: counts[number] for cell, number in sorted(self._numbers.items()) if number in counts}

    def counts(self) -> dict[str, int]:
        """The number of records of each split: train, val and test first."""
        found: dict[str, int] = {}
        for (split, _), count in self.cells().items():
            found[split] = found.get(split, 0) + count
        order = {split: place for place, split in enumerate(SPLIT_ORDER)}
        return {split: found[split] for split in sorted(found, key=lambda one: (order.get(one, len(order)), one))}

    def records(self, split: str, classes: Iterable[str], limit: int = -1) -> Iterator[RecordToRead]:
        """The records of a split, by class in this order, then by part and number; of each class at most `limit`."""
        question = "SELECT part, number, name FROM records WHERE cell = ? ORDER BY part, number LIMIT ?"
        for class_name in classes:
            cell = self._numbers.get((split, class_name), -1)
            for part, number, name in self._index.execute(question, (cell, limit)):
                yield RecordToRead(split, class_name, part, number, name)

    def numbers(self, part: int) -> Iterator[int]:
        """All records of a part that are imported, in the file's order."""
        question = "SELECT number FROM records WHERE part = ? ORDER BY number"
        yield from (number for (number,) in self._index.execute(question, (part,)))

    def count(self, part: int) -> int:
        """How many these are."""
        return int(self._index.execute("SELECT COUNT(*) FROM records WHERE part = ?", (part,)).fetchone()[0])

    def close(self) -> None:
        self._index.close()
