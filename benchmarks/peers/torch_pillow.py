"""torch's DataLoader over the image files, decoded and transformed by Pillow: what everybody begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch.utils.data import Dataset

from benchmarks.peers import Work
from benchmarks.peers.samples import Sample, data_loader, normalised, random_crop


class _Files(Dataset[Sample]):
    def __init__(self, work: Work) -> None:
        self._work = work
        self._files = work.files()

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> Sample:
        path, label = self._files[index]
        image = Image.open(path).convert("RGB")
        return normalised(np.asarray(random_crop(image) if self._work.train224 else image)), label


def prepare(work: Work, folder: Path) -> None:
    """It reads the files as they are."""
    if work.raw:
        raise NotImplementedError("its files are JPEGs")


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    return data_loader(_Files(work), work, workers, shuffle=True)
