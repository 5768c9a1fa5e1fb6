"""CIFAR-10, the official Python version: five training batches and one for tests, each a pickle.

A batch is a dict: `data`, uint8 (n, 3072), each row 32 x 32 red, then green, then blue values, and `labels`, a list.
The pickles are read by `core.pickles`, which executes nothing. The arrays become PNGs, which lose nothing, called by
their number in their split.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..base.contracts import Labels, Pixels
from ..base.errors import InputError
from ..base.events import Event, Message
from ..base.options import option
from ..base.settings import SETTINGS, setting_text
from ..base.source_contracts import Recognition
from ..pickles import loads
from .array_source import ArrayRows, ArraySplit, PixelArraySource
from .downloading import download
from .recognise import known_layout
from .request import PatienceError, Request
from .unpacking import unpack

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
MD5 = "c58f30108f718f92721af3b95e74349a"
URL_VARIABLE = SETTINGS["mirrors.cifar10"].variable

SIDE = 32

BATCHES: Mapping[str, tuple[str, ...]] = {
    "train": tuple(f"data_batch_{number}" for number in range(1, 6)),
    "val": ("test_batch",),
}

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""What labels mean where `batches.meta` is missing."""


@dataclass
class Cifar10(PixelArraySource):
    """The unpacked folder that the request names, or else the archive from the net."""

    url: str = option(
        "", f"address of the archive; empty: the variable {URL_VARIABLE}, or the official one", title="URL"
    )
    md5: str = option(MD5, "checksum of the archive; empty: not checked", title="MD5")

    def prepare(self) -> Iterator[Event]:
        assert self.request is not None, "made by core.sources.open_source"
        path = self.request.path
        folder = known_layout(path)[1] if path else (yield from self._fetch(self.request))
        names = read_names(folder)
        splits: dict[str, ArraySplit] = {}
        for split, batches in BATCHES.items():
            missing = [name for name in batches if not (folder / name).is_file()]
            if missing:
                yield Message(f"{', '.join(missing)} missing: imported without", "warning")
            found = [read_batch(folder / name, len(names)) for name in batches if name not in missing]
            if found:
                splits[split] = _joined(split, found, names)
        if not splits:
            raise InputError(f"no batch of CIFAR-10 in {folder}; it should hold data_batch_1 to 5 and test_batch")
        self.recognition = Recognition("CIFAR-10, the Python version", "it has its batches")
        self.take(splits, sorted(names))

    def _fetch(self, request: Request) -> Generator[Event, None, Path]:
        """Download and unpack; returns the folder of batches."""
        url = self.url or setting_text("mirrors.cifar10") or URL
        archive = request.downloads / "cifar-10-python.tar.gz"
        if request.patience is not None and not archive.is_file():
            raise PatienceError("the import downloads it first")
        request.downloads.mkdir(parents=True, exist_ok=True)
        yield from download(url, archive, self.md5, "fetch the archive in another way and import it by its path")
        yield from unpack(archive, request.scratch / "cifar-10")
        return known_layout(request.scratch / "cifar-10")[1]


def _joined(split: str, batches: Sequence[tuple[Pixels, Labels]], names: Sequence[str]) -> ArraySplit:
    """The batches of a split as one; classes are in the order of their names."""
    pixels, labels = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    order = sorted(names)
    return ArraySplit(ArrayRows(pixels), np.array([order.index(name) for name in names], np.int64)[labels], split)


def read_batch(path: Path, classes: int) -> tuple[Pixels, Labels]:
    """A batch's images, uint8 (n, 32, 32, 3) (a view), and labels, int64 (n,).

    Raises:
        InputError: the pickle is refused, or is no batch of CIFAR-10.
    """
    batch = _read_dict(path)
    data, labels = batch.get("data"), batch.get("labels")
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != 3 * SIDE**2:
        raise InputError(f"{path} is no batch of CIFAR-10: its 'data' is not uint8 of shape (n, {3 * SIDE**2})")
    if not isinstance(labels, list) or len(labels) != len(data):
        raise InputError(f"{path} is no batch of CIFAR-10: it has {len(data)} images but not as many labels")
    if not all(type(label) is int and 0 <= label < classes for label in labels):
        raise InputError(f"{path} is no batch of CIFAR-10: its labels are not whole numbers from 0 to {classes - 1}")
    return data.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1), np.array(labels, dtype=np.int64)


def read_names(folder: Path) -> list[str]:
    """The classes' names by label, from `batches.meta`."""
    path = folder / "batches.meta"
    if not path.is_file():
        return list(CLASSES)
    names = _read_dict(path).get("label_names")
    if not isinstance(names, list) or not names or len({_text(name) for name in names}) != len(names):
        raise InputError(f"{path} has no 'label_names', or one of them twice")
    return [_text(name) for name in names]


def _read_dict(path: Path) -> dict[str, Any]:
    """The dict in a pickle; its keys are bytes where Python 2 wrote it."""
    try:
        content = loads(path.read_bytes())
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} is no batch of CIFAR-10: it holds no dict")
    return {_text(key): value for key, value in content.items()}


def _text(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
