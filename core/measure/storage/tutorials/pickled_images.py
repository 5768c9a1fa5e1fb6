"""An image and its label as a pickled object in LMDB.

Pickles are executed when they are read, so none but our own is: `PickledImages.read` is given a folder that this
process has just filled, that nobody else may enter, and that is gone afterwards.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import lmdb
import numpy as np

from ....base.contracts import Pixels, Sizes
from ....formats.disk_errors import disk_errors_told
from ....formats.lmdb.format import LmdbFormat
from ..images import SourceImages
from ..methods import READ_MANY, READ_MANY_RANDOM, READ_ONE, READ_ONE_RANDOM, WRITE_MANY, WRITE_ONE, Batch, WriteStep
from .shared import STEP, Tutorial, parts_of, sizes_of

MAP_ROOM = 10
"""An LMDB's map is this many times the pixels that go into it."""


class PickledImage:
    """What is pickled: an image's bytes, how to make an image of them again, and its label."""

    def __init__(self, image: Pixels, label: int) -> None:
        self.channels = image.shape[2]
        self.size = image.shape[:2]
        self.image = image.tobytes()
        self.label = label

    def get_image(self) -> Pixels:
        """uint8 (height, width, channels), read-only: a view of the bytes."""
        return np.frombuffer(self.image, dtype=np.uint8).reshape(*self.size, self.channels)


@dataclass(frozen=True)
class PickledImages(Tutorial):
    """One: the database is opened, a transaction put through, and it is closed. Many: puts, in one transaction."""

    format = "lmdb"
    includes = "pickling, and the sync of each transaction; opening, unpickling"

    @property
    def layouts(self) -> Mapping[str, tuple[str, ...]]:
        return {WRITE_ONE: (), WRITE_MANY: (READ_ONE, READ_ONE_RANDOM, READ_MANY, READ_MANY_RANDOM)}

    def write(self, layout: str, folder: Path, images: SourceImages, count: int) -> Iterator[WriteStep]:
        # The map must hold all that comes, and at least the pages that an empty database begins with.
        room = max(MAP_ROOM * images.pixel_bytes * count, 1 << 20)
        write = self._write_one if layout == WRITE_ONE else self._write_many
        return _told(folder, write(os.fsencode(folder / "images.lmdb"), room, images, count))

    def _write_one(self, path: bytes, room: int, images: SourceImages, count: int) -> Iterator[WriteStep]:
        for done, number in enumerate(images.numbers(count)):
            environment = lmdb.open(path, map_size=room)
            with environment.begin(write=True) as transaction:
                _put(transaction, done, images, number)
            environment.close()
            if done % STEP == STEP - 1:
                yield WriteStep(done + 1)
        yield WriteStep(count)

    def _write_many(self, path: bytes, room: int, images: SourceImages, count: int) -> Iterator[WriteStep]:
        environment = lmdb.open(path, map_size=room)
        try:
            with environment.begin(write=True) as transaction:
                for done, number in enumerate(images.numbers(count)):
                    _put(transaction, done, images, number)
                    if done % STEP == STEP - 1:
                        yield WriteStep(done + 1)
        finally:
            environment.close()
        yield WriteStep(count)

    def read(self, operation: str, folder: Path, indices: Sequence[int]) -> Iterator[Batch]:
        many = operation in (READ_MANY, READ_MANY_RANDOM)
        return (self._read_many if many else self._read_one)(os.fsencode(folder / "images.lmdb"), indices)

    def _read_one(self, path: bytes, indices: Sequence[int]) -> Iterator[Batch]:
        for part in parts_of(indices):
            found = []
            for index in part:
                environment = lmdb.open(path, readonly=True)
                with environment.begin() as transaction:
                    found.append(_get(transaction, index))
                environment.close()
            yield found

    def _read_many(self, path: bytes, indices: Sequence[int]) -> Iterator[Batch]:
        environment = lmdb.open(path, readonly=True)
        try:
            with environment.begin() as transaction:
                for part in parts_of(indices):
                    yield [_get(transaction, index) for index in part]
        finally:
            environment.close()

    def sizes(self, folder: Path, images: SourceImages, count: int) -> Sizes:
        container = folder / "images.lmdb"
        path = os.fsencode(container)
        with lmdb.open(path, readonly=True, lock=False) as environment, environment.begin() as transaction:
            payload = sum(len(value) for _, value in transaction.cursor())
        return sizes_of(folder, payload, LmdbFormat().used_bytes(container))


def _told(folder: Path, steps: Iterator[WriteStep]) -> Iterator[WriteStep]:
    """What the disk refuses to LMDB, as the OSError that it is."""
    with disk_errors_told(folder, 0, lmdb.Error):
        yield from steps


def _put(transaction: lmdb.Transaction, number: int, images: SourceImages, distinct: int) -> None:
    value = PickledImage(images.pixels[distinct], images.labels[distinct])
    transaction.put(f"{number:08}".encode("ascii"), pickle.dumps(value))


def _get(transaction: lmdb.Transaction, number: int) -> tuple[Pixels, int]:
    data = cast("bytes", transaction.get(f"{number:08}".encode("ascii")))
    image = pickle.loads(data)  # noqa: S301 - written by this process a moment ago, into a folder of its own
    return image.get_image(), image.label
