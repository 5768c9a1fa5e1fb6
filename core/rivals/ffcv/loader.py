"""FFCV's side, run in its own environment: https://docs.ffcv.io (writing_datasets, making_dataloaders)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from ffcv.fields import IntField, RGBImageField
from ffcv.fields.basics import IntDecoder
from ffcv.fields.rgb_image import (
    IMAGE_MODES,
    RandomResizedCropRGBImageDecoder,
    SimpleRGBImageDecoder,
    encode_jpeg,
)
from ffcv.loader import Loader, OrderOption
from ffcv.transforms import NormalizeImage, RandomHorizontalFlip, Squeeze, ToTensor, ToTorchImage
from ffcv.writer import DatasetWriter
from PIL import Image

from ..inside.samples import Samples
from ..inside.work import MEAN, SIDE, STD, RivalWork
from ..registration import Epochs
from .source import PAGE_BYTES, FfcvSamples, pixels_of, refuse_large

FILE = "images.beton"


class OriginalBytes(RGBImageField):  # type: ignore[misc]
    """FFCV's field of images, given JPEG files: written as they are, with the size that their header tells."""

    def encode(self, destination: Any, data: bytes, malloc: Callable[[int], tuple[int, Any]]) -> None:
        destination["mode"] = IMAGE_MODES["jpg"]
        destination["width"], destination["height"] = Image.open(BytesIO(data)).size
        destination["data_ptr"], storage = malloc(len(data))
        storage[:] = np.frombuffer(data, np.uint8)


def _encoded_bytes(data: bytes, samples: Samples) -> int:
    """What FFCV's writer makes of a JPEG, in bytes."""
    return int(encode_jpeg(pixels_of(data, samples), RGBImageField().jpeg_quality).nbytes)


@dataclass(frozen=True)
class FfcvRival:
    """See `core.rivals.registration.RivalAdapter`. original: with the JPEG files' own bytes."""

    original: bool

    def prepare(self, samples: Samples, folder: Path) -> None:
        refuse_large(samples, None if self.original else _encoded_bytes)
        image = OriginalBytes() if self.original else RGBImageField("raw" if samples.shape else "jpg")
        writer = DatasetWriter(str(folder / FILE), {"image": image, "ticket": IntField()}, page_size=PAGE_BYTES)
        writer.from_indexed_dataset(FfcvSamples(samples, self.original))

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        crop = [RandomResizedCropRGBImageDecoder((SIDE, SIDE)), RandomHorizontalFlip()]
        decode = crop if work.transform == "train224" else [SimpleRGBImageDecoder()]
        normalise = NormalizeImage(255 * MEAN, 255 * STD, np.float32)
        loader = Loader(
            str(folder / FILE),
            batch_size=work.batch_size,
            num_workers=work.workers,
            order=OrderOption.RANDOM,
            seed=work.seed,
            os_cache=True,
            drop_last=False,
            custom_fields={"image": OriginalBytes} if self.original else {},
            pipelines={
                "image": [*decode, normalise, ToTensor(), ToTorchImage(channels_last=False)],
                "ticket": [IntDecoder(), ToTensor(), Squeeze(1)],
            },
        )
        return lambda: iter(loader)
