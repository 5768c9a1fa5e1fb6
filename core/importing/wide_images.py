"""The second look of an import at images with samples wider than 8 bits, and at those that may be masks of 0 and 1.

How such samples become pixels depends on all images of the dataset (`images.value_range`), so that their checksums can
be taken only when all have been read.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..base import checksums
from ..base.contracts import Pixels, Row
from ..base.errors import WorkError
from ..base.events import Event, Pace, Progress
from ..datasets.image_reader import ImageReader
from ..datasets.index import IndexWriter
from ..images import pixels
from ..images.pixel_choice import PixelChoice
from ..images.value_range import DARK, ValueRange, Values
from ..processes.cpus import usable_cpus
from ..processes.pool import in_order, processes

CHUNK_IMAGES = 32
WORTH_A_POOL = 200


class Extremes:
    """The least and the largest value of all images, by their kind, and how many have bands that are not shown."""

    def __init__(self, choice: PixelChoice) -> None:
        self.choice = choice
        self._extremes: dict[str, tuple[float, float]] = {}
        self._counts: dict[str, int] = {}
        self._bands: dict[int, int] = {}
        self.pending = 0
        """Images whose pixels are not known yet."""

    def add(self, values: Values) -> None:
        low, high = self._extremes.get(values.kind, (values.low, values.high))
        self._extremes[values.kind] = (min(low, values.low), max(high, values.high))
        self._counts[values.kind] = self._counts.get(values.kind, 0) + 1
        self.pending += self.may_change(values)
        if values.bands:
            self._bands[values.bands] = self._bands.get(values.bands, 0) + 1

    def may_change(self, values: Values) -> bool:
        """Whether pixels made of these values may become others, once all images are known."""
        return values.kind != "byte" or values.high <= DARK or self.choice.stretches_bytes

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return {
            "extremes": self._extremes, "counts": self._counts, "pending": self.pending,
            "bands": [*self._bands.items()],
        }  # fmt: skip

    @classmethod
    def from_json(cls, told: Mapping[str, Any], choice: PixelChoice) -> Extremes:
        """Raises KeyError, TypeError and ValueError for what `to_json` does not write."""
        made = cls(choice)
        made._extremes = {kind: (low, high) for kind, (low, high) in told["extremes"].items()}
        made._counts = dict(told["counts"])
        made._bands = dict(told["bands"])
        made.pending = told["pending"]
        return made

    @property
    def range(self) -> ValueRange:
        return self.choice.of(self._extremes)

    def sentences(self) -> list[str]:
        """How the values were read."""
        return self.choice.told(self._extremes, self._counts, self._bands)


def read_again(
    splits: Iterable[str], count: int, values: ValueRange, index: IndexWriter, reader: ImageReader
) -> Iterator[Event]:
    """Decode the `count` images whose pixel checksum is pending by the dataset's range, and put it into the index.

    Raises:
        WorkError: a file that was just read is not there any more, or not what it was.
    """
    if not count:
        return
    done, pace = 0, Pace()
    for split in splits:
        for sums in _decoded(count, values, reader, _chunks(index, split)):
            index.set_pixel_checksums(split, sums)
            done += len(sums)
            if pace.due():
                yield Progress("scaling", done, count)
    yield Progress("scaling", done, count)


def _decoded(
    count: int, values: ValueRange, reader: ImageReader, chunks: Iterator[list[Row]]
) -> Iterator[list[tuple[int, int]]]:
    call = functools.partial(_checksums, reader, values)
    if count < WORTH_A_POOL:
        yield from map(call, chunks)
        return
    workers = usable_cpus()
    with processes(workers) as pool:
        yield from in_order(pool, workers, call, chunks)


def _chunks(index: IndexWriter, split: str) -> Iterator[list[Row]]:
    after = -1
    while rows := index.pending(split, after, CHUNK_IMAGES):
        yield rows
        after = rows[-1].position


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
