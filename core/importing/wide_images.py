"""The second look of an import at images with samples wider than 8 bits.

How such samples become pixels depends on all images of the dataset (`images.value_range`), so that their checksums can
be taken only when all have been read.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ..base import checksums
from ..base.contracts import Pixels, Place, Row
from ..base.errors import WorkError
from ..base.events import Event, Pace, Progress
from ..datasets.image_reader import ImageReader
from ..datasets.index import IndexWriter
from ..images import pixels
from ..images.value_range import ValueRange, Values, told
from ..processes.cpus import usable_cpus
from ..processes.pool import in_order, processes

CHUNK_IMAGES = 32
WORTH_A_POOL = 200


class Extremes:
    """The least and the largest value of all images, by their kind."""

    def __init__(self) -> None:
        self._extremes: dict[str, tuple[float, float]] = {}
        self._counts: dict[str, int] = {}

    def add(self, values: Values) -> None:
        low, high = self._extremes.get(values.kind, (values.low, values.high))
        self._extremes[values.kind] = (min(low, values.low), max(high, values.high))
        self._counts[values.kind] = self._counts.get(values.kind, 0) + 1

    @property
    def range(self) -> ValueRange:
        return ValueRange.of(self._extremes)

    def sentences(self) -> list[str]:
        """How the values were read."""
        return told(self._extremes, self._counts)


class WideImages:
    """The images of a dataset at `root` with wide samples, kept on disk beside it while the import works."""

    def __init__(self, root: Path) -> None:
        self._file = root.with_name("wide.sqlite")
        self._places: sqlite3.Connection | None = None
        self._count = 0

    def add(self, split: str, row: Row) -> None:
        if self._places is None:
            self._places = sqlite3.connect(self._file, isolation_level=None)
            self._places.executescript(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                "CREATE TABLE wide(split TEXT, position INTEGER, path TEXT, bytes INTEGER, source INTEGER,"
                "byte_offset INTEGER, record INTEGER, PRIMARY KEY (split, position)) WITHOUT ROWID; BEGIN;"
            )
        place = row.place or (None, None, None)
        self._places.execute(
            "INSERT INTO wide VALUES (?, ?, ?, ?, ?, ?, ?)", (split, row.position, row.path, row.bytes, *place)
        )
        self._count += 1

    def read_again(self, values: ValueRange, index: IndexWriter, reader: ImageReader) -> Iterator[Event]:
        """Decode them by the dataset's range and put their pixels' checksums into the index.

        Raises:
            WorkError: a file that was just written is not there any more, or not what it was.
        """
        if self._places is None:
            return
        done, pace = 0, Pace()
        for (split,) in self._places.execute("SELECT DISTINCT split FROM wide").fetchall():
            rows = self._places.execute(
                "SELECT position, path, bytes, source, byte_offset, record FROM wide WHERE split = ?", (split,)
            )
            for sums in self._decoded(values, reader, _chunks(map(_to_row, rows))):
                index.set_pixel_checksums(split, sums)
                done += len(sums)
                if pace.due():
                    yield Progress("scaling", done, self._count)
        yield Progress("scaling", done, self._count)

    def _decoded(
        self, values: ValueRange, reader: ImageReader, chunks: Iterator[list[Row]]
    ) -> Iterator[list[tuple[int, int]]]:
        call = functools.partial(_checksums, reader, values)
        if self._count < WORTH_A_POOL:
            yield from map(call, chunks)
            return
        workers = usable_cpus()
        with processes(workers) as pool:
            yield from in_order(pool, workers, call, chunks)

    def close(self) -> None:
        if self._places is not None:
            self._places.close()
            self._file.unlink(missing_ok=True)


def _to_row(kept: Sequence[Any]) -> Row:
    position, path, size, *place = kept
    return Row(position, path, 0, size, 0, 0, 0, 0, Place(*place) if place[0] is not None else None)


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK_IMAGES)):
        yield chunk


def _checksums(reader: ImageReader, values: ValueRange, rows: list[Row]) -> list[tuple[int, int]]:
    """(position, XXH3-64 of the pixels) of each image."""
    try:
        found = reader.read_many(rows)
    except OSError as error:
        raise WorkError(f"{error.filename} changed while it was imported ({error}); import again") from None
    return [
        (row.position, checksums.of_bytes(_pixels(row, data, values))) for row, data in zip(rows, found, strict=True)
    ]


def _pixels(row: Row, data: bytes, values: ValueRange) -> Pixels:
    try:
        return pixels.decode(data, values)
    except pixels.BadImage as error:
        raise WorkError(f"{row.path} changed while it was imported ({error}); import again") from None
