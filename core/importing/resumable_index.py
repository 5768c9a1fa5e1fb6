"""The index of an import that may be killed and gone on with: what was committed, and up to where that goes.

Beside the index's own tables it has, until it is complete,

    notes(given INTEGER PRIMARY KEY, stamp INTEGER, state TEXT)

with a row for each chunk of images: how many the source had given when it was done, the stamp of the chunk's files
(`keeping.stamp_of`), and as JSON the rest of what the import knew then.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from ..base.contracts import Row
from ..base.strict_json import dumps
from ..datasets.checks import COLUMNS, PLACE
from ..datasets.index import IndexWriter, to_row

COMMIT_SECONDS = 2.0
"""What a killed import loses of its work."""


ROWS_AT_ONCE = 1000


class ChunkNote(NamedTuple):
    """The images given up to the end of a chunk, and the stamp of that chunk's files."""

    given: int
    stamp: int


class ResumableIndex(IndexWriter):
    """An `IndexWriter` that commits as it goes."""

    def __init__(self, root: Path, classes: Sequence[str], *, made: bool = False) -> None:
        super().__init__(root, classes, made=made)
        if not made:
            self._index.execute("CREATE TABLE notes(given INTEGER PRIMARY KEY, stamp INTEGER, state TEXT)")
            self._commit()
        self._next = time.monotonic() + COMMIT_SECONDS

    @classmethod
    def of_killed(cls, root: Path, classes: Sequence[str], *, distrusted: bool) -> ResumableIndex | None:
        """The index that a killed import left; None where it is damaged, or of other classes. `distrusted`: the machine
        was started again since, so that every page is checked."""
        try:
            index = cls(root, classes, made=True)
        except sqlite3.Error:
            return None
        try:
            there = [name for (name,) in index._index.execute("SELECT name FROM classes ORDER BY label")]
            whole = not distrusted or index._index.execute("PRAGMA quick_check").fetchone() == ("ok",)
            if there == list(classes) and whole and index.notes() is not None:
                return index
        except sqlite3.Error:
            pass
        index.close()
        return None

    def note(self, note: ChunkNote, state: Mapping[str, Any]) -> bool:
        """Note that a chunk is done; True where everything up to it was committed."""
        told = {**state, "fields": self._fields, "unkept": self.unkept}
        self._index.execute("INSERT INTO notes VALUES (?, ?, ?)", (*note, dumps(told)))
        if time.monotonic() < self._next:
            return False
        self._commit()
        self._next = time.monotonic() + COMMIT_SECONDS
        return True

    def _commit(self) -> None:
        self._index.execute("COMMIT")
        self._index.execute("BEGIN")

    def notes(self) -> list[ChunkNote]:
        """Of all chunks that are done, in order."""
        rows = self._index.execute("SELECT given, stamp FROM notes ORDER BY given")
        return [ChunkNote(given, stamp) for given, stamp in rows]

    def cut(self, given: int, splits: Iterable[str]) -> dict[str, Any]:
        """Forget everything behind the chunk that ends with image `given`; returns the state noted there.

        `splits` in the order in which their images come. Raises ValueError and KeyError for a state that is none.
        """
        (last,) = self._index.execute("SELECT MAX(given) FROM notes").fetchone()
        state, fields = self.state(given), self.state(last or 0).get("fields", {})
        rows = dict(state.get("rows", {}))
        for split in splits:
            for table in ("images", "field_values"):
                question = f"DELETE FROM {table} WHERE split = ? AND position >= ?"  # noqa: S608 - names of our own
                self._index.execute(question, (split, rows.get(split, 0)))
            for start in range(0, rows.get(split, 0), ROWS_AT_ONCE):
                self._take(split, self.rows(split, start, min(start + ROWS_AT_ONCE, rows[split])))
        self._index.execute("DELETE FROM skipped WHERE rowid > ?", (state.get("skipped", 0),))
        self._index.execute("DELETE FROM notes WHERE given > ?", (given,))
        self._fields = {name: (number, kind) for name, (number, kind) in fields.items()}  # columns that are there stay
        self.unkept = Counter(state.get("unkept", {}))
        return state

    def rows(self, split: str, start: int, stop: int) -> Iterable[Row]:
        """The rows of a split from position `start` to before `stop`, in order."""
        question = (
            f"SELECT {COLUMNS.replace('pixel_checksum', 'COALESCE(pixel_checksum, 0)')}, {PLACE} FROM images "  # noqa: S608
            "WHERE split = ? AND position >= ? AND position < ? ORDER BY position"
        )
        return map(to_row, self._index.execute(question, (split, start, stop)))

    def state(self, given: int) -> dict[str, Any]:
        """What was noted with the chunk that ends with image `given`; nothing where there is none."""
        found = self._index.execute("SELECT state FROM notes WHERE given = ?", (given,)).fetchone()
        return dict(json.loads(found[0])) if found else {}

    def files_of(self, split: str) -> Iterator[tuple[str, set[str]]]:
        """Each folder of a split in the dataset, and the names of the files that rows have there."""
        rows = self._index.execute("SELECT path FROM images WHERE split = ? ORDER BY position", (split,))
        for folder, paths in groupby((path for (path,) in rows), lambda path: path.rpartition("/")[0]):
            yield folder, {path.rpartition("/")[2] for path in paths}

    def finish(self, **told: str) -> None:
        self._index.execute("DROP TABLE notes")
        super().finish(**told)
