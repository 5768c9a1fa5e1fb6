"""torch's DataLoader over the image files, decoded and transformed by Pillow: what everybody begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import exp, log, sqrt
from pathlib import Path
from random import randint, random, uniform
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from benchmarks.peers import MEAN, SIDE, STD, Work

MEAN_TENSOR = torch.tensor(MEAN, dtype=torch.float32)[:, None, None]
STD_TENSOR = torch.tensor(STD, dtype=torch.float32)[:, None, None]


class _Files(Dataset[Any]):
    def __init__(self, work: Work) -> None:
        self._work = work
        self._files = work.files()

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        path, label = self._files[index]
        image = Image.open(path).convert("RGB")
        if self._work.train224:
            image = _random_crop(image)
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()
        return pixels.to(torch.float32).div(255).sub(MEAN_TENSOR).div(STD_TENSOR), label


def _random_crop(image: Image.Image) -> Image.Image:
    for _ in range(10):
        area = image.width * image.height * uniform(0.08, 1)
        ratio = exp(uniform(log(3 / 4), log(4 / 3)))
        width, height = round(sqrt(area * ratio)), round(sqrt(area / ratio))
        if 0 < width <= image.width and 0 < height <= image.height:
            left, top = randint(0, image.width - width), randint(0, image.height - height)
            image = image.crop((left, top, left + width, top + height))
            break
    image = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random() < 0.5 else image


def prepare(work: Work, folder: Path) -> None:
    """It reads the files as they are."""
    if work.raw:
        raise NotImplementedError("its files are JPEGs")


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    loader = DataLoader(
        _Files(work), work.batch_size, shuffle=True, num_workers=workers, persistent_workers=workers > 0
    )
    return lambda: iter(loader)
