"""LMDB and HDF5 as tutorials load them: one get or read per sample, decoded by Pillow, stacked by a DataLoader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import lmdb
import numpy as np
from torch.utils.data import Dataset

from ..inside.decoding import decoder
from ..inside.samples import Samples
from ..inside.torch_samples import SampleSource, TensorSample, data_loader, to_sample
from ..inside.work import RivalWork

if TYPE_CHECKING:
    from ..registration import Epochs

LMDB_FILE, HDF5_FILE = "images.lmdb", "images.h5"

LARGEST = 1 << 36
"""Bytes of address space for the LMDB that is written; its file is as long as what it holds."""

LABEL_BYTES = 8


class TutorialSamples(Dataset[TensorSample]):
    """Samples by index from a file that each worker opens at its first one."""

    def __init__(self, opened: Callable[[], SampleSource], samples: Samples, work: RivalWork) -> None:
        self._opened, self._samples, self._work = opened, samples, work
        self._source: SampleSource | None = None

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> TensorSample:
        if self._source is None:
            self._source = self._opened()
        data, ticket = self._source[index]
        return to_sample(data, ticket, self._samples, self._work, decoder("pillow"))


class LmdbValues:
    """An LMDB of "00000123" -> int64 label, payload."""

    def __init__(self, path: Path) -> None:
        environment = lmdb.open(str(path), subdir=False, readonly=True, lock=False, readahead=False)
        self._transaction = environment.begin()

    def __getitem__(self, index: int) -> tuple[bytes, int]:
        value = self._transaction.get(_key(index))
        assert value is not None
        return value[LABEL_BYTES:], int.from_bytes(value[:LABEL_BYTES], "little")


class Hdf5Rows:
    """A file with `images`, bytes of varying length or an array (n, H, W, 3), and `labels`."""

    def __init__(self, path: Path) -> None:
        self._file = h5py.File(path, "r")
        self._images, self._labels = self._file["images"], self._file["labels"]

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self._images[index].tobytes(), int(self._labels[index])


@dataclass(frozen=True)
class TutorialLmdb:
    def prepare(self, samples: Samples, folder: Path) -> None:
        path = str(folder / LMDB_FILE)
        with (
            lmdb.open(path, subdir=False, lock=False, map_size=LARGEST) as environment,
            environment.begin(write=True) as writing,
        ):
            for index, (data, ticket) in enumerate(samples.in_order()):
                writing.put(_key(index), ticket.to_bytes(LABEL_BYTES, "little") + data)

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        return data_loader(TutorialSamples(partial(LmdbValues, folder / LMDB_FILE), samples, work), work, shuffle=True)


@dataclass(frozen=True)
class TutorialHdf5:
    def prepare(self, samples: Samples, folder: Path) -> None:
        with h5py.File(folder / HDF5_FILE, "w") as file:
            if samples.shape is not None:
                images = file.create_dataset("images", (len(samples), *samples.shape, 3), np.uint8)
            else:
                images = file.create_dataset("images", (len(samples),), h5py.vlen_dtype(np.uint8))
            for index, (data, _) in enumerate(samples.in_order()):
                pixels = np.frombuffer(data, np.uint8)
                images[index] = pixels if samples.shape is None else pixels.reshape(*samples.shape, 3)
            file["labels"] = samples.tickets

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        return data_loader(TutorialSamples(partial(Hdf5Rows, folder / HDF5_FILE), samples, work), work, shuffle=True)


def _key(index: int) -> bytes:
    return b"%08d" % index
