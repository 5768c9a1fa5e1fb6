"""What a store of several shards tells an order of them: where each begins, and how many samples to mix at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from .batch_sampler import Indices
from .pipeline import Stored
from .shard_shuffle import check_starts

WINDOW_BYTES = 4 << 30
"""Of the shards that are read at a time, about: what a page cache, or a cache on disk, is sure to hold."""


class ShardSize(Protocol):
    """A shard, and the bytes that it takes."""

    @property
    def bytes(self) -> int: ...


@runtime_checkable
class Sharded(Protocol):
    """What a store may be as well: one that lies in shards, each of consecutive samples."""

    @property
    def shard_starts(self) -> Indices:
        """The first sample of each, and the end of the last: int64 (shards + 1,)."""
        ...

    @property
    def shards(self) -> Sequence[ShardSize]: ...


@runtime_checkable
class Cached(Protocol):
    """What such a store may be as well: one whose shards come to a cache on this machine."""

    @property
    def cache_bytes(self) -> int:
        """What that holds at most."""
        ...

    def fill_cache(self) -> bool:
        """Bring all shards there; False where it does not hold them all, and none is brought."""
        ...


def shards_of(store: Stored) -> tuple[Indices, int | None]:
    """The starts of its shards (one, where it tells none), and the samples of a window (None: as usual).

    Raises InputError where the starts do not go with its samples.
    """
    starts = check_starts(store.shard_starts if isinstance(store, Sharded) else None, len(store))
    size = sum(shard.bytes for shard in store.shards) if isinstance(store, Sharded) else 0
    window = min(WINDOW_BYTES, store.cache_bytes // 2) if isinstance(store, Cached) else WINDOW_BYTES
    return starts, max(window * len(store) // size, 1) if size > 0 else None
