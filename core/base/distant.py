"""The types between a loader and payloads that come from elsewhere, a shard at a time. No code runs here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]
"""Positions of samples in a store, shape (n,)."""


class ShardArrivals(Protocol):
    """The shards of a split that are here, in this process. Usable from several threads."""

    @property
    def starts(self) -> Positions:
        """Where each shard begins among the samples, and where the last one ends: int64 (shards + 1,)."""
        ...

    @property
    def sizes(self) -> Sequence[int]:
        """Bytes of each."""
        ...

    @property
    def limit_bytes(self) -> int:
        """Bytes of shards that may be here at a time, if nobody holds more."""
        ...

    def numbers_of(self, indices: Positions) -> list[int]:
        """The shards that these samples lie in, ascending."""
        ...

    def is_here(self, number: int) -> bool: ...

    def hold(self, number: int, sample: int) -> None:
        """Wait until this shard is here; it stays until it was released as often as it was held.

        Raises WorkError that names the shard, and the `sample` it is needed for, where it cannot be had.
        """
        ...

    def release(self, number: int) -> None: ...


@runtime_checkable
class Distant(Protocol):
    """What a reader may be as well: one whose payloads come from elsewhere when they are needed, a shard at a time."""

    @property
    def arrived(self) -> ShardArrivals: ...

    def held(self, indices: Positions) -> AbstractContextManager[None]:
        """A context in which the shards of these samples are here. What `Mapped.extents` says of a sample counts while
        it is held, and is to be asked for anew."""
        ...

    def at_hand(self) -> Positions:
        """Some samples that can be read without waiting; of one shard, which is fetched, where none is here."""
        ...

    def probes(self, count: int) -> Positions:
        """So many samples at most from which to tell what all are, of few bytes."""
        ...

    def begin_with(self, sample: Callable[[], int], *, skips: bool) -> None:
        """Where any shard would do, that of this sample is fetched. `skips`: or another one, if it cannot be had; and
        what cannot be had is none of `probes`."""
        ...
