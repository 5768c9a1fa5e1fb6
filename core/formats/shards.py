"""Containers of several files: how samples are shared out among shards, and what a build tells of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from ..base.errors import InputError
from ..base.options import option

MB = 1_000_000
MOST_SHARDS = 100_000
"""What the five digits of the usual names hold."""


class Shard(NamedTuple):
    """One file of a container: its name in the container's folder, its samples and its size in bytes."""

    name: str
    samples: int
    bytes: int


class Cut(NamedTuple):
    """Into how many shards a split is to be cut: `shards` of equal parts of the samples, else as many as have `mb` MB
    (10^6 bytes) or less; one where both are 0."""

    shards: int
    mb: int


@runtime_checkable
class InParts(Protocol):
    """What a format may be as well: one whose user says how a split is cut into shards."""

    @property
    def cut(self) -> Cut: ...


@runtime_checkable
class Joined(Protocol):
    """What such a format may be: one whose shards lie in one container, as its other readers expect them. Of the others
    each shard is a container of its own."""

    def shards_in(self, path: Path) -> Sequence[Shard]:
        """The shards of the container at `path`, in the order of their samples."""
        ...

    def join(self, parts: Sequence[Path], path: Path) -> None:
        """Make one container at `path` of those of all parts, in order, whose files are moved there."""
        ...


@dataclass(frozen=True)
class ShardOptions:
    """The options of a format whose shards are containers of their own."""

    shards: int = option(
        0, "Files (or folders) per split, of equal samples (0: one)", minimum=0, maximum=MOST_SHARDS - 1, title="Shards"
    )
    shard_mb: int = option(
        0, "MB (10^6 bytes) per file or folder (0: all in one)", minimum=0, maximum=1 << 20, title="MB per shard"
    )

    @property
    def cut(self) -> Cut:
        """Raises InputError where both options are given."""
        return cut_of(self.shards, self.shard_mb)


def cut_of(shards: int, shard_mb: int, usual_mb: int = 0) -> Cut:
    """What the two options say, `usual_mb` where neither is given. Raises InputError where both are."""
    if shards and shard_mb:
        raise InputError("give shards or shard_mb, not both: each says how large a shard becomes")
    return Cut(shards, 0 if shards else shard_mb or usual_mb)


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
        return cls(samples, *cut_of(shards, shard_mb, usual_mb))

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
