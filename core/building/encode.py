"""The way of a chunk of samples from image files to stored payloads, in this process or in several."""

from __future__ import annotations

import hashlib
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from ..base import checksums
from ..base.contracts import Buffer, Compression, Encoding, Row
from ..base.errors import InputError, WorkError
from ..datasets.dataset import Dataset
from ..datasets.image_reader import ImageReader
from ..images.pixels import OriginalImage
from ..images.value_range import DEFAULT, ValueRange
from ..processes.cpus import usable_cpus
from ..processes.pool import await_start, in_order, processes
from .entry_points import noted
from .recipe import Recipe

CHUNK_SAMPLES = 512
CHUNK_BYTES = 1 << 22

IMAGE_WORK = 5_000
"""What an image takes beside its pixels, in pixels."""

WORTH_IMAGES, WORTH_PIXELS = 2_000, 50_000_000
"""So many, or pixels in all, from which on starting processes costs less than it saves."""


class EncodedChunk(NamedTuple):
    """Consecutive samples, ready to be written; `checksums` are XXH3-64 of the encoded payloads, 8 bytes each,
    `digests` SHA-256, 32 bytes each.

    `work`: what they took to be encoded (`work_of`). `records`: where a JPEG index is wanted, those of the samples, and
    the processor time that they took.
    """

    payloads: Sequence[Buffer]
    labels: list[int]
    suffixes: list[str]
    checksums: bytes
    digests: bytes
    work: int
    records: Sequence[bytes] = ()
    noting_s: float = 0.0


@dataclass(frozen=True)
class Encoder:
    """Reads image files, encodes and compresses them. Travels to worker processes."""

    reader: ImageReader
    encoding: Encoding
    compression: Compression
    values: ValueRange = DEFAULT
    jpeg_index: int | None = None

    def __call__(self, rows: Sequence[Row]) -> EncodedChunk:
        """Raises WorkError where a file is not what it was when it was imported."""
        encoded = self.encode(rows)
        sums = array("Q", map(checksums.of_bytes, encoded))
        ending = self.compression.suffix
        began = time.thread_time()
        records = [] if self.jpeg_index is None else noted(encoded, self.jpeg_index)
        noting_s = time.thread_time() - began
        return EncodedChunk(
            payloads=encoded if self.compression.identity else list(map(self.compression.compress, encoded)),
            labels=[row.label for row in rows],
            suffixes=[self.encoding.suffix(payload) + ending for payload in encoded],
            checksums=sums.tobytes(),
            digests=b"".join([hashlib.sha256(payload).digest() for payload in encoded]),
            work=work_of(len(rows), sum(row.height * row.width for row in rows)),
            records=records,
            noting_s=noting_s,
        )

    def encode(self, rows: Sequence[Row]) -> list[bytes]:
        encode = self.encoding.encode
        return [encode(OriginalImage(data, self.values)) for data in self._read(rows)]

    def _checked(self, row: Row, data: bytes) -> bytes:
        if len(data) != row.bytes or (row.checksum and checksums.of_bytes(data) != row.checksum):
            raise WorkError(f"{self.reader.name(row)} has changed since it was imported; import the dataset again")
        return data

    def _read(self, rows: Sequence[Row]) -> list[bytes]:
        try:
            found = self.reader.read_many(rows)
        except OSError as error:
            where = error.filename or self.reader.root
            moved = ", or say with import --relink where its images lie now" if self.reader.sources else ""
            raise WorkError(f"{where} cannot be read ({error.strerror}); import the dataset again{moved}") from None
        return [self._checked(row, data) for row, data in zip(rows, found, strict=True)]


def chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Consecutive rows, so many that neither their number nor their pixels are too much to hold several of."""
    chunk: list[Row] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += max(row.bytes, row.height * row.width * 3)
        if len(chunk) == CHUNK_SAMPLES or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


Encode = Callable[[Iterable[Row]], Iterator[EncodedChunk]]
"""From the rows of a split to its chunks, in order."""


def work_of(images: int, pixels: int) -> int:
    """How much work it is to encode so many images with so many pixels in all: what takes twice as long is twice as
    much. In pixels."""
    return images * IMAGE_WORK + pixels


def is_worth_processes(dataset: Dataset) -> bool:
    """Whether encoding its images in several processes takes less time than in one, their start included."""
    return sum(dataset.splits.values()) >= WORTH_IMAGES or dataset.pixels() >= WORTH_PIXELS


def workers_for(asked: int | None, recipe: Recipe) -> int:
    """How many processes encode: what was asked for, else none where starting them costs more than the work.

    Where payloads are the files' bytes as they are, and nothing is to be found out about them, one process reads faster
    than several hand over.
    """
    if asked is not None:
        if asked < 0:
            raise InputError(f"workers={asked}: give 0 (encode in the building process) or more")
        return asked
    return 0 if recipe.only_copies or not is_worth_processes(recipe.dataset) else usable_cpus()


class Ready(NamedTuple):
    """What encodes, ready to work, and the seconds that starting its processes and loading its kernels took."""

    encode: Encode
    startup_s: float


@contextmanager
def encoded(encoder: Encoder, workers: int) -> Iterator[Ready]:
    """A function from rows to chunks in order: in this process (`workers` 0) or in a pool of processes.

    The processes have started before it is handed over, so that their start is no part of any split's time.
    """
    began, startup_s = time.perf_counter(), 0.0
    if encoder.jpeg_index is not None:
        encoder([])  # compiles kernels, where that was not done yet, once for all processes
        startup_s = time.perf_counter() - began
    if workers == 0:
        yield Ready(lambda rows: map(encoder, chunks(rows)), startup_s)
        return
    with processes(workers) as pool:
        await_start(pool, workers, encoder, [])
        yield Ready(lambda rows: in_order(pool, workers, encoder, chunks(rows)), time.perf_counter() - began)
