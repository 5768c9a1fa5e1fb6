"""What SPDL's pipeline is given: which samples make a batch, where their files lie, and how FFmpeg crops one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import random

import numpy as np

from ..inside.views import random_box
from ..inside.work import SIDE


class ShuffledBatches:
    """Indices of the batches of an epoch; every iterator is another epoch, in another order."""

    def __init__(self, samples: int, batch_size: int, seed: int) -> None:
        self._samples, self._batch_size = samples, batch_size
        self._random = np.random.default_rng(seed)

    def __iter__(self) -> Iterator[list[int]]:
        order = self._random.permutation(self._samples)
        return (order[first : first + self._batch_size].tolist() for first in range(0, len(order), self._batch_size))


def file_of(folder: Path, name: str) -> Path:
    """Where a sample's file lies: at most 1,000 in a folder."""
    return folder / name[:5] / name


def crop_filter(width: int, height: int) -> str:
    """FFmpeg's description of torchvision's RandomResizedCrop and flip, drawn for one image of this size."""
    left, top, right, bottom = random_box(width, height)
    crop = f"crop={right - left}:{bottom - top}:{left}:{top}:exact=1"
    scale = f"scale={SIDE}:{SIDE}:flags=bilinear"
    return ",".join([crop, scale, *(["hflip"] if random() < 0.5 else []), "format=pix_fmts=rgb24"])
