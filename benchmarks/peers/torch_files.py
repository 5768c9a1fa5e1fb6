"""torch's DataLoader over the image files: with Pillow, what everybody begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from torch.utils.data import Dataset

from benchmarks.peers import Work
from benchmarks.peers.samples import DECODERS, Sample, data_loader, sample_of


class _Files(Dataset[Sample]):
    def __init__(self, work: Work, decoder: str) -> None:
        self._work, self._decode = work, DECODERS[decoder]
        self._files = work.files()

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> Sample:
        path, label = self._files[index]
        return sample_of(self._decode(path.read_bytes()), label, self._work)


def prepare(work: Work, folder: Path) -> None:
    """It reads the files as they are."""
    if work.raw:
        raise NotImplementedError("its files are encoded images")


def open_epochs(work: Work, folder: Path, workers: int, decoder: str) -> Callable[[], Iterator[Any]]:
    return data_loader(_Files(work, decoder), work, workers, shuffle=True)
