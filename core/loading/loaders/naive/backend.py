"""The tutorials' loader: one item of its dataset is one sample, with Pillow and PyTorch step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from ....base.contracts import Labels
from ....base.errors import WorkError
from ...batch_sampler import BatchSpec
from ...engine import Engine
from ...normalise import Normalise
from ...pipeline import StagedPipeline, check_shapes
from ...transfer import Transfer, torch_type
from ...transform import RESIZED, SIDE, random_numbers, train_view
from ..dataloader_engine import DataLoaderEngine, SampledDataset
from ..registration import EngineInputs

Place = tuple[int, int]
"""(epoch, index) of one sample."""


@dataclass(frozen=True, slots=True)
class NaiveLoader:
    """See `core.loading.loaders.registration.LoaderBackend`."""

    def engine(self, inputs: EngineInputs) -> tuple[Engine, Transfer]:
        dataset = OneByOne(inputs.stages, inputs.labels, inputs.size)
        return DataLoaderEngine(dataset, inputs.workers, inputs.channels_last), inputs.transfer


@dataclass(frozen=True)
class OneByOne(SampledDataset[tuple[torch.Tensor, int]]):
    """One item is one sample: one get, one decode with Pillow, one transform after the other."""

    pipeline: StagedPipeline
    labels: Labels
    size: tuple[int, int]

    def sampling(self, specs: Iterator[BatchSpec]) -> dict[str, Any]:
        return {"batch_sampler": ([(spec.epoch, int(index)) for index in spec.indices] for spec in specs)}

    def __getitem__(self, place: Place) -> tuple[torch.Tensor, int]:
        image = self._transformed(self._image(place[1]), place)
        check_shapes([np.asarray(image)], self.size)
        return to_tensor(image, self.pipeline.normalise), int(self.labels[place[1]])

    def _image(self, index: int) -> Image.Image:
        stages = self.pipeline
        one = np.array([index])
        (payload,) = stages.decompressed(one, stages.fetch(one))
        try:
            return Image.fromarray(stages.decode.encoding.decode(payload))
        except ValueError as error:
            raise WorkError(f"sample {index} of {stages.name} cannot be decoded: {error}") from error

    def _transformed(self, image: Image.Image, place: Place) -> Image.Image:
        name = self.pipeline.transform.name
        if name == "eval224":
            return resize_and_crop(image)
        if name == "train224":
            return random_crop_and_flip(image, place, self.pipeline.transform.seed)
        return image


def resize_and_crop(image: Image.Image) -> Image.Image:
    """`eval224`, step by step."""
    width, height = image.size
    shorter = min(width, height)
    image = image.resize((RESIZED * width // shorter, RESIZED * height // shorter), Image.Resampling.BILINEAR)
    left, top = round((image.width - SIDE) / 2), round((image.height - SIDE) / 2)
    return image.crop((left, top, left + SIDE, top + SIDE))


def random_crop_and_flip(image: Image.Image, place: Place, seed: int) -> Image.Image:
    """`train224`, step by step, with the random numbers of this sample in this epoch."""
    epoch, index = place
    view = train_view(image.height, image.width, random_numbers(seed, epoch, np.array([index]))[0])
    image = image.crop((view.left, view.top, view.right, view.bottom))
    image = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if view.flip else image


def to_tensor(image: Image.Image, normalise: Normalise) -> torch.Tensor:
    """(3, H, W), uint8 as it is; else float32 in 0..1, normalised then, and as halves rounded at last."""
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()
    if normalise.output == "uint8":
        return pixels
    mean, std = torch.tensor(normalise.mean)[:, None, None], torch.tensor(normalise.std)[:, None, None]
    return pixels.to(torch.float32).div(255).sub(mean).div(std).to(torch_type(normalise))
