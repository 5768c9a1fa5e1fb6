"""STL-10, the binary version (https://cs.stanford.edu/~acoates/stl10): `train_X.bin`, `test_X.bin`, labels beside.

An image is 96 x 96 red, then green, then blue bytes, each plane column by column. Labels are bytes from 1 on, in
`train_y.bin` and `test_y.bin`; `class_names.txt` has a name for each. The 100,000 images without labels
(`unlabeled_X.bin`) are left out; of an archive they are not even unpacked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...base.contracts import Skipped
from ...base.errors import InputError
from ...base.events import Event, Message
from ...base.names import readable
from ...formats.maps import mapped
from ...sources.array_source import ArrayRows, ArraySplit
from .official import Official, OfficialFile, OfficialSource, no_such_files

SIDE = 96
IMAGE_BYTES = 3 * SIDE**2

STEMS = {"train": "train", "val": "test"}
"""Split -> what its files' names begin with."""

CLASSES = ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck")
"""What labels mean where `class_names.txt` is missing."""

LONGEST_NAMES = 1 << 16


@dataclass
class Stl10(OfficialSource):
    """The unpacked folder, one of its files or the archive that the request names, or else the archive from the net."""

    official = Official(
        "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
        "mirrors.stl10",
        "stl10",
        (OfficialFile("stl10_binary.tar.gz", "91f7769df0f17e558f3565bffb0c7dfb"),),
    )

    def prepare(self) -> Iterator[Event]:
        place = yield from self.find_files(self.official.files, lambda name: not name.endswith("unlabeled_X.bin"))
        folder = place if place.is_dir() else place.parent
        paths = {split: folder / f"{stem}_X.bin" for split, stem in STEMS.items()}
        chosen = {split: path for split, path in paths.items() if path.is_file() and place in (folder, path)}
        if not chosen:
            raise no_such_files(place, "train_X.bin, test_X.bin")
        told = self.recognition
        told.recognised = "STL-10, the binary version"
        told.why = f"it has {' and '.join(path.name for path in chosen.values())}"
        without = "images without labels"
        told.notes.append(f"unlabeled_X.bin ({without}) is left out")
        if (folder / "unlabeled_X.bin").exists():
            told.unused.append(Skipped(readable(folder / "unlabeled_X.bin"), without))
        told.notes += [f"{path.name} is not there: imported without" for path in paths.values() if not path.is_file()]
        self.take({split: _split(path) for split, path in chosen.items()}, _names(folder))
        yield from (Message(note, "warning") for note in told.notes)


def _split(path: Path) -> ArraySplit:
    images = _images(path)
    labels = path.with_name(path.name.replace("_X", "_y"))
    if not labels.is_file() or labels.stat().st_size != len(images):
        raise InputError(f"{readable(labels)} has no {len(images):,} labels, one for each image of {path.name}")
    numbers = np.fromfile(labels, np.uint8).astype(np.int64) - 1
    return ArraySplit(ArrayRows(images), numbers, path.name)


def _images(path: Path) -> npt.NDArray[np.uint8]:
    """Those of one file, (n, height, width, 3), in its map."""
    memory = memoryview(mapped(path))
    if len(memory) % IMAGE_BYTES:
        raise InputError(f"{readable(path)} has {len(memory):,} bytes, which is no number of images; get it again")
    return np.frombuffer(memory, np.uint8).reshape(-1, 3, SIDE, SIDE).transpose(0, 3, 2, 1)


def _names(folder: Path) -> list[str]:
    """By label, from `class_names.txt`."""
    path = folder / "class_names.txt"
    if not path.is_file() or path.stat().st_size > LONGEST_NAMES:
        return list(CLASSES)
    names = [line.strip() for line in path.read_text("utf-8", "backslashreplace").splitlines() if line.strip()]
    if len(set(names)) != len(names):
        raise InputError(f"{readable(path)} names a class twice")
    return names
