"""Every image of a dataset read and decoded: files that are gone or changed, pictures of one colour, hashes."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...base import checksums
from ...base.contracts import Pixels, Row
from ...base.errors import FormatMattersError
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
    for place, row in enumerate(chunk.rows):
        decoded = _decoded(dataset, row)
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


def _decoded(dataset: Dataset, row: Row) -> Pixels | tuple[str, str]:
    """The pixels, or the kind of a fault and its reason."""
    try:
        data = dataset.read(row)
    except FileNotFoundError:
        return "missing-files", "it is not there any more"
    except (OSError, FormatMattersError) as error:
        return "missing-files", f"it cannot be read: {error}"
    if len(data) != row.bytes or checksums.of_bytes(data) != row.checksum:
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


def file_fault(dataset: Dataset, row: Row) -> Fault | None:
    """Whether an image's file is there with the size that it had, without reading it."""
    try:
        size = dataset.path(row).stat().st_size
    except FileNotFoundError:
        return Fault(0, "missing-files", "it is not there any more")
    except OSError as error:
        return Fault(0, "missing-files", f"it cannot be read: {error.strerror}")
    if size == row.bytes:
        return None
    return Fault(0, "changed-files", f"it has {size:,} bytes, {row.bytes:,} were imported")
