"""How a dataset's index is laid out, and how it is written.

The index is a SQLite file, `index.sqlite`, so that it is streamed, counted and looked into without ever being
held in memory, and any tool can read it. Tables:

    dataset(key TEXT PRIMARY KEY, value TEXT)            name, source, fingerprint, imported (ISO time), schema;
                                                         recognised, why, labels, notes (JSON) and range (JSON,
                                                         core.images.value_range)
    classes(label INTEGER PRIMARY KEY, name TEXT)
    images(split TEXT, position INTEGER, path TEXT, label INTEGER, bytes INTEGER, height INTEGER, width INTEGER,
           checksum INTEGER, pixel_checksum INTEGER, PRIMARY KEY (split, position)) WITHOUT ROWID
    skipped(path TEXT, reason TEXT)                      files that could not be read as an image
    unused(path TEXT, reason TEXT)                       what lay beside the images and was not taken
    counts(split TEXT, label INTEGER, first INTEGER, images INTEGER, bytes INTEGER)    summed up from images
    shapes(split TEXT, height INTEGER, width INTEGER, images INTEGER)                  summed up from images

The images of a split lie class by class, so those of one class are the positions from `first` on.
SQLite's integers are signed, so the two XXH3-64 checksums are kept modulo 2**64 as signed numbers.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import xxhash

from ..base.contracts import Row, Skipped
from ..base.files import Unreadable

INDEX = "index.sqlite"
SCHEMA = 2
READ = ("1", "2")
"""Schema 1 had neither `unused` nor what schema 2 tells of the import; every sample of more than 8 bits was of 16."""

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE dataset(key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE classes(label INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE images(split TEXT, position INTEGER, path TEXT, label INTEGER, bytes INTEGER, height INTEGER,
    width INTEGER, checksum INTEGER, pixel_checksum INTEGER, PRIMARY KEY (split, position)) WITHOUT ROWID;
CREATE TABLE skipped(path TEXT, reason TEXT);
CREATE TABLE unused(path TEXT, reason TEXT);
CREATE TABLE counts(split TEXT, label INTEGER, first INTEGER, images INTEGER, bytes INTEGER);
CREATE TABLE shapes(split TEXT, height INTEGER, width INTEGER, images INTEGER);
"""

_SUMS = (
    "INSERT INTO counts SELECT split, label, MIN(position), COUNT(*), SUM(bytes) FROM images GROUP BY 1, 2",
    "INSERT INTO shapes SELECT split, height, width, COUNT(*) FROM images GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3",
)


class IndexWriter:
    """Writes the index of a dataset that is being imported. Rows come split by split, class by class."""

    def __init__(self, root: Path, classes: Iterable[str]) -> None:
        self._root = root
        self._index = sqlite3.connect(root / INDEX, isolation_level=None)
        self._index.executescript(_TABLES + "BEGIN;")
        self._index.executemany("INSERT INTO classes VALUES (?, ?)", enumerate(classes))
        self._digest = xxhash.xxh3_128()

    def add(self, split: str, rows: Sequence[Row]) -> None:
        for row in rows:
            self._digest.update(f"{split}\t{row.position}\t{row.path}\t{row.label}\t{row.checksum}\n".encode())
        self._index.executemany(
            "INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_from_row, _pair(split, rows))
        )

    def skip(self, skipped: Skipped) -> None:
        self._index.execute("INSERT INTO skipped VALUES (?, ?)", skipped)

    def leave(self, unused: Iterable[Skipped]) -> None:
        """Note what is not used."""
        self._index.executemany("INSERT INTO unused VALUES (?, ?)", unused)

    def set_pixel_checksums(self, split: str, sums: Iterable[tuple[int, int]]) -> None:
        """(position, pixel checksum) of images whose pixels were not known when they were added."""
        statement = "UPDATE images SET pixel_checksum = ? WHERE split = ? AND position = ?"
        self._index.executemany(statement, ((_signed(checksum), split, position) for position, checksum in sums))

    def finish(self, **told: str) -> None:
        """Sum up, note what is `told` of the dataset, and bring it all to the disk."""
        for statement in _SUMS:
            self._index.execute(statement)
        told |= {"schema": str(SCHEMA), "fingerprint": self._digest.hexdigest()}
        self._index.executemany("INSERT INTO dataset VALUES (?, ?)", told.items())
        self._index.execute("COMMIT")
        self._index.close()
        with (self._root / INDEX).open("rb") as file:
            os.fsync(file.fileno())

    def close(self) -> None:
        self._index.close()


def to_row(columns: tuple[Any, ...]) -> Row:
    """An image's row from the columns of `images` but its split. Raises Unreadable for what is none."""
    position, path, label, size, height, width, checksum, pixel_checksum = columns
    numbers = {type(position), type(label), type(size), type(height), type(width), type(checksum), type(pixel_checksum)}
    if type(path) is not str or numbers != _WHOLE:
        raise Unreadable(f"the row at {position} is not of an image")
    return Row(position, path, label, size, height, width, checksum % 2**64, pixel_checksum % 2**64)


_WHOLE = {int}
"""SQLite gives nothing else for a whole number; a million rows are checked in every build."""


def _pair(split: str, rows: Sequence[Row]) -> Iterator[tuple[str, Row]]:
    return ((split, row) for row in rows)


def _from_row(pair: tuple[str, Row]) -> tuple[Any, ...]:
    split, row = pair
    *fields, checksum, pixel_checksum = row
    return (split, *fields, _signed(checksum), _signed(pixel_checksum))


def _signed(checksum: int) -> int:
    return checksum - 2**64 if checksum >= 2**63 else checksum
