"""Block shuffle: a random order whose reads are runs of neighbours, and that mixes classes of any order of the store.

The samples are cut into blocks of neighbours, and the blocks into strata of as many consecutive blocks as there are
windows. Each window is given one block of every stratum, drawn at random, and its samples are shuffled among each
other. So a window has its samples from everywhere: where the store holds one class after the other, each window still
has nearly the mix of the whole (stratified sampling), which as many blocks drawn from anywhere have not. Each epoch
cuts its blocks elsewhere.

What has to be in memory to read each block once is one window. Where it does not fit, samples are read one by one, as
by a full shuffle.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
"""Positions of samples in a store, shape (n,)."""

WINDOW = 32_768
"""Samples of a window at most. A store that has no more is one window: a full shuffle."""

BLOCKS = 2_048
"""Blocks of a window, about: 1,000 classes one after the other need as many to mix like a full shuffle."""


class BlockPlan(NamedTuple):
    """How `samples` are cut: into blocks of `block` neighbours (the last may be shorter), and these into `windows`."""

    samples: int
    block: int
    windows: int

    @classmethod
    def of(cls, samples: int) -> BlockPlan:
        windows = max(-(-samples // WINDOW), 1)
        return cls(samples, max(-(-samples // (windows * BLOCKS)), 1), windows)

    @property
    def strata(self) -> int:
        """Blocks of a window at most."""
        return -(-self.blocks // self.windows)

    @property
    def blocks(self) -> int:
        return -(-self.samples // self.block)

    def __str__(self) -> str:
        if self.windows == 1:
            return "a random order of all samples (one window holds them)"
        size = self.strata * self.block
        return f"shuffled within windows of {size:,} samples ({self.strata:,} blocks of {self.block})"


def block_order(samples: int, random: np.random.Generator) -> Indices:
    """Every sample once, int64 (samples,), in the order of one epoch."""
    return np.concatenate(block_windows(samples, random))


def block_windows(samples: int, random: np.random.Generator) -> list[Indices]:
    """The samples of each window, in the order of one epoch."""
    plan = BlockPlan.of(samples)
    if plan.windows == 1:
        return [random.permutation(samples)]
    window_of = random.permuted(np.tile(np.arange(plan.windows), (plan.strata, 1)), axis=1).ravel()[: plan.blocks]
    blocks = np.argsort(window_of, kind="stable")
    order = (blocks[:, None] * plan.block + np.arange(plan.block)).ravel()
    order = (order[order < samples] + random.integers(samples)) % samples
    lengths = np.full(plan.blocks, plan.block)
    lengths[-1] -= plan.blocks * plan.block - samples
    ends = np.cumsum(np.bincount(window_of, lengths, plan.windows)).astype(np.int64)
    windows = np.split(order, ends[:-1])
    for window in windows:
        random.shuffle(window)
    return windows
