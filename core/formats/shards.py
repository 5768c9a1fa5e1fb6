"""Containers of several files: how samples are shared out among shards, and what a build tells of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from ..base.errors import InputError

MB = 1_000_000
MOST_SHARDS = 100_000
"""What the five digits of the usual names hold."""


class Shard(NamedTuple):
    """One file of a container: its name in the container's folder, its samples and its size in bytes."""

    name: str
    samples: int
    bytes: int


@runtime_checkable
class Sharded(Protocol):
    """What a format may be as well: one whose containers are several files."""

    def shards_in(self, path: Path) -> Sequence[Shard]:
        """The shards of the container at `path`, in the order of their samples."""
        ...


@dataclass(frozen=True)
class ShardLimits:
    """When the next shard begins: after an equal part of the samples (`shards` of them), or once one more sample would
    make a shard that has some larger than `shard_mb` MB (10^6 bytes)."""

    samples: int
    shards: int
    shard_mb: int

    @classmethod
    def of(cls, samples: int, shards: int, shard_mb: int, usual_mb: int) -> ShardLimits:
        """0 leaves an option out; `usual_mb` where both are. Raises InputError where both are given."""
        if shards and shard_mb:
            raise InputError("give shards or shard_mb, not both: each says how large a shard becomes")
        return cls(samples, shards, 0 if shards else shard_mb or usual_mb)

    def begins(self, sample: int, written: int, coming: int) -> bool:
        """Whether sample number `sample`, of `coming` bytes, begins a new shard; `written`: bytes of the shard that is
        being written."""
        if self.shards:
            return sample in self._first
        return bool(written) and written + coming > self.shard_mb * MB

    @cached_property
    def _first(self) -> frozenset[int]:
        """The samples with which a shard begins, none empty while there are samples enough."""
        shards = min(self.shards, max(self.samples, 1))
        return frozenset(number * self.samples // shards for number in range(1, shards))
