"""HDF5 the tutorials' way: one read a sample (variable-length bytes, or a dense array), libjpeg-turbo, a DataLoader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from benchmarks.peers import Work
from benchmarks.peers.samples import Indexed, data_loader, encoded


class _File:
    def __init__(self, path: Path) -> None:
        file = h5py.File(path)
        self._images, self._labels = file["images"], file["labels"]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._images[index].tobytes(), self._labels[index]


def prepare(work: Work, folder: Path) -> None:
    samples = list(encoded(work))
    with h5py.File(folder / "images.h5", "w") as file:
        images = file.create_dataset("images", (len(samples),), h5py.vlen_dtype(np.uint8))
        for number, (data, _) in enumerate(samples):
            images[number] = np.frombuffer(data, np.uint8)
        file["labels"] = [label for _, label in samples]


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    path = folder / "images.h5"
    return data_loader(Indexed(lambda: _File(path), len(work.files()), work), work, workers, shuffle=True)
