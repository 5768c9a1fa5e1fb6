"""How such files are loaded usually: a Dataset that reads and decodes one sample at a time, in a DataLoader."""

from __future__ import annotations

import io
import os
import pickle
import random
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import lmdb
import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info

MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
BUFFERED = 1_000
"""Samples that WebDataset's pipelines shuffle among, in most examples."""


def normalised(pixels: np.ndarray) -> torch.Tensor:
    """ToTensor and Normalize, as torchvision has them."""
    image = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))).float().div(255)
    return (image - MEAN[:, None, None]) / STD[:, None, None]


def decoded(data: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))


class _Entries(Dataset[Any]):
    """An LMDB that each worker opens for itself."""

    def __init__(self, path: Path, samples: int) -> None:
        self.path, self.samples = path, samples
        self._reading: Any = None
        with lmdb.open(str(path), readonly=True, lock=False) as environment, environment.begin() as reading:
            self.keys = [key for key, _ in reading.cursor()]

    def __len__(self) -> int:
        return self.samples

    def value(self, index: int) -> bytes:
        if self._reading is None:
            self._reading = lmdb.open(str(self.path), readonly=True, lock=False, readahead=False).begin()
        return bytes(self._reading.get(self.keys[index]))


class PickledEntries(_Entries):
    """The tutorials' `Dataset`: unpickles what the file says."""

    def __getitem__(self, index: int) -> Any:
        entry = pickle.loads(self.value(index))
        return normalised(entry.get_image()), int(entry.label)


class JpegEntries(_Entries):
    """LSUN's: Pillow decodes each value; it has no labels."""

    def __getitem__(self, index: int) -> Any:
        return normalised(decoded(self.value(index))), 0


class Hdf5Rows(Dataset[Any]):
    """A row of each dataset, by h5py."""

    def __init__(self, path: Path, samples: int) -> None:
        self.path, self.samples = path, samples
        self._file: Any = None

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, index: int) -> Any:
        if self._file is None:
            self._file = h5py.File(self.path)
        return normalised(self._file["images"][index]), int(self._file["labels"][index])


class TarMembers(IterableDataset[Any]):
    """The members of a tar in their order, shuffled in a buffer; of several workers each takes its share."""

    def __init__(self, path: Path, samples: int) -> None:
        self.path = path

    def __iter__(self) -> Iterator[Any]:
        about = get_worker_info()
        number, step = (0, 1) if about is None else (about.id, about.num_workers)
        held: list[tuple[bytes, bytes]] = []
        for place, sample in enumerate(self._samples()):
            if place % step == number:
                held.append(sample)
            if len(held) > BUFFERED:
                yield self._made(held.pop(random.randrange(len(held))))
        random.shuffle(held)
        yield from map(self._made, held)

    def _samples(self) -> Iterator[tuple[bytes, bytes]]:
        with tarfile.open(self.path, "r|") as archive:
            found: dict[str, bytes] = {}
            for member in archive:
                file = archive.extractfile(member)
                found[member.name.rpartition(".")[2]] = b"" if file is None else file.read()
                if len(found) == 2:
                    yield found["jpg"], found["cls"]
                    found = {}

    def _made(self, sample: tuple[bytes, bytes]) -> Any:
        return normalised(decoded(sample[0])), int(sample[1])


def loader_of(name: str, path: Path, samples: int, workers: int, batch_size: int = 256) -> DataLoader[Any]:
    """A DataLoader over the Dataset of that name. Its workers end with each iterator, before others have their turn."""
    dataset = globals()[name](path, samples)
    shuffle = None if isinstance(dataset, IterableDataset) else True
    return DataLoader(dataset, batch_size, shuffle=shuffle, num_workers=workers)


WORKERS = min(os.cpu_count() or 1, 2)
