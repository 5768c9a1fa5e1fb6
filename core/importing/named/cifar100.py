"""CIFAR-100, the official Python version: `train` and `test`, each a pickle, and the names of the classes in `meta`.

A batch is a dict: `data`, uint8 (n, 3072), each row 32 x 32 red, then green, then blue values; `fine_labels` and
`coarse_labels`, lists of n. The pickles are read by `core.pickles`, which executes nothing. The other one of the two
labels is kept as a field.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...base.errors import InputError
from ...base.events import Event, Message
from ...base.options import option
from ...inspect.cifar.batches import SIDE, CifarBatch, names_beside
from ...inspect.cifar.file import read_batch
from ...sources.array_source import ArrayRows, ArraySplit
from .official import Official, OfficialFile, OfficialSource, no_such_files

BATCHES = {"train": "train", "val": "test"}
"""Split -> file."""

MOST_CLASSES = 1000


@dataclass
class Cifar100(OfficialSource):
    """The unpacked folder or the archive that the request names, or else the archive from the net."""

    label: str = option(
        "fine",
        "which of both labels is the class: 100 fine or 20 coarse ones; the other one is kept as a field",
        choices=("fine", "coarse"),
    )

    official = Official(
        "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
        "mirrors.cifar100",
        "cifar-100",
        (OfficialFile("cifar-100-python.tar.gz", "eb9058c3a382ffc7106e4002c42a8d85"),),
    )

    def prepare(self) -> Iterator[Event]:
        folder = yield from self.find_files(self.official.files)
        batches = {split: read_batch(folder / name) for split, name in BATCHES.items() if (folder / name).is_file()}
        if not batches:
            raise no_such_files(folder, "train, test")
        other = "coarse" if self.label == "fine" else "fine"
        names, of_other = (_names(folder, batches.values(), kind) for kind in (self.label, other))
        self.recognition.recognised = "CIFAR-100, the Python version"
        self.recognition.why = f"it has {' and '.join(BATCHES[split] for split in batches)}, pickled batches"
        splits = {}
        for split, batch in batches.items():
            labels, others = (_labels(folder / batch.name, batch, kind) for kind in (self.label, other))
            if others.size and not 0 <= others.min() <= others.max() < len(of_other):
                raise InputError(f"{folder / batch.name}: a {other} label has no name in meta")
            further = {f"{other}_label": [of_other[number] for number in others]}
            splits[split] = ArraySplit(_images(batch), labels, batch.name, further)
        missing = [name for split, name in BATCHES.items() if split not in batches]
        self.recognition.notes += [f"{name} is not there: imported without" for name in missing]
        self.take(splits, names)
        yield from (Message(note, "warning") for note in self.recognition.notes)


def _images(batch: CifarBatch) -> ArrayRows:
    return ArrayRows(batch.data.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1))


def _labels(path: Path, batch: CifarBatch, kind: str) -> npt.NDArray[np.int64]:
    labels = batch.labels.get(f"{kind}_labels")
    if labels is None:
        raise InputError(f"{path} is no batch of CIFAR-100: it has no {kind} labels, one for each image")
    return labels


def _names(folder: Path, batches: Collection[CifarBatch], kind: str) -> list[str]:
    """By label, from `meta`; the numbers themselves where it is missing."""
    names = names_beside(folder)[0].get(f"{kind}_labels")
    if names is None:
        top = max((int(batch.labels[f"{kind}_labels"].max(initial=0)) for batch in batches
                   if f"{kind}_labels" in batch.labels), default=0)  # fmt: skip
        return [str(number) for number in range(min(top, MOST_CLASSES) + 1)]
    if len(set(names)) != len(names):
        raise InputError(f"{folder / 'meta'} has a {kind} label's name twice")
    return names
