"""SVHN, cropped digits (http://ufldl.stanford.edu/housenumbers): `train_32x32.mat`, `test_32x32.mat` and another one.

MATLAB 5 files with `X`, uint8 (32, 32, 3, n), and `y`, (n, 1) from 1 to 10: the digit, where 10 stands for 0. Classes
are the digits, "0" to "9".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...base.contracts import Labels, Skipped
from ...base.errors import InputError
from ...base.events import Event, Message
from ...base.names import readable
from ...base.options import option
from ...inspect.mat5.file import Mat5File
from ...inspect.named_arrays.array import MemoryArray, NamedArray
from ...sources.array_source import ArraySplit, SourceImageRows
from .official import Official, OfficialFile, OfficialSource, no_such_files

FILES = {"train": "train_32x32.mat", "val": "test_32x32.mat"}
"""Split -> file."""

EXTRA = "extra_32x32.mat"
DIGITS = tuple("0123456789")


class _MatrixRows:
    """The images of `X`, along its last axis."""

    def __init__(self, array: NamedArray) -> None:
        self._array = array
        self.bare = isinstance(array, MemoryArray)
        self.shape = array.shape[:3]

    def rows(self, start: int, stop: int) -> npt.NDArray[np.uint8]:
        return np.moveaxis(self._array.rows(3, start, stop), 3, 0)


class _Joined:
    """The images of several files, one after the other."""

    bare = False

    def __init__(self, parts: list[tuple[SourceImageRows, int]]) -> None:
        self._parts = parts
        self.shape = parts[0][0].shape
        if any(images.shape != self.shape for images, _ in parts):
            raise InputError("the training images and the extra ones are of different sizes")

    def rows(self, start: int, stop: int) -> npt.NDArray[np.uint8]:
        found, at = [], 0
        for images, count in self._parts:
            first, last = max(start - at, 0), min(stop - at, count)
            if first < last:
                found.append(images.rows(first, last))
            at += count
        return np.concatenate(found)


@dataclass
class Svhn(OfficialSource):
    """The files in the request's folder, or one of them, or else those from the net."""

    extra: bool = option(
        False, "take the 531,131 easier digits of extra_32x32.mat for training as well (download 1.3 GB)"
    )

    official = Official(
        "http://ufldl.stanford.edu/housenumbers",
        "mirrors.svhn",
        "svhn",
        (
            OfficialFile("train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373"),
            OfficialFile("test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3"),
            OfficialFile("extra_32x32.mat", "a93ce644f1a588dc4d68dda5feec44a7"),
        ),
    )

    def prepare(self) -> Iterator[Event]:
        place = yield from self.find_files(self.official.files if self.extra else self.official.files[:2])
        folder = place if place.is_dir() else place.parent
        paths = {split: folder / name for split, name in FILES.items() if place in (folder, folder / name)}
        splits = {split: _split(path) for split, path in paths.items() if path.is_file()}
        if self.extra or place.name == EXTRA:
            splits["train"] = _with_extra(splits.get("train"), folder / EXTRA)
        if not splits:
            raise no_such_files(place, "train_32x32.mat, test_32x32.mat")
        told = self.recognition
        told.recognised = "SVHN, cropped digits"
        told.why = f"it has {' and '.join(part.origin for part in splits.values())}"
        told.notes.append("label 10 of the files is the digit 0, so classes are called by the digits")
        if (folder / EXTRA).exists() and EXTRA not in told.why:
            told.unused.append(Skipped(readable(folder / EXTRA), "easier digits, taken with --option extra=true"))
        told.notes += [f"{path.name} is not there: imported without" for path in paths.values() if not path.is_file()]
        self.take(splits, DIGITS)
        yield from (Message(note, "warning") for note in told.notes)


def _split(path: Path) -> ArraySplit:
    file = Mat5File(path)
    arrays = {array.name: array for array in file.arrays}
    images, labels = arrays.get("X"), arrays.get("y")
    if images is None or len(images.shape) != 4 or images.shape[2] != 3 or images.dtype != np.uint8:
        problem = "".join(f" ({one})" for one in file.warnings()[:1])
        wanted = "no uint8 array X of shape (height, width, 3, n)"
        raise InputError(f"{readable(path)} is no file of SVHN: it has {wanted}{problem}")
    return ArraySplit(_MatrixRows(images), _digits(path, labels, images.shape[3]), path.name)


def _digits(path: Path, labels: NamedArray | None, count: int) -> Labels:
    """The digits, int64 (count,)."""
    if labels is None or labels.size != count or labels.dtype.kind not in "iuf":
        raise InputError(f"{readable(path)} has no array y of {count:,} labels, one for each image of X")
    try:
        numbers = labels.first(count)
    except ValueError as error:
        raise InputError(f"{readable(path)} is damaged: {error}; get the file again") from None
    digits = numbers.astype(np.int64)
    if count and (digits.min() < 0 or digits.max() > 10 or np.any(digits != numbers)):
        raise InputError(f"{readable(path)} is no file of SVHN: its labels are not numbers from 1 to 10")
    return digits % 10


def _with_extra(train: ArraySplit | None, path: Path) -> ArraySplit:
    if not path.is_file():
        raise InputError(f"{readable(path)} is not there: get it, or import without extra=true")
    extra = _split(path)
    if train is None:
        return extra
    images = _Joined([(train.images, len(train.labels)), (extra.images, len(extra.labels))])
    return ArraySplit(images, np.concatenate([train.labels, extra.labels]), f"{train.origin} and {extra.origin}")
