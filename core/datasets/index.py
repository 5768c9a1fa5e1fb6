"""How a dataset's index is laid out, and how it is written.

The index is a SQLite file, `index.sqlite`, so that it is streamed, counted and looked into without ever being
held in memory, and any tool can read it. Tables:

    dataset(key TEXT PRIMARY KEY, value TEXT)            name, source, fingerprint, imported (ISO time), schema;
                                                         recognised, why, labels, notes (JSON), range (JSON,
                                                         core.images.value_range), pixel_choice (JSON,
                                                         core.images.pixel_choice)
    classes(label INTEGER PRIMARY KEY, name TEXT)
    images(split TEXT, position INTEGER, path TEXT, label INTEGER, bytes INTEGER, height INTEGER, width INTEGER,
           checksum INTEGER, pixel_checksum INTEGER, source INTEGER, byte_offset INTEGER, record INTEGER,
           PRIMARY KEY (split, position)) WITHOUT ROWID  source and what follows: `contracts.Place`, or NULL
    sources(number INTEGER PRIMARY KEY, path TEXT, kind TEXT, schema TEXT, size INTEGER, mtime_ns INTEGER,
            options TEXT)                                what images refer to (`contracts.ReferencedSource`)
    fields(number INTEGER PRIMARY KEY, name TEXT, kind TEXT)                           `contracts.Field`
    field_values(split TEXT, position INTEGER, f0, f1, ..., PRIMARY KEY (split, position)) WITHOUT ROWID
                                                         one column per field (`base.field_values`)
    skipped(path TEXT, reason TEXT)                      files that could not be read as an image
    unused(path TEXT, reason TEXT)                       what lay beside the images and was not taken
    counts(split TEXT, label INTEGER, first INTEGER, images INTEGER, bytes INTEGER)    summed up from images
    shapes(split TEXT, height INTEGER, width INTEGER, images INTEGER)                  summed up from images

Where an image was imported by its header alone, both checksums are 0: they are not known, and nothing is compared with
them. The root of what is referred to stands in `reference.json` beside the index, which never changes once it is
published.
The images of a split lie class by class, so those of one class are the positions from `first` on.
SQLite's integers are signed, so the two XXH3-64 checksums are kept modulo 2**64 as signed numbers.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import xxhash

from ..base import field_values
from ..base.contracts import Field, FieldValue, Place, ReferencedSource, Row, Skipped
from ..base.files import Unreadable

INDEX = "index.sqlite"
REFERENCE = "reference.json"
SCHEMA = 3
READ = ("1", "2", "3")
"""Schema 1 had neither `unused` nor what schema 2 tells of the import; every sample of more than 8 bits was of 16.
Schema 2 had neither references nor fields."""

PENDING = -1
"""The pixel checksum of a row that has none yet; NULL in the index, until the import is complete."""

_TABLES = """
CREATE TABLE dataset(key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE classes(label INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE images(split TEXT, position INTEGER, path TEXT, label INTEGER, bytes INTEGER, height INTEGER,
    width INTEGER, checksum INTEGER, pixel_checksum INTEGER, source INTEGER, byte_offset INTEGER, record INTEGER,
    PRIMARY KEY (split, position)) WITHOUT ROWID;
CREATE TABLE sources(number INTEGER PRIMARY KEY, path TEXT, kind TEXT, schema TEXT, size INTEGER, mtime_ns INTEGER,
    options TEXT);
CREATE TABLE fields(number INTEGER PRIMARY KEY, name TEXT, kind TEXT);
CREATE TABLE field_values(split TEXT, position INTEGER, PRIMARY KEY (split, position)) WITHOUT ROWID;
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
    """Writes the index of a dataset that is being imported. Rows come split by split, class by class.

    Nothing is synced before the end: what was committed outlives this process, not the machine.
    """

    def __init__(self, root: Path, classes: Iterable[str], *, made: bool = False) -> None:
        """`made`: the index is there already, with these classes."""
        self._root = root
        self._index = sqlite3.connect(root / INDEX, isolation_level=None)
        self._index.execute("PRAGMA synchronous = OFF")
        self._index.executescript("BEGIN;" if made else _TABLES + "BEGIN;")
        if not made:
            self._index.executemany("INSERT INTO classes VALUES (?, ?)", enumerate(classes))
        self._digest = xxhash.xxh3_128()
        self._fields: dict[str, tuple[int, str]] = {}
        self.unkept: Counter[str] = Counter()
        """Values by field that could not be kept: beside an array or an image, something else."""

    def add(self, split: str, rows: Sequence[Row]) -> None:
        self._take(split, rows)
        self._index.executemany(
            "INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_from_row, _pair(split, rows))
        )

    def _take(self, split: str, rows: Iterable[Row]) -> None:
        """Rows into the fingerprint."""
        self._digest.update("".join(_line(split, row) for row in rows).encode())

    def add_fields(self, split: str, position: int, values: Mapping[str, FieldValue]) -> None:
        """The further values of one sample. Those of names beyond `field_values.MOST_FIELDS` are not kept."""
        given = {name: value for name, value in values.items() if value is not None and self._holds(name, value)}
        if not given:
            return
        columns = [f"f{self._fields[name][0]}" for name in given]
        kept = [field_values.stored(value, self._fields[name][1]) for name, value in given.items()]
        self._index.execute(
            f"INSERT INTO field_values(split, position, {', '.join(columns)}) "  # noqa: S608 - columns of our own
            f"VALUES (?, ?{', ?' * len(columns)})",
            (split, position, *kept),
        )

    def _holds(self, name: str, value: FieldValue) -> bool:
        """Make room for a value: a column of its own for a new name, a wider kind where values differ."""
        kind = field_values.kind_of(value)
        if name not in self._fields:
            if len(self._fields) >= field_values.MOST_FIELDS:
                self.unkept[name] += 1
                return False
            self._fields[name] = len(self._fields), kind
            self._index.execute(f"ALTER TABLE field_values ADD COLUMN f{len(self._fields) - 1}")
            return True
        number, known = self._fields[name]
        wider = field_values.common(known, kind)
        if wider == known:
            return True
        if known in _AS_BYTES or kind == field_values.IMAGE:
            self.unkept[name] += 1
            return False
        widened = f"json_quote(f{number})" if wider == field_values.JSON else f"f{number} + 0.0"
        self._index.execute(f"UPDATE field_values SET f{number} = {widened} WHERE f{number} NOT NULL")  # noqa: S608
        self._fields[name] = number, wider
        return True

    def refer(self, sources: Iterable[ReferencedSource]) -> None:
        """Note what images refer to, by number from 0 on."""
        rows = ((number, *source) for number, source in enumerate(sources))
        self._index.executemany("INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def skip(self, skipped: Skipped) -> None:
        self._index.execute("INSERT INTO skipped VALUES (?, ?)", skipped)

    def leave(self, unused: Iterable[Skipped]) -> None:
        """Note what is not used."""
        self._index.executemany("INSERT INTO unused VALUES (?, ?)", unused)

    def pending(self, split: str, after: int, most: int) -> list[Row]:
        """Up to `most` rows behind position `after` whose pixel checksum is pending, in order."""
        found = self._index.execute(
            "SELECT position, path, label, bytes, height, width, checksum, 0, source, byte_offset, record FROM images "
            "WHERE split = ? AND position > ? AND pixel_checksum IS NULL ORDER BY position LIMIT ?",
            (split, after, most),
        )
        return list(map(to_row, found))

    def set_pixel_checksums(self, split: str, sums: Iterable[tuple[int, int]]) -> None:
        """(position, pixel checksum) of images whose pixels were not known when they were added."""
        statement = "UPDATE images SET pixel_checksum = ? WHERE split = ? AND position = ?"
        self._index.executemany(statement, ((_signed(checksum), split, position) for position, checksum in sums))

    def finish(self, **told: str) -> None:
        """Sum up, note what is `told` of the dataset, and bring it all to the disk."""
        for statement in _SUMS:
            self._index.execute(statement)
        fields = [(number, name, kind) for name, (number, kind) in self._fields.items()]
        self._index.executemany("INSERT INTO fields VALUES (?, ?, ?)", fields)
        told |= {"schema": str(SCHEMA), "fingerprint": self._digest.hexdigest()}
        self._index.executemany("INSERT INTO dataset VALUES (?, ?)", told.items())
        self._index.execute("COMMIT")
        self._index.close()
        with (self._root / INDEX).open("rb") as file:
            os.fsync(file.fileno())

    def close(self) -> None:
        self._index.close()


def _line(split: str, row: Row) -> str:
    """What a row adds to the fingerprint; of an image whose checksum is not known, its size stands for its content."""
    content = row.checksum or f"{row.bytes} bytes"
    return f"{split}\t{row.position}\t{row.path}\t{row.label}\t{content}\n"


def to_row(columns: tuple[Any, ...]) -> Row:
    """An image's row from the columns of `images` but its split. Raises Unreadable for what is none."""
    position, path, label, size, height, width, checksum, pixel_checksum, *place = columns
    numbers = {type(position), type(label), type(size), type(height), type(width), type(checksum), type(pixel_checksum)}
    if type(path) is not str or numbers != _WHOLE:
        raise Unreadable(f"the row at {position} is not of an image")
    where = _to_place(position, place) if place else None
    return Row(position, path, label, size, height, width, checksum % 2**64, pixel_checksum % 2**64, where)


def _to_place(position: int, columns: Sequence[Any]) -> Place | None:
    if columns[0] is None:
        return None
    if set(map(type, columns)) != _WHOLE:
        raise Unreadable(f"the row at {position} does not say where its image lies")
    return Place(*columns)


def to_field(columns: tuple[Any, ...]) -> Field:
    """A field from its name and kind. Raises Unreadable for what is none."""
    name, kind = columns
    if type(name) is not str or kind not in _KINDS:
        raise Unreadable("a field has no name, or is of no kind")
    return Field(name, kind)


def to_source(columns: tuple[Any, ...]) -> ReferencedSource:
    """What images refer to. Raises Unreadable for what is none."""
    path, kind, schema, size, mtime_ns, options = columns
    if {type(path), type(kind), type(schema), type(options)} != {str} or {type(size), type(mtime_ns)} != _WHOLE:
        raise Unreadable("what its images refer to is not said")
    return ReferencedSource(path, kind, schema, size, mtime_ns, options)


_WHOLE = {int}
"""SQLite gives nothing else for a whole number; a million rows are checked in every build."""

_AS_BYTES = (field_values.ARRAY, field_values.IMAGE)
"""Kinds whose values cannot become JSON text where they lie."""

_KINDS = (field_values.TEXT, field_values.INTEGER, field_values.NUMBER, field_values.ARRAY, field_values.IMAGE,
          field_values.JSON)  # fmt: skip


def _pair(split: str, rows: Sequence[Row]) -> Iterator[tuple[str, Row]]:
    return ((split, row) for row in rows)


def _from_row(pair: tuple[str, Row]) -> tuple[Any, ...]:
    split, row = pair
    pixels = None if row.pixel_checksum == PENDING else _signed(row.pixel_checksum)
    return (split, *row[:6], _signed(row.checksum), pixels, *(row.place or _NO_PLACE))


_NO_PLACE = (None, None, None)


def _signed(checksum: int) -> int:
    return checksum - 2**64 if checksum >= 2**63 else checksum
