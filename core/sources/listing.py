"""The files that a source has found, kept on disk while it works: a million of them need no memory, and 50 bytes each.

A SQLite file in the import's scratch folder holds one line a file: its path below the source's folder, and what it is
called in the dataset where that is not its own name. Sharing out a limit and drawing a validation split are questions
to it. A file's draw is the XXH3 of its path below its class's folder, so that the same files give the same draws.
"""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import xxhash

from ..base.names import digest, readable, safe_name
from .limits import Cell, share

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -32768;
CREATE TABLE cells(cell INTEGER PRIMARY KEY, split TEXT, class TEXT, images INTEGER, UNIQUE (split, class));
CREATE TABLE files(cell INTEGER, path BLOB, below INTEGER, name TEXT, PRIMARY KEY (cell, path)) WITHOUT ROWID;
CREATE TABLE fields(path BLOB PRIMARY KEY, kept TEXT) WITHOUT ROWID;
CREATE TABLE folders(path BLOB, changed INTEGER);
CREATE TABLE told(text TEXT);
"""

FILE = "listing.sqlite"

_NAME = "COALESCE(name, CAST(SUBSTR(path, below) AS TEXT))"
"""What a file is called in the dataset; `below` is where its path below its class's folder begins, from 1."""

_DRAW = "DRAW(SUBSTR(path, below)), path"

_PLAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_ ().,+=-]{0,98}[A-Za-z0-9_)])?\.[A-Za-z0-9]{1,5}")
"""File names of which it is seen at once that `safe_name` leaves them as they are."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)\.", re.IGNORECASE)


_CODING = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
"""As `os.fsencode` does it, which takes three times as long."""


class SourceFile(NamedTuple):
    """A file to be read: `path` as the file system spells it, `below` the same below the source's folder, `name` its
    name in the dataset, `fields` its further values (`core.sources.kept_fields`)."""

    split: str
    class_name: str
    path: str
    below: str
    name: str
    fields: str = ""


class LabelledFile(NamedTuple):
    """A file of which a label file says everything; `fields` as in `SourceFile`."""

    split: str
    class_name: str
    path: str
    fields: str


class SourceListing:
    """Files below `base` by split, class and path. `seed` decides every draw."""

    def __init__(self, scratch: Path, base: Path, seed: int = 0) -> None:
        self._seed, self._base = seed, os.fsencode(base)
        (scratch / FILE).unlink(missing_ok=True)
        self._index = sqlite3.connect(scratch / FILE, isolation_level=None)
        self._index.create_function("DRAW", 1, self._draw, deterministic=True)
        self._index.executescript(_SCHEMA + "BEGIN;")
        self._numbers: dict[Cell, int] = {}
        self._may_have_twins: set[int] = set()
        self._roots: dict[int, bytes] = {}

    @classmethod
    def kept(cls, scratch: Path, base: Path, changed: Callable[[str], int]) -> tuple[SourceListing, str] | None:
        """The listing that `keep` completed there and what it was told, if every folder is as it was by `changed`."""
        listing = cls.__new__(cls)
        listing._seed, listing._base = 0, os.fsencode(base)
        listing._index = sqlite3.connect(scratch / FILE, isolation_level=None)
        try:
            (told,) = listing._index.execute("SELECT text FROM told").fetchone()
            folders = listing._index.execute("SELECT path, changed FROM folders")
            same = all(changed(os.fsdecode(path)) == at for path, at in folders)
            cells = listing._index.execute("SELECT split, class, cell FROM cells").fetchall()
        except (sqlite3.Error, TypeError, OSError):  # damaged, not complete, or a folder is gone
            same = False
        if not same:
            listing.close()
            return None
        listing._numbers = {(split, class_name): cell for split, class_name, cell in cells}
        return listing, told

    def keep(self, folders: Iterable[tuple[str | Path, int]], told: str) -> None:
        """Complete the listing, so that it outlives this process. `folders`: all that were read, and when each was last
        changed."""
        rows = ((os.fsencode(path), changed) for path, changed in folders)
        self._index.executemany("INSERT INTO folders VALUES (?, ?)", rows)
        self._index.execute("INSERT INTO told VALUES (?)", (told,))
        self._index.execute("COMMIT")

    def _draw(self, path: bytes) -> int:
        return xxhash.xxh3_64_intdigest(path, seed=self._seed) >> 1

    def add(self, split: str, class_name: str, root: Path, paths: Iterable[str | Path], fields: str = "") -> int:
        """List `paths`, all somewhere below `root`, as images of one class; returns how many there were.

        `fields`: further values of all of them, as in `SourceFile`.
        """
        cell, folder = self._cell(split, class_name), os.fsencode(root)
        if self._roots.setdefault(cell, folder) != folder:
            self._may_have_twins.add(cell)
        before = self._index.total_changes
        rows: Iterable[tuple[int, bytes, int, str | None]] = self._rows(cell, folder, paths)
        if fields:
            rows = list(rows)
        self._index.executemany("INSERT OR IGNORE INTO files VALUES (?, ?, ?, ?)", rows)
        added = self._index.total_changes - before
        if fields:
            self._index.executemany("INSERT OR IGNORE INTO fields VALUES (?, ?)", ((row[1], fields) for row in rows))
        self._index.execute("UPDATE cells SET images = images + ? WHERE cell = ?", (added, cell))
        return added

    def _cell(self, split: str, class_name: str) -> int:
        number = self._numbers.get((split, class_name))
        if number is None:
            number = self._numbers[split, class_name] = len(self._numbers)
            self._index.execute("INSERT INTO cells VALUES (?, ?, ?, 0)", (number, split, class_name))
        return number

    def _rows(
        self, cell: int, root: bytes, paths: Iterable[str | Path]
    ) -> Iterator[tuple[int, bytes, int, str | None]]:
        base = self._base + b"/"
        start = len(base) if root.startswith(base) or root == self._base else 0
        below = len(root) + 1
        for path in paths:
            whole = os.fspath(path).encode(*_CODING)
            name = whole[below:].decode(*_CODING)
            if _PLAIN.fullmatch(name) and not _RESERVED.match(name):
                yield cell, whole[start:], below - start + 1, None
                continue
            self._may_have_twins.add(cell)
            stem, ending = os.path.splitext(name)  # noqa: PTH122 - a string, not a path
            yield cell, whole[start:], below - start + 1, safe_name(stem.replace("/", "-"), ending)

    def add_labelled(self, files: Iterable[LabelledFile]) -> None:
        """List files one by one, each with its class."""
        added: Counter[int] = Counter()
        self._index.executemany("INSERT OR IGNORE INTO files VALUES (?, ?, ?, ?)", self._labelled(files, added))
        self._may_have_twins.update(added)
        self._index.executemany(
            "UPDATE cells SET images = images + ? WHERE cell = ?", ((number, cell) for cell, number in added.items())
        )

    def _labelled(
        self, files: Iterable[LabelledFile], added: Counter[int]
    ) -> Iterator[tuple[int, bytes, int, str | None]]:
        for one in files:
            cell = self._cell(one.split, one.class_name)
            for row in self._rows(cell, os.fsencode(os.path.dirname(one.path)), [one.path]):  # noqa: PTH120
                added[cell] += 1
                if one.fields:
                    self._index.execute("INSERT INTO fields VALUES (?, ?)", (row[1], one.fields))
                yield row

    def finish(self, limit: int | None) -> None:
        """Call after the last `add` and `draw_validation`: keeps `limit` files, and no two of one name."""
        cells = self.cells()
        if limit is not None and limit < sum(cells.values()):
            self._keep(share(cells, limit))
        self._part_names()

    def rename_split(self, old: str, new: str) -> None:
        """`new` must not be there."""
        self._index.execute("UPDATE cells SET split = ? WHERE split = ?", (new, old))
        self._numbers = {(new if split == old else split, name): cell for (split, name), cell in self._numbers.items()}

    def draw_validation(self, fraction: float) -> None:
        """Move this part of every class of "train" to "val", drawn by the seed; each class keeps one at least."""
        for (split, class_name), n in self.cells().items():
            if split == "train" and n > 1:
                drawn = min(n - 1, max(1, round(n * fraction)))
                old, new = self._numbers[split, class_name], self._cell("val", class_name)
                if old in self._may_have_twins:
                    self._may_have_twins.add(new)
                self._index.execute(f"UPDATE files SET cell = ? WHERE {_LEAST}", (new, old, old, drawn))  # noqa: S608
                self._index.execute("UPDATE cells SET images = images - ? WHERE cell = ?", (drawn, old))
                self._index.execute("UPDATE cells SET images = images + ? WHERE cell = ?", (drawn, new))

    def _keep(self, quotas: dict[Cell, int]) -> None:
        for cell, n in quotas.items():
            number = self._numbers[cell]
            self._index.execute(f"DELETE FROM files WHERE {_MOST}", (number, number, n))  # noqa: S608
            self._index.execute("UPDATE cells SET images = MIN(images, ?) WHERE cell = ?", (n, number))

    def _part_names(self) -> None:
        """Files of different folders that would come to lie under one name get a digest of their path."""
        for cell in sorted(self._may_have_twins):
            twins = self._index.execute(
                f"SELECT path, {_NAME} FROM files WHERE cell = ? AND {_NAME} IN "  # noqa: S608
                f"(SELECT {_NAME} FROM files WHERE cell = ? GROUP BY 1 HAVING COUNT(*) > 1)",
                (cell, cell),
            ).fetchall()
            for path, name in twins:
                stem, ending = os.path.splitext(name)  # noqa: PTH122 - a name, not a path
                parted = f"{stem}~{digest(readable(self._whole(path)))}{ending}"
                self._index.execute("UPDATE files SET name = ? WHERE cell = ? AND path = ?", (parted, cell, path))

    def cells(self) -> dict[Cell, int]:
        """The number of files of each (split, class), sorted."""
        rows = self._index.execute("SELECT split, class, images FROM cells WHERE images ORDER BY 1, 2")
        return {(split, class_name): count for split, class_name, count in rows}

    def files(self, split: str, classes: Iterable[str]) -> Iterator[SourceFile]:
        """The files of a split, by class in this order, then by path."""
        base = os.fsdecode(self._base)
        kept = "kept FROM files LEFT JOIN fields USING (path)" if self._has_fields() else "NULL FROM files"
        question = f"SELECT path, {_NAME}, {kept} WHERE cell = ? ORDER BY path"
        for class_name in classes:
            for path, name, fields in self._index.execute(question, (self._numbers.get((split, class_name), -1),)):
                below = path.decode(*_CODING)
                whole = f"{base}/{below}" if below[0] != "/" else below
                yield SourceFile(split, class_name, whole, below, name, fields or "")

    def _has_fields(self) -> bool:
        return self._index.execute("SELECT 1 FROM fields LIMIT 1").fetchone() is not None

    def _whole(self, path: bytes) -> str:
        return os.fsdecode(os.path.join(self._base, path))  # noqa: PTH118 - bytes

    def sizes(self, k: int) -> tuple[int, int]:
        """(files that were looked at, their bytes), of up to `k` drawn by the seed."""
        drawn = self._index.execute(f"SELECT path FROM files ORDER BY {_DRAW} LIMIT ?", (k,))  # noqa: S608
        found = [_size(self._whole(path)) for (path,) in drawn]
        return len(found), sum(found)

    def first(self, split: str, class_name: str) -> Path | None:
        """The first file of a class in a split."""
        return next((Path(file.path) for file in self.files(split, [class_name])), None)

    def close(self) -> None:
        self._index.close()


_DRAWN = f"(SELECT path FROM files WHERE cell = ? ORDER BY {_DRAW}"  # noqa: S608 - columns of our own
_LEAST = f"cell = ? AND path IN {_DRAWN} LIMIT ?)"
_MOST = f"cell = ? AND path IN {_DRAWN} LIMIT -1 OFFSET ?)"


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except OSError:
        return 0
