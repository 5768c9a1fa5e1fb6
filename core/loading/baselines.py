"""The ways that ours is compared with, over the same store: a plain DataLoader, and the tutorials' way.

They follow the same batch sampler and draw the same random numbers as the fast way, so the same seed gives the same batches.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from ..base.contracts import Labels
from ..base.errors import FormatMattersError, InputError, WorkError
from .batch_sampler import BatchSpec
from .normalise import Normalise
from .pipeline import StagedPipeline, check_shapes
from .transfer import Batch
from .transform import RESIZED, SIDE, random_numbers, train_view
from .workers import Workers, available_cpus, parse_workers

Place = tuple[int, int]
"""(epoch, index) of one sample."""


class Sampled(Protocol):
    """A dataset that knows how a DataLoader has to ask it for the batches of these specifications."""

    def sampling(self, specs: Iterator[BatchSpec]) -> dict[str, Any]: ...


@dataclass(frozen=True)
class WholeBatches(Dataset[Batch]):
    """One item is a whole batch, made by the stages in a row."""

    pipeline: StagedPipeline
    labels: Labels
    size: tuple[int, int]

    def sampling(self, specs: Iterator[BatchSpec]) -> dict[str, Any]:
        return {"sampler": specs, "batch_size": None}

    def __getitem__(self, spec: BatchSpec) -> Batch:
        dtype = getattr(torch, self.pipeline.normalise.output)
        images = torch.empty((len(spec.indices), 3, *self.size), dtype=dtype)
        self.pipeline.fill(spec, images.numpy())
        return Batch(images, torch.from_numpy(self.labels[spec.indices]))


@dataclass(frozen=True)
class OneByOne(Dataset[tuple[torch.Tensor, int]]):
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
    """(3, H, W), uint8 as it is, or float32 in 0..1 and normalised then."""
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()
    if normalise.output == "uint8":
        return pixels
    mean, std = torch.tensor(normalise.mean)[:, None, None], torch.tensor(normalise.std)[:, None, None]
    return pixels.to(torch.float32).div(255).sub(mean).div(std)


class PlainEngine:
    """A `torch.utils.data.DataLoader` over one of these datasets, its workers processes as torch starts them."""

    def __init__(self, dataset: WholeBatches | OneByOne, workers: int | str, channels_last: bool) -> None:
        asked = parse_workers(workers)
        count = available_cpus() if asked is None else asked.count
        if asked is not None and asked.kind == "threads":
            raise InputError(f"workers={workers!r}: a DataLoader has no threads; choose a number of processes")
        reason = "one process a CPU" if asked is None else "as asked for"
        self.workers = Workers("processes" if count else "inline", count, reason)
        self.stages: dict[str, float] = {}
        self._dataset = dataset
        self._format = torch.channels_last if channels_last else torch.contiguous_format

    def batches(self, specs: Iterator[BatchSpec]) -> Generator[Batch, None, None]:
        loader: DataLoader[Any] = DataLoader(
            self._dataset, num_workers=self.workers.count, **self._dataset.sampling(specs)
        )
        try:
            made = iter(loader)
            while True:
                with self._dataset.pipeline.watch:  # the file's size tells, whatever became of a worker's batch
                    batch = next(made, None)
                if batch is None:
                    return
                yield Batch(batch[0].contiguous(memory_format=self._format), batch[1])
        except FormatMattersError as error:
            raise type(error)(_last_words(error)) from error
        except RuntimeError as error:
            if "DataLoader worker" in str(error):
                raise WorkError(_last_words(error)) from error
            raise

    def close(self) -> None:
        """Nothing to do: its processes end with each epoch."""


def _last_words(error: Exception) -> str:
    """The sentence at the end of what torch makes of an exception in a worker: "module.Class: sentence"."""
    line = str(error).strip().splitlines()[-1]
    return line.removeprefix(f"{type(error).__module__}.{type(error).__name__}: ")
