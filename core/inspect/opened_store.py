"""The tutorials' layouts with the face of a store: length, classes, labels, and (pixels, label) by index."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..base.contracts import Labels, Pixels
from ..base.errors import InputError
from .files import InspectedFile, open_inspected

LABEL_BATCH = 4096


class ForeignStore:
    """A file made elsewhere, read through a reader process. Survives pickling and fork: each process opens its own.

    Reading is safe rather than fast; import the images to build something fast of them.
    """

    def __init__(self, path: Path, split: str | None = None) -> None:
        self.path = path
        self.split = split
        self._file: InspectedFile | None = None
        self._pid: int | None = None
        self.about: dict[str, Any] = self._opened().summary()

    def __len__(self) -> int:
        return int(self.about["entries"])

    def __getitem__(self, index: int) -> tuple[Pixels, int]:
        """RGB pixels, uint8 (height, width, 3), and the class number (-1 where the file has none).

        Raises:
            IndexError: no such index.
            InputError: the record is no image; the text says why.
        """
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} of {len(self)} samples")
        sample = self._opened().sample(int(index) % len(self))
        if sample.pixels is None:
            raise InputError(f"{self.path}, entry {sample.about['key']}: {sample.about.get('problem', 'not an image')}")
        return sample.pixels, self._number(sample.about["label"])

    @cached_property
    def labels(self) -> Labels:
        """The class number of every sample, int64 (n,); -1 where the file has none. Reads every record once."""
        together = self._opened().numbers()
        return np.array([self._number(label) for label in self._raw_labels], np.int64) if together is None else together

    @cached_property
    def classes(self) -> list[str]:
        """The names that the file gives; else the labels that occur, as text."""
        if self.about["classes"]:
            return list(self.about["classes"])
        numbers = [label for label in self._raw_labels if isinstance(label, int)]
        if numbers:
            return [str(number) for number in range(max(numbers) + 1)]
        return sorted({label for label in self._raw_labels if isinstance(label, str)})

    def close(self) -> None:
        if self._file is not None and self._pid == os.getpid():
            self._file.close()
        self._file, self._pid = None, None

    def __reduce__(self) -> tuple[Any, ...]:
        return ForeignStore, (self.path, self.split)

    @cached_property
    def _raw_labels(self) -> list[int | str | None]:
        file, total = self._opened(), len(self)
        starts = range(0, total, LABEL_BATCH)
        return [label for start in starts for label in file.labels(start, min(start + LABEL_BATCH, total))]

    def _number(self, label: int | str | None) -> int:
        if isinstance(label, str):
            return self._numbers.get(label, -1)
        return -1 if label is None else label

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.classes)}

    def _opened(self) -> InspectedFile:
        if self._file is None or self._pid != os.getpid():
            self._file, self._pid = open_inspected(self.path), os.getpid()
        return self._file


def open_foreign(path: str | os.PathLike[str], split: str | None = None) -> ForeignStore:
    """A file or folder made elsewhere as a store; with `split`, the part of that name inside the folder `path`.

    Raises:
        InputError: it is of no known kind, or has no such split.
    """
    chosen = Path(path).expanduser().absolute()
    if split is not None:
        parts = [chosen / f"{split}{ending}" for ending in (".lmdb", "_lmdb", ".h5", ".hdf5", "")]
        chosen = next((part for part in parts if part.exists()), chosen)
    return ForeignStore(chosen, split)
