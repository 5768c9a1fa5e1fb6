"""A training run: one store in one order, with a learner of its own that begins with everybody's weights."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

import torch
import xxhash

from ..loading.transfer import Batch
from .clock import TimedStep, clock_for, timed
from .dataloaders import DataLoaders
from .learner import Learner


class PixelDigest:
    """XXH3-64 of the batches that an epoch was trained on, pixels and labels; of those in the host's memory only."""

    def __init__(self) -> None:
        self._digest = xxhash.xxh3_64()
        self._seen = 0

    def __call__(self, batch: Batch) -> None:
        if batch.images.device.type == "cpu":
            self._digest.update(batch.images.permute(0, 2, 3, 1).contiguous().numpy().data)
            self._digest.update(batch.labels.numpy().data)
            self._seen += 1

    @property
    def text(self) -> str | None:
        """In hexadecimal; None where the batches were on another device."""
        return self._digest.hexdigest() if self._seen else None


@dataclass
class TrainingRun:
    """`about` names it in every row: store, format, variant, dataset, path, model, order, and why its workers."""

    about: Mapping[str, str]
    loaders: DataLoaders
    learner: Learner
    device: torch.device
    digest: PixelDigest = field(default_factory=PixelDigest)

    @property
    def steps(self) -> int:
        """An epoch."""
        return len(self.loaders.training.sampler)

    def train(self, epoch: int) -> Generator[TimedStep, None, None]:
        """One epoch (they count from 0), step by step."""
        self.digest = PixelDigest()
        self.loaders.training.set_epoch(epoch)
        with closing(iter(self.loaders.training)) as batches:
            yield from timed(batches, self.learner.learn, clock_for(self.device), self.digest)

    def validate(self) -> Generator[tuple[int, float, int], None, None]:
        """(samples, mean loss, right answers) of each batch."""
        self.loaders.validation.set_epoch(0)
        with closing(iter(self.loaders.validation)) as batches:
            for batch in batches:
                outcome = self.learner.evaluate(batch)
                yield len(batch.labels), outcome.loss.item(), int(outcome.correct.item())
