"""MNIST and Fashion-MNIST, and others in their layout: images and labels in idx files, plain or gzipped.

`train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, and the same with `t10k` for the test images, which are the
validation split. Images stay grey.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ...base.errors import InputError
from ...base.events import Event, Message
from ...base.names import readable
from ...base.options import option
from ...inspect.idx.file import IdxFile
from ...sources.array_source import ArraySplit
from ...sources.recognise import idx_file
from .official import Official, OfficialFile, OfficialSource, no_such_files

STEMS = {"train": ("train",), "val": ("t10k", "test")}
"""Split -> what its files' names begin with."""

MOST_CLASSES = 10_000
MOST_IMAGES = 1 << 25
"""Of one file; labels of all of them are held in memory."""

FASHION = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"
)  # fmt: skip


class _IdxRows:
    """The images of an idx file."""

    def __init__(self, file: IdxFile) -> None:
        self._file = file
        self.bare = not file.compressed
        self.shape = file.header.shape[1:]

    def rows(self, start: int, stop: int) -> npt.NDArray[np.uint8]:
        return self._file.array.rows(0, start, stop)


@dataclass
class Mnist(OfficialSource):
    """The files in the request's folder, or else MNIST's from the net."""

    names: str = option(
        "numbers", "what classes are called: by their numbers, or as Fashion-MNIST's", choices=("numbers", "fashion")
    )

    official = Official(
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "mirrors.mnist",
        "mnist",
        (
            OfficialFile("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            OfficialFile("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
            OfficialFile("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
            OfficialFile("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
        ),
    )
    called: ClassVar[str] = "idx files, as MNIST has"

    def prepare(self) -> Iterator[Event]:
        folder = yield from self.find_files(self.official.files)
        splits: dict[str, ArraySplit] = {}
        for split, stems in STEMS.items():
            path = next((found for stem in stems if (found := idx_file(folder, stem, "images"))), None)
            if path is None:
                self.recognition.notes.append(f"{stems[0]}-images-idx3-ubyte is not there: imported without")
                continue
            splits[split] = _split(path)
        if not splits:
            raise no_such_files(folder, "train-images-idx3-ubyte, t10k-images-idx3-ubyte (plain or .gz)")
        self.recognition.recognised = self.called
        self.recognition.why = f"it has {' and '.join(part.origin for part in splits.values())}"
        self.take(splits, FASHION if self.names == "fashion" else self._numbers(splits))
        yield from (Message(note, "warning") for note in self.recognition.notes)

    def _numbers(self, splits: dict[str, ArraySplit]) -> list[str]:
        top = max(int(part.labels.max(initial=0)) for part in splits.values())
        if top >= MOST_CLASSES:
            raise InputError(f"a label is {top:,}: classes are numbers below {MOST_CLASSES:,} here")
        assert self.request is not None
        if self.request.path is not None and top < len(FASHION):
            self.recognition.notes.append(
                "classes are called by their numbers, since idx files name none; --option names=fashion names clothes"
            )
        return [str(number) for number in range(max(top, 9) + 1)]


@dataclass
class FashionMnist(Mnist):
    """The same with Fashion-MNIST's classes."""

    names: str = option(
        "fashion", "what classes are called: as Fashion-MNIST's, or by their numbers", choices=("numbers", "fashion")
    )

    official = Official(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "mirrors.fashion_mnist",
        "fashion-mnist",
        (
            OfficialFile("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            OfficialFile("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
            OfficialFile("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
            OfficialFile("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
        ),
    )
    called = "Fashion-MNIST, idx files"


def _split(path: Path) -> ArraySplit:
    file = IdxFile(path)
    header = file.header
    if len(header.shape) != 3 or header.dtype != np.uint8:
        shape = " x ".join(map(str, header.shape))
        raise InputError(f"{readable(path)} holds {shape} numbers of {header.dtype}: not images of bytes in grey")
    if header.shape[0] > MOST_IMAGES:
        raise InputError(
            f"{readable(path)} says that it has {header.shape[0]:,} images; at most {MOST_IMAGES:,} are read"
        )
    if file.entries < header.shape[0]:
        raise InputError(f"{readable(path)}: {file.warnings()[0]}; get the file again")
    return ArraySplit(_IdxRows(file), _labels(path, file.entries), path.name)


def _labels(images: Path, count: int) -> npt.NDArray[np.int64]:
    """Those of the file beside. Raises InputError where there is none, or none that fits."""
    stem = images.name.partition("-")[0]
    path = idx_file(images.parent, stem, "labels")
    if path is None:
        missing = f"{stem}-labels-idx1-ubyte(.gz)"
        raise InputError(f"{readable(images)} has no labels beside it; put {missing} into its folder")
    file = IdxFile(path)
    if file.header.dtype.kind not in "iu" or len(file.header.shape) != 1 or file.entries != count:
        raise InputError(f"{readable(path)} has no {count:,} labels, one for each image of {images.name}")
    try:
        return file.array.rows(0, 0, count).astype(np.int64)
    except ValueError as error:
        raise InputError(f"{readable(path)} is damaged: {error}; get the file again") from None
