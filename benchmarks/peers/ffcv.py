"""FFCV: its own container, numba and a C library; JPEGs are encoded again with quality 90."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import MEAN, SIDE, STD, Work


class _Images:
    def __init__(self, work: Work) -> None:
        self._samples = list(work.pixels())

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        return self._samples[index]


def prepare(work: Work, folder: Path) -> None:
    from ffcv.fields import IntField, RGBImageField
    from ffcv.writer import DatasetWriter

    fields = {"image": RGBImageField(write_mode="raw" if work.raw else "jpg"), "label": IntField()}
    DatasetWriter(str(folder / "images.beton"), fields, num_workers=2, page_size=1 << 23).from_indexed_dataset(
        _Images(work)
    )


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    from ffcv.fields.basics import IntDecoder
    from ffcv.fields.rgb_image import RandomResizedCropRGBImageDecoder, SimpleRGBImageDecoder
    from ffcv.loader import Loader, OrderOption
    from ffcv.transforms import NormalizeImage, RandomHorizontalFlip, Squeeze, ToTensor, ToTorchImage

    normalise = NormalizeImage(255 * MEAN, 255 * STD, np.float32)
    crop = [RandomResizedCropRGBImageDecoder((SIDE, SIDE)), RandomHorizontalFlip()]
    decode = crop if work.train224 else [SimpleRGBImageDecoder()]
    loader = Loader(
        str(folder / "images.beton"),
        batch_size=work.batch_size,
        num_workers=max(workers, 1),
        order=OrderOption.RANDOM,
        os_cache=True,
        drop_last=False,
        pipelines={
            "image": [*decode, normalise, ToTensor(), ToTorchImage(channels_last=False)],
            "label": [IntDecoder(), ToTensor(), Squeeze()],
        },
    )
    return lambda: iter(loader)
