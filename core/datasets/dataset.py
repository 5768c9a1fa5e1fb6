"""An imported dataset on disk: `data/raw/<name>/<split>/<class>/<file>` and its index (`core.datasets.index`)."""

from __future__ import annotations

import builtins
import errno
import json
import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from ..base import field_values, rich_display
from ..base.checked_fields import TEXT, check
from ..base.contracts import Field, FieldValue, ReferencedSource, Row, Shape, Skipped
from ..base.errors import InputError, WorkError, disk_trouble_told
from ..base.files import Unreadable, entries, read_object, remove
from ..base.home import Home, check_name
from ..base.staging import claim
from ..base.units import size_text
from ..images.pixel_choice import NO_CHOICE, PixelChoice
from ..images.value_range import DEFAULT, ValueRange
from ..remote.address import check_address, is_address
from .checks import COLUMNS, DAMAGE, PLACE, check_sums
from .image_reader import ImageReader
from .index import INDEX, READ, REFERENCE, SCHEMA, to_field, to_row, to_source

TOLD = ("recognised", "why", "labels", "notes", "range", "pixel_choice")
"""What schema 1 did not say."""


@dataclass(frozen=True)
class Dataset:
    """An imported dataset. Holds no open file: safe to pickle, to fork and to use from several threads.

    `splits` counts the images of each split; `classes[label]` is a class's name; `fingerprint` (32 hexadecimal
    digits) is the same for two imports of the same files; `bytes` sums up the image files; `imported` is an ISO time;
    `recognised`, `why`, `labels` and `notes` say what the source was taken for, on what grounds, where labels come from
    (`core.base.source_contracts.Recognition`), and what was guessed or chosen; `values` how samples of more than 8 bits
    become pixels, and `choice` what was asked of that; `fields` are the further values that samples have. Images that
    were not copied lie in `sources`, below `reference_root`, a folder or an address (a text); it is None for a dataset
    that has all of its images.
    """

    name: str
    root: Path
    splits: dict[str, int]
    classes: list[str]
    fingerprint: str
    bytes: int
    source: str
    imported: str
    recognised: str = ""
    why: str = ""
    labels: str = ""
    notes: tuple[str, ...] = ()
    values: ValueRange = DEFAULT
    choice: PixelChoice = NO_CHOICE
    fields: tuple[Field, ...] = ()
    sources: tuple[ReferencedSource, ...] = ()
    reference_root: Path | str | None = None

    @classmethod
    def open(cls, home: Home, name: str) -> Dataset:
        """The dataset called `name`. Raises InputError that names the ones there are."""
        root = home.raw / name
        if name not in _names(home):
            raise _unknown(home, name)
        try:
            return cls._from_index(root)
        except (*DAMAGE, InputError) as error:
            raise _damaged(name, error) from None

    @classmethod
    def _from_index(cls, root: Path) -> Dataset:
        with closing(_connect(root)) as index:
            told = dict(index.execute("SELECT key, value FROM dataset"))
            if told["schema"] not in READ:
                raise ValueError(f"schema {told['schema']}, this version reads {SCHEMA}")
            check(told, dict.fromkeys(("fingerprint", "source", "imported"), TEXT), dict.fromkeys(TOLD, TEXT))
            classes = [name for (name,) in index.execute("SELECT name FROM classes ORDER BY label")]
            check_sums(index, classes)
            counts = dict(index.execute("SELECT split, SUM(images) FROM counts GROUP BY split"))
            new = told["schema"] not in BEFORE_REFERENCES
            sources = index.execute(f"SELECT {_SOURCE} FROM sources ORDER BY number") if new else ()  # noqa: S608
            fields = index.execute("SELECT name, kind FROM fields ORDER BY number") if new else ()
            kept = tuple(map(to_source, sources))
            return cls(
                name=root.name,
                root=root,
                splits={split: counts[split] for split in sorted(counts, key=_split_order)},
                classes=classes,
                fingerprint=told["fingerprint"],
                bytes=index.execute("SELECT COALESCE(SUM(bytes), 0) FROM counts").fetchone()[0],
                source=told["source"],
                imported=told["imported"],
                recognised=told.get("recognised", ""),
                why=told.get("why", ""),
                labels=told.get("labels", ""),
                notes=tuple(map(str, json.loads(told.get("notes", "[]")))),
                values=ValueRange.from_json(json.loads(told.get("range", "{}"))),
                choice=PixelChoice.parsed(**json.loads(told.get("pixel_choice", "{}"))),
                fields=tuple(map(to_field, fields)),
                sources=kept,
                reference_root=_reference_root(root) if kept else None,
            )

    def _repr_html_(self) -> str:
        """What a notebook shows: splits, classes and size, and an image of each of the first classes."""
        from .example_pictures import example_pictures

        facts = {
            **{split: f"{count:,}" for split, count in self.splits.items()},
            "classes": f"{len(self.classes):,}",
            "size": size_text(self.bytes),
            "source": self.source,
        }
        shown = (rich_display.DisplayedPicture(*one) for one in example_pictures(self, edge=72))
        return rich_display.displayed(self.name, facts, rich_display.pictures(shown))

    @property
    def files_root(self) -> Path | str:
        """The folder or address below which the images' files lie: the dataset's own, or the one that it refers to."""
        return self.reference_root or self.root

    @property
    def has_files(self) -> bool:
        """Whether every image is a file of its own on this machine, rather than a part of one, made of a record, or at
        an address."""
        return not isinstance(self.reference_root, str) and not any(
            source.kind or source.size >= 0 for source in self.sources
        )

    @property
    def reader(self) -> ImageReader:
        """Reads the images' bytes; travels to other processes."""
        return ImageReader(self.files_root, self.sources)

    def rows(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """The images of a split in order, from position `start` to before `stop`, streamed from the index."""
        end = self._size(split) if stop is None else stop
        try:
            with closing(_connect(self.root)) as index:
                columns = f"{COLUMNS}, {PLACE}" if self.sources else COLUMNS
                select = f"SELECT {columns} FROM images WHERE split = ?"  # noqa: S608 - columns of our own
                found = index.execute(f"{select} AND position >= ? AND position < ?", (split, start, end))
                yield from map(to_row, found)
        except (sqlite3.Error, Unreadable) as error:
            raise _damaged(self.name, error) from None

    def sizes(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, int]]:
        """(height, width) of the images of a split in order, from position `start` to before `stop`, streamed."""
        return cast("Iterator[tuple[int, int]]", self._numbers("height, width", split, start, stop))

    def file_sizes(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[int]:
        """The bytes of the images' files, as `sizes`."""
        return (size for (size,) in self._numbers("bytes", split, start, stop))

    def _numbers(self, columns: str, split: str, start: int, stop: int | None) -> Iterator[tuple[int, ...]]:
        """Whole numbers of each image in order, without the cost of its row."""
        end = self._size(split) if stop is None else stop
        select = f"SELECT {columns} FROM images WHERE split = ? AND position >= ? AND position < ? ORDER BY position"  # noqa: S608
        try:
            with closing(_connect(self.root)) as index:
                for numbers in index.execute(select, (split, start, end)):
                    if not all(type(number) is int for number in numbers):
                        raise Unreadable(f"{split} has a row without {columns}")
                    yield numbers
        except (sqlite3.Error, Unreadable) as error:
            raise _damaged(self.name, error) from None

    def row(self, split: str, position: int) -> Row:
        """One image. Raises InputError for a split that is not there, IndexError for a position outside of it."""
        if not 0 <= position < self._size(split):
            raise IndexError(f"{split} of {self.name} has no position {position}: it has {self.splits[split]} images")
        for row in self.rows(split, position, position + 1):
            return row
        raise _damaged(self.name, f"{split} has no row {position}")

    def field_values(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[dict[str, FieldValue]]:
        """The further values of the samples of a split in order, streamed; each lacks the names it has no value of."""
        end = self._size(split) if stop is None else stop
        columns = "".join(f", f{number}" for number in range(len(self.fields)))
        select = f"SELECT position{columns} FROM field_values WHERE split = ? AND position >= ? AND position < ?"  # noqa: S608
        try:
            with closing(_connect(self.root)) as index:
                following = start
                for position, *kept in index.execute(f"{select} ORDER BY position", (split, start, end)):
                    yield from ({} for _ in range(following, position))
                    yield self._values(kept)
                    following = position + 1
                yield from ({} for _ in range(following, end))
        except (sqlite3.Error, ValueError, TypeError, Unreadable) as error:
            raise _damaged(self.name, error) from None

    def _values(self, kept: Sequence[Any]) -> dict[str, FieldValue]:
        told = zip(self.fields, kept, strict=True)
        return {field.name: field_values.loaded(value, field.kind) for field, value in told if value is not None}

    def path(self, row: Row) -> Path:
        """The image's file; of an image inside of another file, that one's."""
        inside = row.place is not None and max(row.place.offset, row.place.record) >= 0
        return self.reader.path_of(row.place.source) if inside and row.place else Path(self.files_root, row.path)

    def read(self, row: Row) -> builtins.bytes:
        """The image file's bytes as they were imported; of a file that has grown since, one byte more than that.

        Raises OSError for what cannot be read, also for what is no file.
        """
        try:
            return _kept_reader(self.files_root, self.sources).read(row)
        except WorkError as error:
            raise OSError(errno.EIO, str(error), self.reader.name(row)) from None

    def read_many(self, rows: Sequence[Row]) -> list[builtins.bytes]:
        """As `read`, of several; records of one container in one request. Raises OSError where one cannot be read."""
        try:
            return _kept_reader(self.files_root, self.sources).read_many(rows)
        except WorkError as error:
            raise OSError(errno.EIO, str(error)) from None

    def shapes(self, split: str | None = None) -> dict[Shape, int]:
        """(height, width, 3) -> number of images, the most frequent first; of all splits or of one."""
        rows = self._query(
            "SELECT height, width, SUM(images) FROM shapes WHERE ? IS NULL OR split = ? GROUP BY 1, 2 ORDER BY 3 DESC",
            (split, split),
        )
        return {(height, width, 3): images for height, width, images in rows}

    def pixels(self) -> int:
        """Of all images of all splits: height x width."""
        return sum(height * width * images for (height, width, _), images in self.shapes().items())

    def class_counts(self) -> list[tuple[str, str, int]]:
        """(split, class, images) for every class of every split, in the order of `splits` and `classes`."""
        found = {(split, label): n for split, label, n in self._query("SELECT split, label, images FROM counts")}
        return [
            (split, name, found.get((split, label), 0))
            for split in self.splits
            for label, name in enumerate(self.classes)
        ]

    def split_bytes(self) -> dict[str, int]:
        """Bytes of the image files of each split."""
        found = dict(self._query("SELECT split, SUM(bytes) FROM counts GROUP BY split"))
        return {split: found[split] for split in self.splits}

    def class_bytes(self) -> dict[str, float]:
        """Mean bytes of an image file of each class that has images, all splits together."""
        mean = "SELECT label, 1.0 * SUM(bytes) / SUM(images) FROM counts GROUP BY label HAVING SUM(images)"
        found = self._query(mean)
        return {self.classes[label]: average for label, average in found}

    def skipped(self) -> list[Skipped]:
        """The images that were left out at import, and why."""
        return [Skipped(*row) for row in self._query("SELECT path, reason FROM skipped")]

    def unused(self) -> list[Skipped]:
        """What lay beside the images and was not taken, and what it seems to be."""
        if not self._query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'unused'"):
            return []  # schema 1
        return [Skipped(*row) for row in self._query("SELECT path, reason FROM unused")]

    def sample_positions(self, split: str, label: int | None = None, k: int = 64, seed: int = 0) -> list[int]:
        """Up to `k` different positions of a split, or of one class in it, drawn by `seed`, in ascending order."""
        first, count = 0, self._size(split)
        if label is not None:
            found = self._query("SELECT first, images FROM counts WHERE split = ? AND label = ?", (split, label))
            first, count = found[0] if found else (0, 0)
        drawn = random.Random(seed).sample(range(first, first + count), min(k, count))
        return sorted(drawn)

    def _size(self, split: str) -> int:
        if split not in self.splits:
            raise InputError(f"dataset {self.name!r} has no split {split!r}; it has: {', '.join(self.splits)}")
        return self.splits[split]

    def select(self, question: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The answers of the index, streamed. Raises InputError where it is damaged."""
        try:
            with closing(_connect(self.root)) as index:
                yield from index.execute(question, values)
        except sqlite3.Error as error:
            raise _damaged(self.name, error) from None

    def _query(self, question: str, values: Sequence[Any] = ()) -> list[Any]:
        return list(self.select(question, values))


@lru_cache(maxsize=4)
def _kept_reader(root: Path | str, sources: tuple[ReferencedSource, ...]) -> ImageReader:
    """One reader for all who ask for an image now and then: opening a container takes a process."""
    return ImageReader(root, sources)


BEFORE_REFERENCES = ("1", "2")
"""Schemas without references and fields."""

_SOURCE = "path, kind, schema, size, mtime_ns, options"


def _reference_root(root: Path) -> Path | str:
    """The folder or address that the dataset's sources lie in. Raises Unreadable where none is said, and InputError."""
    folder = read_object(root / REFERENCE).get("root")
    if isinstance(folder, str) and is_address(folder):
        return check_address(folder)
    if not isinstance(folder, str) or not Path(folder).is_absolute():
        raise Unreadable(f"{REFERENCE} names no folder")
    return Path(folder)


def _damaged(name: str, reason: object) -> InputError:
    return InputError(f"the index of dataset {name!r} is damaged ({reason}); delete it and import again")


def list_datasets(home: Home) -> list[Dataset]:
    """The datasets that are there and readable, by name."""
    found = []
    for name in _names(home):
        try:
            found.append(Dataset.open(home, name))
        except InputError:
            continue  # damaged: `open` says so to whoever asks for it by name
    return found


def delete_dataset(home: Home, name: str) -> None:
    """Remove an imported dataset; stores built from it stay.

    Raises InputError where it is not there or in use, WorkError where the disk refuses.
    """
    if check_name(name) not in _names(home):
        raise _unknown(home, name)
    with disk_trouble_told("deleting the dataset"), claim(home.raw / ".importing", name, "import") as scratch:
        remove((home.raw / name).rename(scratch / "deleted"))


def _unknown(home: Home, name: str) -> InputError:
    there = ", ".join(_names(home)) or "none yet; import one first"
    return InputError(f"there is no dataset {name!r}; there are: {there}")


def _names(home: Home) -> list[str]:
    return [path.name for path in entries(home.raw) if (path / INDEX).is_file()]


def _connect(root: Path) -> sqlite3.Connection:
    """Read-only; a published index never changes, so no locks are needed. Rows that are left half read may be let go
    of by any thread."""
    address = f"{(root / INDEX).absolute().as_uri()}?mode=ro&immutable=1"
    return sqlite3.connect(address, uri=True, check_same_thread=False)


def _split_order(split: str) -> tuple[int, str]:
    order = ("train", "val", "test")
    return (order.index(split) if split in order else len(order), split)
