"""An epoch over shards that lie elsewhere: they are fetched in the order in which its batches need them, some ahead.

The order is known before the first batch, so it is known when each shard is first and last needed. A few threads fetch
what comes next, as far as the cache has room beside what is open; a batch is begun when all its shards are here. A
shard is let go of when the last batch that needs it was handed out.

A shard that cannot be had ends the epoch when its first sample is due, with an error that names both. Or its samples
are skipped: in each batch others of that batch stand in their places (of the batch before, where it has none), so that
batches keep their size and ranks their number of steps. They are counted, and a warning tells of each shard.
"""

from __future__ import annotations

import threading
import warnings
from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from ..base.distant import Distant, ShardArrivals
from ..base.errors import FormatMattersError, InputError
from ..base.units import counted, size_text
from .batch_sampler import BatchSampler, BatchSpec, Indices
from .coming import ComingBatches
from .pipeline import Stored

FETCHERS = 3
"""Shards that are fetched at once; each is fetched in several parts at once."""

AHEAD = 6
"""Shards that are fetched before a batch needs them, at most."""

PIECE = 1 << 20
"""Samples whose shards are looked up at once."""


class ComingShards(ComingBatches):
    """See `ComingBatches`. Threads begin with the first batch that is asked for."""

    def __init__(self, store: Stored, sampler: BatchSampler, epoch: int, position: int, *, skips: bool) -> None:
        """Raises InputError where the cache cannot hold the shards that are open at a time."""
        super().__init__(sampler, epoch, position)
        assert isinstance(store.reader, Distant)
        self._shards: ShardArrivals = store.reader.arrived
        self._skips = skips
        self._specs = list(sampler.specs(epoch, position))
        self._first, last = uses_of(self._specs, self._shards.starts)
        check_room(self._first, last, self._shards, sampler)
        self._waiting = deque(int(one) for one in np.argsort(self._first, kind="stable") if last[one] >= 0)
        self._last_of = _by_batch(last)
        self._changed = threading.Condition()
        self._given, self._handed, self._closed = 0, 0, False
        self._open: dict[int, bool] = {}
        self._failed: dict[int, BaseException] = {}
        self._replaced: dict[int, BatchSpec] = {}
        self._warned: set[int] = set()
        self._threads: list[threading.Thread] = []
        self._take_those_here()
        self._all_here = not self._waiting

    def specs(self) -> Iterator[BatchSpec]:
        """Each when all its shards are here. Raises WorkError where one cannot be had and samples are not skipped."""
        for number, spec in enumerate(self._specs):
            yield self._replaced.get(number) or self._awaited(number, spec)

    def handed_out(self) -> None:
        with self._changed:
            over = [shard for shard in self._last_of.get(self._handed, ()) if self._open.pop(shard, False)]
            self._handed += 1
            self._changed.notify_all()
        for shard in over:
            self._shards.release(shard)

    def close(self) -> None:
        """What is being fetched comes to its end in the background."""
        with self._changed:
            self._closed = True
            over = [shard for shard, is_here in self._open.items() if is_here]
            self._open.clear()
            self._changed.notify_all()
        for shard in over:
            self._shards.release(shard)

    # ---- batches

    def _awaited(self, number: int, spec: BatchSpec) -> BatchSpec:
        if self._all_here:
            return spec
        needed = self._shards.numbers_of(spec.indices)
        with self._changed:
            self._given = max(self._given, number)
            self._start()
            self._changed.notify_all()
            while not self._closed and not all(self._open.get(shard) or shard in self._failed for shard in needed):
                self._changed.wait()
            lost = [shard for shard in needed if shard in self._failed]
        return self._without(number, spec, lost) if lost else spec

    def _without(self, number: int, spec: BatchSpec, lost: list[int]) -> BatchSpec:
        """The batch with other samples in the places of those whose shards cannot be had. Raises what the first of
        these raised where samples are not skipped, or there are no others."""
        error = self._failed[lost[0]]
        if not self._skips or not isinstance(error, FormatMattersError):
            raise error
        shard_of = np.searchsorted(self._shards.starts, spec.indices, "right") - 1
        away = np.isin(shard_of, lost)
        others = spec.indices[~away]
        others = others if len(others) else self._any_others(error)
        indices = spec.indices.copy()
        indices[away] = np.resize(others, int(away.sum()))
        self.skipped += int(away.sum())
        self._replaced[number] = spec._replace(indices=indices)
        for shard in lost:
            self._warn(shard)
        return self._replaced[number]

    def _any_others(self, error: BaseException) -> Indices:
        """The samples of some shard that is here."""
        with self._changed:
            while not (there := [shard for shard, is_here in self._open.items() if is_here]):
                if not self._open and not self._waiting:
                    raise error
                self._given = max(self._given, int(self._first[self._waiting[0]]) if self._waiting else 0)
                self._changed.notify_all()
                self._changed.wait()
            first, end = self._shards.starts[there[0] : there[0] + 2]
            return np.arange(first, end)

    def _warn(self, shard: int) -> None:
        if shard not in self._warned:
            self._warned.add(shard)
            first, end = self._shards.starts[shard : shard + 2]
            left = f"{counted(int(end - first), 'sample')} left out, others of their batches handed out twice"
            warnings.warn(f"{self._failed[shard]} ({left})", RuntimeWarning, stacklevel=2)

    # ---- shards

    def _take_those_here(self) -> None:
        """Where there is room for all that the epoch needs, those that are here need nobody to fetch them."""
        sizes = self._shards.sizes
        if sum(sizes[shard] for shard in self._waiting) <= self._shards.limit_bytes:
            here = [shard for shard in self._waiting if self._shards.is_here(shard)]
            for shard in here:
                self._shards.hold(shard, self._first_sample(shard))
                self._open[shard] = True
            self._waiting = deque(shard for shard in self._waiting if shard not in self._open)

    def _start(self) -> None:
        """The threads, with the first batch that is asked for: until then workers may be forked."""
        if not self._threads and self._waiting:
            for number in range(FETCHERS):
                thread = threading.Thread(target=self._fetch, name=f"shards_{number}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _fetch(self) -> None:
        while (shard := self._next()) is not None:
            error: BaseException | None = None
            try:
                self._shards.hold(shard, self._first_sample(shard))
            except BaseException as raised:  # noqa: BLE001 - raised again where its batch is due
                error = raised
            with self._changed:
                left = self._closed and error is None
                if error is not None:
                    self._failed[shard] = error
                    self._open.pop(shard, None)
                elif not left:
                    self._open[shard] = True
                self._changed.notify_all()
            if left:
                self._shards.release(shard)

    def _next(self) -> int | None:
        """The next shard to fetch, as soon as it may be; None where there is none."""
        with self._changed:
            while self._waiting and not self._closed:
                if self._may(self._waiting[0]):
                    shard = self._waiting.popleft()
                    self._open[shard] = False
                    return shard
                self._changed.wait()
        return None

    def _may(self, shard: int) -> bool:
        """Whether a batch waits for it, or there is room for it beside what is open."""
        if self._first[shard] <= self._given:
            return True
        sizes = self._shards.sizes
        ahead = sum(self._first[one] > self._given for one in self._open)
        return ahead < AHEAD and sum(sizes[one] for one in self._open) + sizes[shard] <= self._shards.limit_bytes

    def _first_sample(self, shard: int) -> int:
        """The sample of this shard that is asked for first."""
        indices = self._specs[self._first[shard]].indices
        first, end = self._shards.starts[shard : shard + 2]
        return int(indices[(indices >= first) & (indices < end)][0])


def uses_of(specs: Sequence[BatchSpec], starts: Indices) -> tuple[Indices, Indices]:
    """The numbers of the first and the last of these batches that each shard is needed for, int64 (shards,) each; of
    one that no batch needs, the number of batches and -1."""
    first, last = np.full(len(starts) - 1, len(specs), np.int64), np.full(len(starts) - 1, -1, np.int64)
    at = 0
    while at < len(specs):
        piece = specs[at : at + max(PIECE // max(len(specs[at].indices), 1), 1)]
        shards = np.searchsorted(starts, np.concatenate([spec.indices for spec in piece]), "right") - 1
        batches = np.repeat(np.arange(at, at + len(piece)), [len(spec.indices) for spec in piece])
        np.minimum.at(first, shards, batches)
        np.maximum.at(last, shards, batches)
        at += len(piece)
    return first, last


def check_room(first: Indices, last: Indices, shards: ShardArrivals, sampler: BatchSampler) -> None:
    """Raises InputError where the shards that are open at a time are more than the cache may hold."""
    used, sizes = last >= 0, np.array(shards.sizes, np.int64)
    change = np.zeros(int(last.max(initial=0)) + 2, np.int64)
    np.add.at(change, first[used], sizes[used])
    np.add.at(change, last[used] + 1, -sizes[used])
    needed = int(np.cumsum(change).max())
    if needed > shards.limit_bytes:
        smaller = "a smaller window" if sampler.shuffle == "shards" else 'shuffle="shards" (--order shards)'
        raise InputError(
            f"this order ({sampler.order_text}) needs shards of {size_text(needed)} at a time, and the cache may hold "
            f"{size_text(shards.limit_bytes)}: choose {smaller}, or cache_mb={-(-needed // 10**6)} or more"
        )


def _by_batch(last: Indices) -> dict[int, list[int]]:
    """The shards that no batch behind this one needs."""
    found: dict[int, list[int]] = {}
    for shard, batch in enumerate(last.tolist()):
        if batch >= 0:
            found.setdefault(batch, []).append(shard)
    return found
