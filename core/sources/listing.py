"""The files that a source has found, kept on disk while it works: a million of them need no memory.

A SQLite file in the import's scratch folder holds one line a file, in the order in which they are handed over.
Sharing out a limit and drawing a validation split are questions to it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import xxhash

from ..base.names import digest, readable, safe_name
from .limits import Cell, share

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE files(split TEXT, class TEXT, path BLOB, name TEXT, draw INTEGER,
                   PRIMARY KEY (split, class, path)) WITHOUT ROWID;
CREATE TABLE quotas(split TEXT, class TEXT, n INTEGER, PRIMARY KEY (split, class)) WITHOUT ROWID;
"""

_RANKED = """
SELECT path, ROW_NUMBER() OVER (PARTITION BY split, class ORDER BY draw, path) AS rank, split, class FROM files
"""


class SourceFile(NamedTuple):
    """A file to be read: `path` as the file system spells it, `name` its name in the dataset."""

    split: str
    class_name: str
    path: Path
    name: str


class SourceListing:
    """Files by split, class and path. `seed` decides every draw; the same files give the same draws."""

    def __init__(self, scratch: Path, seed: int = 0) -> None:
        self._seed = seed
        self._index = sqlite3.connect(scratch / "listing.sqlite", isolation_level=None)
        self._index.executescript(_SCHEMA + "BEGIN;")

    def add(self, split: str, class_name: str, root: Path, paths: Iterable[Path]) -> int:
        """List `paths`, all somewhere below `root`, as images of one class; returns how many there were."""
        before = self._index.total_changes
        self._index.executemany(
            "INSERT OR IGNORE INTO files VALUES (?, ?, ?, ?, ?)",
            ((split, class_name, os.fsencode(path), *self._name_and_draw(path, root)) for path in paths),
        )
        return self._index.total_changes - before

    def _name_and_draw(self, path: Path, root: Path) -> tuple[str, int]:
        below = path.relative_to(root)
        flat = "-".join([*below.parts[:-1], path.stem])
        draw = xxhash.xxh3_64_intdigest(os.fsencode(below), seed=self._seed) >> 1
        return safe_name(flat, path.suffix), draw

    def finish(self, limit: int | None) -> None:
        """Call after the last `add` and `draw_validation`: keeps `limit` files, and no two of one name."""
        cells = self.cells()
        if limit is not None and limit < sum(cells.values()):
            self._keep(share(cells, limit))
        self._part_names()

    def rename_split(self, old: str, new: str) -> None:
        self._index.execute("UPDATE files SET split = ? WHERE split = ?", (new, old))

    def draw_validation(self, fraction: float) -> None:
        """Move this part of every class of "train" to "val", drawn by the seed; each class keeps one at least."""
        parts = {cell: min(n - 1, max(1, round(n * fraction))) for cell, n in self.cells().items() if n > 1}
        self._set_quotas(parts)
        self._index.execute(
            f"""UPDATE files SET split = 'val' WHERE path IN
                (SELECT path FROM ({_RANKED}) JOIN quotas USING (split, class) WHERE rank <= n)"""  # noqa: S608
        )

    def _keep(self, quotas: dict[Cell, int]) -> None:
        self._set_quotas(quotas)
        self._index.execute(
            f"""DELETE FROM files WHERE path IN
                (SELECT path FROM ({_RANKED}) JOIN quotas USING (split, class) WHERE rank > n)"""  # noqa: S608
        )

    def _set_quotas(self, quotas: dict[Cell, int]) -> None:
        self._index.execute("DELETE FROM quotas")
        self._index.executemany("INSERT INTO quotas VALUES (?, ?, ?)", ((*cell, n) for cell, n in quotas.items()))

    def _part_names(self) -> None:
        """Files of different folders that would come to lie under one name get a digest of their path."""
        twins = self._index.execute(
            """SELECT split, class, path, name FROM files JOIN
               (SELECT split, class, name FROM files GROUP BY split, class, name HAVING COUNT(*) > 1)
               USING (split, class, name)"""
        ).fetchall()
        for split, class_name, path, name in twins:
            stem, ending = os.path.splitext(name)  # noqa: PTH122 - a name, not a path
            parted = f"{stem}~{digest(readable(os.fsdecode(path)))}{ending}"
            self._index.execute(
                "UPDATE files SET name = ? WHERE split = ? AND class = ? AND path = ?",
                (parted, split, class_name, path),
            )

    def cells(self) -> dict[Cell, int]:
        """The number of files of each (split, class), sorted."""
        rows = self._index.execute("SELECT split, class, COUNT(*) FROM files GROUP BY split, class ORDER BY 1, 2")
        return {(split, class_name): count for split, class_name, count in rows}

    def files(self, split: str, classes: Iterable[str]) -> Iterator[SourceFile]:
        """The files of a split, by class in this order, then by path."""
        question = "SELECT path, name FROM files WHERE split = ? AND class = ? ORDER BY path"
        for class_name in classes:
            for path, name in self._index.execute(question, (split, class_name)):
                yield SourceFile(split, class_name, Path(os.fsdecode(path)), name)

    def sizes(self, k: int) -> tuple[int, int]:
        """(files that were looked at, their bytes), of up to `k` drawn by the seed."""
        found = [_size(path) for (path,) in self._index.execute("SELECT path FROM files ORDER BY draw LIMIT ?", (k,))]
        return len(found), sum(found)

    def first(self, split: str, class_name: str) -> Path | None:
        """The first file of a class in a split."""
        question = "SELECT path FROM files WHERE split = ? AND class = ? ORDER BY path LIMIT 1"
        row = self._index.execute(question, (split, class_name)).fetchone()
        return Path(os.fsdecode(row[0])) if row else None

    def close(self) -> None:
        self._index.close()


def _size(path: bytes) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - bytes, as the index keeps them
    except OSError:
        return 0
