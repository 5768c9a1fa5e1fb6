"""Shard shuffle: shards one after the other in a random order, their samples shuffled within a window that moves along.

For stores whose shards are read whole, from the first sample to the last (over a network, or into a cache on disk).
Each shard has one turn an epoch. Its samples come at random moments within a span of samples around it, so that at any
moment the samples of a few shards are mixed, a shard that is through is not asked for again, and the next one is needed
a little at a time. Most of the span comes after the turn: the first batches wait for an eighth of a window, or for
two or three shards, not for a whole one. Moments before the beginning and after the end are reflected there, so
that also the first and the last batches are of several shards.

Of several groups of ranks each has shards of its own, so that machines with a group each fetch each shard once, all
together.

The shards are cut into strata of neighbours, and of each group of consecutive turns each shard is from another stratum
(stratified sampling, as in `block_shuffle`): where the store holds one class after the other, the shards that are open
together are from all over it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..base.errors import InputError
from .block_shuffle import WINDOW, Indices

LEAST = 4
"""Shards of a window, where more than one fits: a window of one shard would mix nothing but its own samples."""


def check_starts(starts: Indices | None, samples: int) -> Indices:
    """The first sample of each shard and the end of the last, int64 (shards + 1,); one shard if None.

    Raises InputError where they do not begin with 0, descend, or do not end with `samples`.
    """
    if starts is None:
        return np.array([0, samples], np.int64)
    told = np.asarray(starts)
    whole = told.ndim == 1 and len(told) > 1 and np.issubdtype(told.dtype, np.integer)
    if not whole or told[0] != 0 or told[-1] != samples or (np.diff(told.astype(np.int64)) < 0).any():
        raise InputError(f"shard_starts: give the first sample of each shard, ascending from 0, and {samples} at last")
    return told.astype(np.int64)


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """How samples of shards of at most `largest` samples are mixed: a window holds `window` samples at most.

    It holds four of the largest shards (`LEAST`) even where these are more. Each of the `groups` has a window of its
    own, and an equal number of all samples: at most one shard for each but the first is shared by two of them.
    """

    samples: int
    shards: int
    largest: int
    window: int
    groups: int = 1

    @classmethod
    def of(cls, starts: Indices, window: int | None = None, groups: int = 1) -> ShardPlan:
        """`starts`: see `check_starts`; `window`: samples at most, 32,768 if None."""
        sizes = np.diff(starts)
        largest = int(sizes.max(initial=0))
        most = max(WINDOW if window is None else window, LEAST * largest)
        samples = int(starts[-1])
        return cls(samples, int(np.count_nonzero(sizes)), largest, min(most, -(-samples // groups)), groups)

    @property
    def whole(self) -> bool:
        """Whether a window holds all samples of its group."""
        return self.window * self.groups >= self.samples

    @property
    def span(self) -> int:
        """Samples from the first of a shard to its last at most, its own left out."""
        return self.window - self.largest

    @property
    def before(self) -> int:
        """Samples before the turn of a shard from which on its own come: the first batches are of as many shards."""
        return max(self.span // 8, min(2 * self.largest, self.span // 2))

    @property
    def together(self) -> int:
        """Shards in a window, about."""
        return max(round(self.window * self.shards / max(self.samples, 1)), 1)

    def __str__(self) -> str:
        if self.whole and self.groups == 1:
            return "a random order of all samples (one window holds them)"
        each = f", one for each of {self.groups} groups of ranks" if self.groups > 1 else ""
        return (
            f"{self.shards:,} shards in random order, shuffled within a moving window of {self.window:,} samples "
            f"(about {self.together:,} shards){each}"
        )


def shard_order(starts: Indices, window: int | None, random: np.random.Generator, groups: int = 1) -> Indices:
    """Every sample once, int64 (samples,), in the order of one epoch. Of several groups the samples take turns: group g
    has the positions g, g + groups, g + 2 groups, ..."""
    plan = ShardPlan.of(starts, window, groups)
    drawn = _turns(len(starts) - 1, plan.together, random)
    sizes = np.diff(starts)[drawn]
    ends = np.cumsum(sizes)
    samples = np.repeat(starts[drawn] - (ends - sizes), sizes) + np.arange(plan.samples)
    order, begin = np.empty_like(samples), 0
    for group in range(groups):
        end = begin + len(range(group, plan.samples, groups))
        pieces = np.diff(np.clip(ends, begin, end), prepend=begin)  # of each shard what lies in this group
        order[group::groups] = samples[begin:end][_mixed(pieces, plan, random)]
        begin = end
    return order


def _mixed(sizes: Indices, plan: ShardPlan, random: np.random.Generator) -> Indices:
    """The samples of shards that come one after the other, by position among them, as the window mixes them."""
    turns, count = np.cumsum(sizes) - sizes, int(sizes.sum())
    if plan.window >= count:
        return random.permutation(count)
    moments = np.abs(np.repeat(turns - plan.before, sizes) + random.random(count) * plan.span)
    moments = np.minimum(moments, 2 * count - moments)
    return np.argsort(moments, kind="stable")  # stable: the same on every processor, also where two are equal


def _turns(shards: int, together: int, random: np.random.Generator) -> Indices:
    """Every shard once, int64 (shards,): groups of `together`, each of one shard from every stratum, in any order."""
    groups = -(-shards // together)
    strata = -(-shards // groups)
    group_of = random.permuted(np.tile(np.arange(groups), (strata, 1)), axis=1).ravel()[:shards]
    return np.lexsort((random.random(shards), group_of))
