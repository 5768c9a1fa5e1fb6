"""Which samples, in which order, in which batch, on which rank: decided by the seed and the epoch alone.

An epoch has one global order of all samples, whatever the ranks. Global batch k of G = batch_size x world_size samples
is its positions [k G, (k + 1) G), of which rank r takes every `world_size`-th, from the r-th on (see `place`). So as
many samples a step, on whatever number of ranks, are the same steps; and an epoch that stopped at a position goes on
there with the rest of its order, on whatever ranks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..base import checksums
from ..base.contracts import Labels
from ..base.errors import InputError
from ..base.units import counted
from .block_shuffle import BlockPlan, block_order
from .block_shuffle import Indices as Indices
from .shard_shuffle import ShardPlan, check_starts, shard_order

ORDERS: Mapping[str, bool | str] = {"shuffled": True, "blocks": "blocks", "shards": "shards"}
"""What commands and records call an order -> the `shuffle` of a sampler."""

LASTS = ("pad", "drop", "uneven")
"""What may become of the samples at the end of an epoch that do not fill equal batches."""


class BatchSpec(NamedTuple):
    """One batch to be made: the `number`-th of epoch `epoch`, of the samples `indices`."""

    epoch: int
    number: int
    indices: Indices


@dataclass(frozen=True, slots=True)
class BatchSampler:
    """Every sample exactly once an epoch, cut into batches.

    `shuffle`: True (one random order of all samples), False (the store's order), "blocks" (runs of neighbours,
    shuffled within windows, for stores that do not fit in memory: see `core.loading.block_shuffle`) or "shards" (shard
    by shard within a moving window, for shards that are read whole: see `core.loading.shard_shuffle`). `shard_starts`:
    for "shards" the first sample of each, and the end, int64 (shards + 1,); `window`: samples of a window at most;
    `groups`: of ranks, each with shards of its own, one for each machine or a multiple. The order depends on them.

    `last`: what becomes of the samples that do not fill equal batches at the end of an epoch.
    "pad": every rank takes as many steps with as many samples each; where samples are missing for that, fewer than
    there are ranks, the first ones of the epoch are handed out a second time (`padded`). On one rank none ever are: the
    last batch is smaller. "drop": batches that are not full on all ranks are left out (`dropped`). "uneven": shares
    differ by one sample at most, and so may the numbers of steps. `drop_last=True` means "drop"; None is "pad".
    """

    samples: int
    batch_size: int
    shuffle: bool | str = True
    seed: int = 0
    drop_last: bool = False
    rank: int = 0
    world_size: int = 1
    last: str | None = None
    shard_starts: Indices | None = field(default=None, compare=False, repr=False)
    window: int | None = None
    groups: int = 1

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise InputError(f"batch_size={self.batch_size}: a batch needs at least one sample")
        if self.shuffle not in (True, False, "blocks", "shards"):
            raise InputError(f'shuffle={self.shuffle!r}: choose True, False, "blocks" or "shards"')
        if not 0 <= self.rank < self.world_size:
            raise InputError(f"rank {self.rank} of {self.world_size}: ranks count from 0 to world_size - 1")
        if self.seed < 0:
            raise InputError(f"seed={self.seed}: choose a seed of 0 or more")
        if self.last not in (None, *LASTS):
            raise InputError(f"last={self.last!r}: choose one of {', '.join(LASTS)}")
        if self.drop_last and self.last not in (None, "drop"):
            raise InputError(f'drop_last=True is last="drop": leave out drop_last, or last={self.last!r}')
        if self.window is not None and self.window < 1:
            raise InputError(f"window={self.window}: a window holds at least one sample")
        if self.groups < 1 or (self.groups > 1 and self.shuffle != "shards"):
            raise InputError(f'groups={self.groups}: 1, or with shuffle="shards" as many as machines, or a multiple')
        if self.shuffle == "shards":
            check_starts(self.shard_starts, self.samples)

    def __len__(self) -> int:
        """Batches an epoch, on this rank."""
        return self.steps()

    def steps(self, position: int = 0) -> int:
        """Batches on this rank from a position of the global order on."""
        return -(-self.handed_out(position) // self.batch_size)

    @property
    def share(self) -> int:
        """Samples that this rank is handed in an epoch."""
        return self.handed_out()

    def handed_out(self, position: int = 0) -> int:
        """Samples that this rank is handed from a position of the global order on."""
        left = self.samples - position
        if self._ending == "drop":
            return left // self.global_batch * self.batch_size
        if self._ending == "pad":
            return -(-left // self.world_size)
        return len(range(self.place, left, self.world_size))

    @property
    def place(self) -> int:
        """The first position of each step that is this rank's: `rank`. Of several groups neighbouring ranks share one,
        where they divide the ranks."""
        if self.world_size % self.groups:
            return self.rank
        group, member = divmod(self.rank, self.world_size // self.groups)
        return group + self.groups * member

    def is_over(self, position: int) -> bool:
        """Whether no rank is handed anything from a position of the global order on."""
        return self.samples - position < (self.global_batch if self._ending == "drop" else 1)

    @property
    def global_batch(self) -> int:
        """Samples of a step, all ranks together."""
        return self.batch_size * self.world_size

    @property
    def padded(self) -> int:
        """Samples that all ranks together are handed a second time in an epoch."""
        return -self.samples % self.world_size if self._ending == "pad" else 0

    @property
    def dropped(self) -> int:
        """Samples that no rank is handed in an epoch."""
        return self.samples % self.global_batch if self._ending == "drop" else 0

    @property
    def order_text(self) -> str:
        """What its order is, in words: "shuffled within windows of 32,512 samples (2,032 blocks of 16)"; and what
        becomes of samples that do not fill equal batches, if there are such."""
        return "; ".join([self._order_text, *self._ending_text])

    @property
    def order_identity(self) -> dict[str, Any]:
        """What its global order depends on, besides the epoch, as plain values."""
        name = next((name for name, shuffle in ORDERS.items() if shuffle == self.shuffle), "stored")
        told: dict[str, Any] = {"samples": self.samples, "seed": self.seed, "order": name}
        if self.shuffle == "shards":
            starts = check_starts(self.shard_starts, self.samples)
            told |= {"window": ShardPlan.of(starts, self.window, self.groups).window, "groups": self.groups}
            told["shards"] = f"{checksums.of_bytes(starts.astype('<i8')):016x}"
        return told

    def order(self, epoch: int, position: int = 0) -> Indices:
        """This rank's samples in the order of this epoch, from a position of the global order on; int64
        (handed_out(position),)."""
        everything = self.global_order(epoch)
        mine = everything[position + self.place :: self.world_size][: self.handed_out(position)]
        if len(mine) == self.handed_out(position):
            return mine
        missing = self.place - (self.samples - position) % self.world_size
        return np.append(mine, everything[missing % self.samples])

    def specs(self, epoch: int, position: int = 0) -> Iterator[BatchSpec]:
        """This rank's batches of an epoch, from a position of the global order on."""
        order, done = self.order(epoch, position), -(-position // self.global_batch)
        for number in range(self.steps(position)):
            first = number * self.batch_size
            yield BatchSpec(epoch, done + number, order[first : first + self.batch_size])

    def global_order(self, epoch: int) -> Indices:
        """All samples in the order of this epoch, the same on every rank: int64 (samples,)."""
        if self.shuffle is False:
            return np.arange(self.samples, dtype=np.int64)
        random = np.random.default_rng((self.seed, epoch))
        if self.shuffle is True:
            return random.permutation(self.samples)
        if self.shuffle == "shards":
            return shard_order(check_starts(self.shard_starts, self.samples), self.window, random, self.groups)
        return block_order(self.samples, random)

    @property
    def _ending(self) -> str:
        return "drop" if self.drop_last else self.last or "pad"

    @property
    def _order_text(self) -> str:
        if self.shuffle == "blocks":
            return str(BlockPlan.of(self.samples))
        if self.shuffle == "shards":
            return str(ShardPlan.of(check_starts(self.shard_starts, self.samples), self.window, self.groups))
        return "a random order of all samples" if self.shuffle else "the store's order"

    @property
    def _ending_text(self) -> list[str]:
        if self.padded:
            return [f"{counted(self.padded, 'sample')} handed out twice, so that {self.world_size} ranks have as many"]
        if self.dropped:
            return [f"{counted(self.dropped, 'sample')} left out, so that all batches are full"]
        if self._ending == "uneven" and self.samples % self.world_size:
            return [f"some of the {self.world_size} ranks have a sample more than others"]
        return []


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
