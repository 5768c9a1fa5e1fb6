"""Every image of a dataset read and decoded: files that are gone or changed, pictures of one colour, hashes."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...base import checksums
from ...base.contracts import Pixels, Row
from ...images import perceptual_hash, pixels
from ...images.perceptual_hash import GreyThumbnails, Hashes
from ...processes.cpus import usable_cpus
from ...processes.pool import in_order, processes
from ..dataset import Dataset
from .findings import QualityFinding, found, image_ref

CHUNK_IMAGES = 64
CHUNK_BYTES = 4 << 20
WORTH_A_POOL = 500

EDGE = 128
"""Pixels of the shorter side to which a large JPEG may be decoded: enough for both hashes."""

FLAT = 8
"""Of 255: a picture whose channels reach no further than that has one colour (compression makes some noise)."""


class Fault(NamedTuple):
    """What is wrong with the image at a place of a chunk."""

    place: int
    kind: str
    reason: str


class RowChunk(NamedTuple):
    """Images of one split that are looked at in one call of a worker."""

    split: str
    rows: list[Row]


class Looked(NamedTuple):
    """A chunk after its images were decoded: uint64 (n, 2), zero for those that have a fault, and the faults."""

    hashes: Hashes
    faults: list[Fault]


class PictureFindings:
    """What reading the files of a dataset has found, by kind."""

    def __init__(self) -> None:
        self._kinds = {
            kind: QualityFinding(kind, meaning, remedy)
            for kind, meaning, remedy in (
                ("missing-files", "a build of the dataset stops at them", "put the files back, or import again"),
                (
                    "changed-files",
                    "they are not the files that were imported, and a build of the dataset stops at them",
                    "put the files back, or import again",
                ),
                ("black-images", "there is nothing to learn in them", _LOOK),
                ("white-images", "there is nothing to learn in them", _LOOK),
                ("one-colour-images", "there is nothing to learn in them", _LOOK),
            )
        }

    @property
    def findings(self) -> list[QualityFinding]:
        return found(self._kinds.values())

    def add(self, dataset: Dataset, split: str, row: Row, fault: Fault) -> None:
        image = image_ref(dataset, split, row.position, row.path, row.label)
        self._kinds[fault.kind].add(fault.reason, (image,))


_LOOK = "look at the files; where samples have more than 8 bits, at the range that the import has told"


def look_at_all(dataset: Dataset) -> Iterator[tuple[RowChunk, Looked]]:
    """All images, split by split in order, decoded in processes where they are many."""
    call = functools.partial(_look, dataset)
    chunks = _chunks(dataset)
    if sum(dataset.splits.values()) < WORTH_A_POOL:
        yield from map(call, chunks)
        return
    workers = usable_cpus()
    with processes(workers) as pool:
        yield from in_order(pool, workers, call, chunks)


def _chunks(dataset: Dataset) -> Iterator[RowChunk]:
    for split in dataset.splits:
        rows: list[Row] = []
        size = 0
        for row in dataset.rows(split):
            rows.append(row)
            size += row.bytes
            if len(rows) == CHUNK_IMAGES or size >= CHUNK_BYTES:
                yield RowChunk(split, rows)
                rows, size = [], 0
        if rows:
            yield RowChunk(split, rows)


def _look(dataset: Dataset, chunk: RowChunk) -> tuple[RowChunk, Looked]:
    faults: list[Fault] = []
    thumbnails: list[GreyThumbnails] = []
    sound: list[int] = []
    for place, (row, data) in enumerate(zip(chunk.rows, _read(dataset, chunk.rows), strict=True)):
        decoded = _decoded(dataset, row, data)
        if not isinstance(decoded, tuple):
            decoded = _colour_fault(decoded) or decoded
        if isinstance(decoded, tuple):
            faults.append(Fault(place, *decoded))
        else:
            sound.append(place)
            thumbnails.append(perceptual_hash.grey_thumbnails(decoded))
    hashes = np.zeros((len(chunk.rows), 2), np.uint64)
    hashes[sound] = perceptual_hash.perceptual_hashes(thumbnails)
    return chunk, Looked(hashes, faults)


def _read(dataset: Dataset, rows: Sequence[Row]) -> Sequence[bytes | OSError]:
    """The files' bytes, or why there are none."""
    try:
        return dataset.read_many(rows)
    except OSError:  # one of them: which?
        return [_read_one(dataset, row) for row in rows]


def _read_one(dataset: Dataset, row: Row) -> bytes | OSError:
    try:
        return dataset.read(row)
    except OSError as error:
        return error


def _decoded(dataset: Dataset, row: Row, data: bytes | OSError) -> Pixels | tuple[str, str]:
    """The pixels, or the kind of a fault and its reason."""
    if isinstance(data, OSError):
        return "missing-files", _reason(data)
    if len(data) != row.bytes or (row.checksum and checksums.of_bytes(data) != row.checksum):
        return "changed-files", "its bytes are not those that were imported"
    try:
        return pixels.decode(data, dataset.values, edge=EDGE)
    except pixels.BadImage as error:
        return "changed-files", str(error)


def _colour_fault(decoded: Pixels) -> tuple[str, str] | None:
    low, high = _extremes(decoded)
    if int((high - low).max()) > FLAT:
        return None
    if high.max() <= FLAT:
        return "black-images", f"no value above {high.max()} of 255"
    if low.min() >= 255 - FLAT:
        return "white-images", f"no value below {low.min()} of 255"
    colour = ", ".join(f"{(one + other) // 2}" for one, other in zip(low.tolist(), high.tolist(), strict=True))
    return "one-colour-images", f"all of it has the colour ({colour})"


def _extremes(decoded: Pixels) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """The least and the largest value of each channel."""
    channels = decoded.reshape(-1, 3)
    return channels.min(axis=0), channels.max(axis=0)


class FileSizes:
    """Whether the files of a dataset are there with the sizes that they had, without reading them."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._containers: dict[int, tuple[str, str] | None] = {}
        self._listed: dict[str, int] | None = None

    def fault(self, row: Row) -> Fault | None:
        """What is wrong with an image's file, or with the container that it lies in."""
        place = row.place
        if place is None or max(place.offset, place.record) < 0:
            wrong = self._file_fault(row)
        else:
            if place.source not in self._containers:
                self._containers[place.source] = self._container_fault(place.source)
            wrong = self._containers[place.source]
        return None if wrong is None else Fault(0, *wrong)

    def _file_fault(self, row: Row) -> tuple[str, str] | None:
        root = self._dataset.reference_root
        if not isinstance(root, str):
            return _size_fault(self._dataset.path(row), row.bytes)
        if self._listed is None:
            from ...remote.files import RemoteFiles

            # A thousand sizes a request.
            self._listed = {entry.path: entry.size for entry in RemoteFiles(root).listing()}
        size = self._listed.get(row.path)
        return ("missing-files", _GONE) if size is None else _size_change(row.path, size, row.bytes)

    def _container_fault(self, source: int) -> tuple[str, str] | None:
        if not 0 <= source < len(self._dataset.sources):
            return "missing-files", f"it refers to source {source}, of {len(self._dataset.sources)}"
        known = self._dataset.sources[source]
        path = Path(self._dataset.files_root, known.path)
        return _size_fault(path, known.size if known.size >= 0 else None)


_GONE = "it is not there any more"


def _size_fault(path: Path, expected: int | None) -> tuple[str, str] | None:
    """`expected`: bytes of the file; None for a folder, whose size says nothing."""
    try:
        size = path.stat().st_size
    except OSError as error:
        return "missing-files", _reason(error)
    return None if expected is None else _size_change(path.name, size, expected)


def _size_change(name: str, size: int, expected: int) -> tuple[str, str] | None:
    if size == expected:
        return None
    return "changed-files", f"{name} has {size:,} bytes, and had {expected:,} when it was imported"


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return _GONE
    return f"it cannot be read: {error.strerror or error}"
