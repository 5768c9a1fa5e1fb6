"""FFCV: its own container, numba and a C library; JPEGs are encoded again with quality 90."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import MEAN, SIDE, STD, Work


def prepare(work: Work, folder: Path) -> None:
    from ffcv.fields import RGBImageField

    if work.png:
        raise NotImplementedError("it has no PNG")
    write(list(work.pixels()), RGBImageField(write_mode="raw" if work.raw else "jpg"), folder)


def write(samples: Sequence[tuple[Any, int]], image_field: Any, folder: Path) -> None:
    """Write (image, label) to its container, the images as the field takes them."""
    from ffcv.fields import IntField
    from ffcv.writer import DatasetWriter

    fields = {"image": image_field, "label": IntField()}
    DatasetWriter(str(folder / "images.beton"), fields, num_workers=2, page_size=1 << 23).from_indexed_dataset(samples)


def open_epochs(work: Work, folder: Path, workers: int, image_field: type | None = None) -> Callable[[], Iterator[Any]]:
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
        custom_fields={} if image_field is None else {"image": image_field},
        pipelines={
            "image": [*decode, normalise, ToTensor(), ToTorchImage(channels_last=False)],
            "label": [IntDecoder(), ToTensor(), Squeeze()],
        },
    )
    return lambda: iter(loader)
