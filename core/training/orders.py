"""Which samples of a split take part, and in which order they come: decided by seed and epoch, never by the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..base import checksums
from ..base.contracts import Labels
from ..loading.batch_sampler import ORDERS, BatchSampler, Indices

HELD_OUT = 0.1
"""The share of the training samples that validates where a store has no split for it."""


def choose_members(samples: int, limit: int | None, seed: int) -> Indices:
    """The samples that take part, ascending: all, or `limit` of them drawn at random by the seed."""
    if limit is None or limit >= samples:
        return np.arange(samples, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).permutation(samples)[:limit])


def hold_out(samples: int, seed: int) -> tuple[Indices, Indices]:
    """(training, validation): all samples, a random tenth of them (one at least) set aside."""
    shuffled = np.random.default_rng(seed).permutation(samples)
    aside = max(round(samples * HELD_OUT), 1)
    return np.sort(shuffled[aside:]), np.sort(shuffled[:aside])


@dataclass(frozen=True)
class MembersSampler(BatchSampler):
    """A sampler over some samples of a split: `members[i]` is the sample of index i."""

    members: Indices = field(default_factory=lambda: np.empty(0, np.int64))

    def order(self, epoch: int, position: int = 0) -> Indices:
        """The members in the order of this epoch, from a position on; int64 (handed_out(position),)."""
        return self.members[BatchSampler.order(self, epoch, position)]

    @property
    def order_identity(self) -> dict[str, Any]:
        """As of every sampler, and which samples the members are."""
        members = f"{checksums.of_bytes(self.members.astype('<i8')):016x}"
        return {**super().order_identity, "members": members}


def sampler_of(members: Indices, labels: Labels, order: str, batch_size: int, seed: int) -> MembersSampler:
    """The batch sampler for one of `core.training.settings.ORDERS` over these members, all on one rank.

    A last batch of a single sample is left out: batch normalisation cannot learn from one.
    """
    if order == "class-sorted":
        members = members[np.argsort(labels[members], kind="stable")]
    lonely = len(members) % batch_size == 1 and len(members) > 1
    return MembersSampler(len(members), batch_size, ORDERS.get(order, False), seed, drop_last=lonely, members=members)
