"""Which samples, in which order, in which batch, on which rank: decided by the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..base.contracts import Labels
from ..base.errors import InputError
from .block_shuffle import BlockPlan, block_order
from .block_shuffle import Indices as Indices

ORDERS: Mapping[str, bool | str] = {"shuffled": True, "blocks": "blocks"}
"""What commands and records call an order -> the `shuffle` of a sampler."""


class BatchSpec(NamedTuple):
    """One batch to be made: the `number`-th of epoch `epoch`, of the samples `indices`."""

    epoch: int
    number: int
    indices: Indices


@dataclass(frozen=True, slots=True)
class BatchSampler:
    """Every sample exactly once an epoch, cut into batches.

    `shuffle`: True (one random order of all samples), False (the store's order) or "blocks" (runs of neighbours,
    shuffled within windows, for stores that do not fit in memory: see `core.loading.block_shuffle`).
    Of `world_size` ranks each takes every `world_size`-th sample of the same order; together they read every
    sample once. Their shares differ by one sample at most, so give `drop_last=True` where every rank must make
    the same number of steps and the samples do not divide evenly.
    """

    samples: int
    batch_size: int
    shuffle: bool | str = True
    seed: int = 0
    drop_last: bool = False
    rank: int = 0
    world_size: int = 1

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise InputError(f"batch_size={self.batch_size}: a batch needs at least one sample")
        if self.shuffle not in (True, False, "blocks"):
            raise InputError(f'shuffle={self.shuffle!r}: choose True, False or "blocks"')
        if not 0 <= self.rank < self.world_size:
            raise InputError(f"rank {self.rank} of {self.world_size}: ranks count from 0 to world_size - 1")
        if self.seed < 0:
            raise InputError(f"seed={self.seed}: choose a seed of 0 or more")

    def __len__(self) -> int:
        """Batches an epoch, on this rank."""
        if self.drop_last:
            return self.samples // self.world_size // self.batch_size
        return -(-self.share // self.batch_size)

    @property
    def share(self) -> int:
        """Samples an epoch, on this rank, before any are dropped."""
        return len(range(self.rank, self.samples, self.world_size))

    @property
    def order_text(self) -> str:
        """What its order is, in words: "shuffled within windows of 32,512 samples (2,032 blocks of 16)"."""
        if self.shuffle == "blocks":
            return str(BlockPlan.of(self.samples))
        return "a random order of all samples" if self.shuffle else "the store's order"

    def order(self, epoch: int) -> Indices:
        """This rank's samples in the order of this epoch, int64 (share,)."""
        return self._order_of_all(epoch)[self.rank :: self.world_size]

    def specs(self, epoch: int) -> Iterator[BatchSpec]:
        order = self.order(epoch)
        for number in range(len(self)):
            first = number * self.batch_size
            yield BatchSpec(epoch, number, order[first : first + self.batch_size])

    def _order_of_all(self, epoch: int) -> Indices:
        if self.shuffle is False:
            return np.arange(self.samples, dtype=np.int64)
        random = np.random.default_rng((self.seed, epoch))
        if self.shuffle is True:
            return random.permutation(self.samples)
        return block_order(self.samples, random)


def shuffle_quality(labels: Labels, batches: Sequence[Indices]) -> float:
    """How well these batches mix the classes: 1.0 like a full shuffle, 0.0 like batches sorted by class.

    The measure is the total variation distance between a batch's class mix and the mix of all batches,
    averaged over the batches, and placed between what a full shuffle and what a sort by class give.
    """
    if not batches:
        return 1.0
    given = np.concatenate([labels[indices] for indices in batches])
    cuts = np.cumsum([len(indices) for indices in batches])[:-1]
    full = np.mean([_distance(np.random.default_rng(seed).permutation(given), cuts) for seed in range(3)])
    worst = _distance(np.sort(given), cuts)
    if worst - full < 1e-9:
        return 1.0
    return float(np.clip((worst - _distance(given, cuts)) / (worst - full), 0.0, 1.0))


def _distance(labels: Labels, cuts: npt.NDArray[np.intp]) -> float:
    """The mean total variation distance of batches, which `labels` is cut into, from all of them together."""
    _, classes = np.unique(labels, return_inverse=True)
    count = int(classes.max()) + 1
    everything = np.bincount(classes, minlength=count) / len(classes)
    batches = [np.bincount(batch, minlength=count) / len(batch) for batch in np.split(classes, cuts)]
    return float(np.mean([np.abs(batch - everything).sum() / 2 for batch in batches]))
