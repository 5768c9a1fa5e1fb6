"""The ways of a well-known tutorial on storing images, as rows of their own: what a class's code costs.

PNG files with CSV labels; pickled objects in LMDB; HDF5 with an image a file, and with all of them in one. Each opens
and closes what it uses with every call, as the tutorial's functions do. (R. Stoltz, "Three Ways of Storing and
Accessing Lots of Images in Python", Real Python, 2019: the calls are its calls, the words are ours.)

Pickles are executed when they are read, so none but our own is: `PickledImages.read` is given a folder that this
process has just filled, that nobody else may enter, and that is gone afterwards.
"""

from __future__ import annotations

import csv
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, cast

import h5py
import lmdb
import numpy as np
from PIL import Image

from core.contracts import Pixels, Sizes
from core.formats.hdf5 import Hdf5
from core.formats.lmdb import Lmdb
from core.formats.walk import files_below
from core.measure.storage.images import Images
from core.measure.storage.ways import (
    READ_MANY,
    READ_MANY_RANDOM,
    READ_ONE,
    READ_ONE_RANDOM,
    TUTORIAL,
    WRITE_MANY,
    WRITE_ONE,
    Batch,
    Step,
)

STEP = 64
"""Images between two looks at the clock."""

BIG_ENDIAN_BYTE = h5py.h5t.STD_U8BE
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
class _Tutorial:
    """What the three share."""

    variant = TUTORIAL

    def expected(self, images: Images, number: int) -> int:
        return images.checksums[number]

    def memory_bytes(self, layout: str, images: Images, count: int) -> int:
        """Everything at once: the tutorial's functions take and return whole lists."""
        return count * images.pixel_bytes * (1 if layout == WRITE_ONE else 2)


# ---------------------------------------------------------------- PNG + CSV


@dataclass(frozen=True)
class PngAndCsv(_Tutorial):
    """One: an image and a CSV of its label, each a file. Many: images as files, all labels in <number>.csv."""

    format = "disk"
    includes = "PNG encoding, files, CSV; opening, decoding, CSV"

    @property
    def layouts(self) -> Mapping[str, tuple[str, ...]]:
        return {WRITE_ONE: (READ_ONE, READ_ONE_RANDOM), WRITE_MANY: (READ_MANY, READ_MANY_RANDOM)}

    def write(self, layout: str, folder: Path, images: Images, count: int) -> Iterator[Step]:
        for done, number in enumerate(images.numbers(count)):
            Image.fromarray(images.pixels[number]).save(folder / f"{done}.png")
            if layout == WRITE_ONE:
                _write_labels(folder / f"{done}.csv", [images.labels[number]])
            if done % STEP == STEP - 1:
                yield Step(done + 1)
        if layout == WRITE_MANY:
            _write_labels(folder / f"{count}.csv", [images.labels[number] for number in images.numbers(count)])
        yield Step(count)

    def read(self, operation: str, folder: Path, indices: Sequence[int]) -> Iterator[Batch]:
        many = operation in (READ_MANY, READ_MANY_RANDOM)
        labels = _read_labels(folder / f"{len(indices)}.csv") if many else []
        for part in _parts(indices):
            yield [
                (
                    np.array(Image.open(folder / f"{index}.png")),
                    labels[index] if many else _read_labels(folder / f"{index}.csv")[0],
                )
                for index in part
            ]

    def sizes(self, folder: Path, images: Images, count: int) -> Sizes:
        pictures = sum(path.stat().st_size for path in folder.glob("*.png"))
        return _sizes(folder, pictures, used=None)


def _write_labels(path: Path, labels: Sequence[int]) -> None:
    with path.open("w") as file:
        writer = csv.writer(file, delimiter=" ", quotechar="|", quoting=csv.QUOTE_MINIMAL)
        writer.writerows([label] for label in labels)


def _read_labels(path: Path) -> list[int]:
    with path.open("r") as file:
        return [int(row[0]) for row in csv.reader(file, delimiter=" ", quotechar="|", quoting=csv.QUOTE_MINIMAL)]


# ---------------------------------------------------------------- LMDB


@dataclass(frozen=True)
class PickledImages(_Tutorial):
    """One: the database is opened, a transaction put through, and it is closed. Many: puts, in one transaction."""

    format = "lmdb"
    includes = "pickling, and the sync of each transaction; opening, unpickling"

    @property
    def layouts(self) -> Mapping[str, tuple[str, ...]]:
        return {WRITE_ONE: (), WRITE_MANY: (READ_ONE, READ_ONE_RANDOM, READ_MANY, READ_MANY_RANDOM)}

    def write(self, layout: str, folder: Path, images: Images, count: int) -> Iterator[Step]:
        # The map must hold all that comes, and at least the pages that an empty database begins with.
        room = max(MAP_ROOM * images.pixel_bytes * count, 1 << 20)
        write = self._write_one if layout == WRITE_ONE else self._write_many
        return write(str(folder / "images.lmdb"), room, images, count)

    def _write_one(self, path: str, room: int, images: Images, count: int) -> Iterator[Step]:
        for done, number in enumerate(images.numbers(count)):
            environment = lmdb.open(path, map_size=room)
            with environment.begin(write=True) as transaction:
                _put(transaction, done, images, number)
            environment.close()
            if done % STEP == STEP - 1:
                yield Step(done + 1)
        yield Step(count)

    def _write_many(self, path: str, room: int, images: Images, count: int) -> Iterator[Step]:
        environment = lmdb.open(path, map_size=room)
        try:
            with environment.begin(write=True) as transaction:
                for done, number in enumerate(images.numbers(count)):
                    _put(transaction, done, images, number)
                    if done % STEP == STEP - 1:
                        yield Step(done + 1)
        finally:
            environment.close()
        yield Step(count)

    def read(self, operation: str, folder: Path, indices: Sequence[int]) -> Iterator[Batch]:
        many = operation in (READ_MANY, READ_MANY_RANDOM)
        return (self._read_many if many else self._read_one)(str(folder / "images.lmdb"), indices)

    def _read_one(self, path: str, indices: Sequence[int]) -> Iterator[Batch]:
        for part in _parts(indices):
            found = []
            for index in part:
                environment = lmdb.open(path, readonly=True)
                with environment.begin() as transaction:
                    found.append(_get(transaction, index))
                environment.close()
            yield found

    def _read_many(self, path: str, indices: Sequence[int]) -> Iterator[Batch]:
        environment = lmdb.open(path, readonly=True)
        try:
            with environment.begin() as transaction:
                for part in _parts(indices):
                    yield [_get(transaction, index) for index in part]
        finally:
            environment.close()

    def sizes(self, folder: Path, images: Images, count: int) -> Sizes:
        container = folder / "images.lmdb"
        with lmdb.open(str(container), readonly=True, lock=False) as environment, environment.begin() as transaction:
            payload = sum(len(value) for _, value in transaction.cursor())
        return _sizes(folder, payload, Lmdb().used_bytes(container))


def _put(transaction: lmdb.Transaction, number: int, images: Images, distinct: int) -> None:
    value = PickledImage(images.pixels[distinct], images.labels[distinct])
    transaction.put(f"{number:08}".encode("ascii"), pickle.dumps(value))


def _get(transaction: lmdb.Transaction, number: int) -> tuple[Pixels, int]:
    data = cast("bytes", transaction.get(f"{number:08}".encode("ascii")))
    image = pickle.loads(data)  # noqa: S301 - written by this process a moment ago, into a folder of its own
    return image.get_image(), image.label


# ---------------------------------------------------------------- HDF5


@dataclass(frozen=True)
class Hdf5Files(_Tutorial):
    """One: an image a file. Many: datasets `images` and `meta` in one file, read as a whole."""

    format = "hdf5"
    includes = "files and datasets; opening, reading, conversion"

    @property
    def layouts(self) -> Mapping[str, tuple[str, ...]]:
        return {WRITE_ONE: (READ_ONE, READ_ONE_RANDOM), WRITE_MANY: (READ_MANY,)}

    def write(self, layout: str, folder: Path, images: Images, count: int) -> Iterator[Step]:
        if layout == WRITE_ONE:
            return self._write_files(folder, images, count)
        return self._write_file(folder / "images.h5", *images.stacked(count))

    def _write_files(self, folder: Path, images: Images, count: int) -> Iterator[Step]:
        for done, number in enumerate(images.numbers(count)):
            image, label = images.pixels[number], images.labels[number]
            with h5py.File(folder / f"{done}.h5", "w") as file:
                file.create_dataset("image", np.shape(image), BIG_ENDIAN_BYTE, data=image)
                file.create_dataset("meta", np.shape(label), BIG_ENDIAN_BYTE, data=label)
            if done % STEP == STEP - 1:
                yield Step(done + 1)
        yield Step(count)

    def _write_file(self, path: Path, images: Pixels, labels: Any) -> Iterator[Step]:
        with h5py.File(path, "w") as file:
            file.create_dataset("images", np.shape(images), BIG_ENDIAN_BYTE, data=images)
            file.create_dataset("meta", np.shape(labels), BIG_ENDIAN_BYTE, data=labels)
        yield Step(len(images))

    def read(self, operation: str, folder: Path, indices: Sequence[int]) -> Iterator[Batch]:
        if operation == READ_MANY:
            return self._read_file(folder / "images.h5")
        return self._read_files(folder, indices)

    def _read_files(self, folder: Path, indices: Sequence[int]) -> Iterator[Batch]:
        for part in _parts(indices):
            found = []
            for index in part:
                with h5py.File(folder / f"{index}.h5", "r+") as file:
                    image = np.array(file["/image"]).astype("uint8")
                    found.append((image, int(np.array(file["/meta"]).astype("uint8"))))
            yield found

    def _read_file(self, path: Path) -> Iterator[Batch]:
        with h5py.File(path, "r+") as file:
            images = np.array(file["/images"]).astype("uint8")
            labels = np.array(file["/meta"]).astype("uint8")
        yield zip(images, labels.tolist(), strict=True)

    def sizes(self, folder: Path, images: Images, count: int) -> Sizes:
        one_file = folder / "images.h5"
        used = Hdf5().used_bytes(one_file) if one_file.exists() else None
        return _sizes(folder, sum(images.pixels[number].nbytes + 1 for number in images.numbers(count)), used)


# ---------------------------------------------------------------- what they share


def _parts(indices: Sequence[int]) -> Iterator[list[int]]:
    rest = iter(indices)
    while part := list(islice(rest, STEP)):
        yield part


def _sizes(folder: Path, payload: int, used: int | None) -> Sizes:
    """Of all files in a folder; where nothing says what is in use inside of them, all of them is."""
    found = list(files_below(folder))
    apparent = sum(status.st_size for status in found)
    allocated = sum(getattr(status, "st_blocks", -(-status.st_size // 512)) * 512 for status in found)
    return Sizes(payload, apparent if used is None else used, allocated, apparent, len(found))
