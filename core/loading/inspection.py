"""What a loader hands out while the clock runs, looked at where it cannot foresee it and compared afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from random import SystemRandom
from time import perf_counter
from typing import NamedTuple

import torch

from ..base.errors import WorkError
from .batch_sampler import BatchSampler, BatchSpec
from .check import compare_labels, compare_pixels
from .normalise import Normalise
from .pipeline import Stored
from .transfer import Batch

LOOKS = 8
"""Batches in a measurement whose pixels are compared, about."""

SAMPLES = 2
"""Samples of each that are copied for it: at 224 x 224 they cost a third of a millisecond."""


class SeenBatch(NamedTuple):
    """The labels of one batch, and where it was looked at more closely a copy of some of its samples."""

    epoch: int
    number: int
    labels: torch.Tensor
    first: int
    images: torch.Tensor | None


class Inspection:
    """Takes the labels of every batch and, at moments drawn at random, a few samples' pixels."""

    def __init__(self, seconds: float) -> None:
        """`seconds`: how long the measurement will last."""
        self._random = SystemRandom()
        self._between = seconds / LOOKS
        self._due = 0.0
        self._seen: list[SeenBatch] = []

    def see(self, epoch: int, number: int, batch: Batch) -> None:
        """Costs well under a microsecond a batch, and a small copy `LOOKS` times."""
        images, first = None, 0
        if (now := perf_counter()) >= self._due:
            self._due = now + self._random.uniform(0, 2 * self._between)
            first = self._random.randrange(len(batch.images)) if len(batch.images) else 0
            images = batch.images[first : first + SAMPLES].clone()
        self._seen.append(SeenBatch(epoch, number, batch.labels, first, images))

    def compare(self, store: Stored, sampler: BatchSampler, transform: str, seed: int, normalise: Normalise) -> int:
        """Every batch's number of samples and labels, and the pixels that were copied, against the store.

        Returns how many samples' pixels were compared. Raises WorkError that says what differs.
        """
        compared = 0
        for spec, seen in self._expected(sampler):
            compare_labels(store, spec, seen.labels)
            if seen.images is not None:
                few = spec._replace(indices=spec.indices[seen.first : seen.first + SAMPLES])
                compare_pixels(store, few, seen.images, normalise, transform, seed)
                compared += len(few.indices)
        return compared

    def _expected(self, sampler: BatchSampler) -> Iterator[tuple[BatchSpec, SeenBatch]]:
        """Each batch with the spec that it should be."""
        for epoch, group in groupby(self._seen, key=lambda seen: seen.epoch):
            specs = sampler.specs(epoch)
            for seen in group:
                spec = next(specs, None)
                if spec is None:
                    raise WorkError(f"epoch {epoch} had more than the {len(sampler):,} batches that belong to it")
                yield spec, seen
