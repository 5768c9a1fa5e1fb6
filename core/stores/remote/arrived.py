"""The shards of a split that are here, in this process.

A shard that is asked for is brought (`source`), opened by its format's own reader, and where that maps its files,
mapped into its part of one piece of memory for all shards (`formats.reserved_map`), so that a loader's kernels see one
container. Where its payloads lie is written into two arrays for all samples; of samples that are not here the length is
0. What nobody uses or expects is let go of, the one that was used longest ago first, when there is no room for more.
"""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from ...base.contracts import Extents, Mapped, Reader
from ...base.errors import FormatMattersError, InputError
from ...formats.container import TROUBLE
from ...formats.joined_maps import can_join
from ...formats.reserved_map import ReservedMap
from ..parted_reader import moved
from .source import Brought, RemoteSplit, ShardSource
from .workplace import Workplace

Numbers = npt.NDArray[np.int64]

BESIDE = "store"
"""The folder of what lies beside the shards."""

MOST_KEPT = 256
"""Shards that the cache is asked to keep. It may remove the others, which stay readable where we have them."""

BESIDE_FILES = 1 << 20
"""Bytes of room for what a shard's files take beyond twice its size: each begins with a page of its own."""


@dataclass(frozen=True)
class ArrivedShard:
    """A shard's own reader, and what keeps its files."""

    reader: Reader
    brought: Brought
    mapped: bool


class ArrivedShards:
    """Usable from several threads. Of one process: a fork's child makes its own."""

    def __init__(self, of: RemoteSplit) -> None:
        """Raises as `ShardSource` does."""
        self._work = Workplace(of.cache.folder)
        self.source = source = ShardSource(of, self._work.path / BESIDE)
        self.starts: Numbers = source.starts
        count, samples = len(source.shards), int(self.starts[-1])
        self._bytes = [shard.bytes for shard in source.shards]
        self._here: OrderedDict[int, ArrivedShard] = OrderedDict()
        self._coming: set[int] = set()
        self._used, self._expected = [0] * count, [0] * count
        self._changed = threading.Condition()
        self._offsets, self._lengths = np.zeros(samples, np.int64), np.zeros(samples, np.int64)
        self._map: ReservedMap | None = None
        self._unmapped = not can_join(2)

    @property
    def sizes(self) -> Sequence[int]:
        """Bytes of each shard."""
        return self._bytes

    @property
    def limit_bytes(self) -> int:
        """Bytes of shards that may be here at a time, if nobody holds more."""
        return self.source.limit_bytes

    def numbers_of(self, indices: npt.ArrayLike) -> list[int]:
        """The shards that these samples lie in, ascending."""
        found = np.zeros(len(self.starts), bool)
        found[np.searchsorted(self.starts, indices, "right") - 1] = True
        return np.flatnonzero(found).tolist()

    def is_here(self, number: int) -> bool:
        return number in self._here

    @property
    def here(self) -> list[int]:
        return list(self._here)

    @property
    def extents(self) -> Extents | None:
        """Where the payloads of the shards that are here lie; of all others the length is 0. None where the format
        does not map them, or none is here yet."""
        return None if self._map is None or self._unmapped else Extents(self._map.memory, self._offsets, self._lengths)

    @property
    def is_told(self) -> bool:
        """Whether `extents` says what it will say of all shards."""
        return self._unmapped or self._map is not None

    def held(self, indices: npt.ArrayLike) -> HeldShards:
        """The shards of these samples are here, and stay until the end. Entering it raises as `hold` does."""
        return HeldShards(self, indices)

    def use(self, indices: npt.ArrayLike) -> list[int]:
        """The shards of these samples, which are here, until they are given to `used`. Raises as `hold` does."""
        numbers = self.numbers_of(indices)
        self._count(numbers, 1)
        try:
            for number in numbers:
                if number not in self._here:
                    self._bring(number, first_in(number, self.starts, indices))
        except BaseException:
            self.used(numbers)
            raise
        return numbers

    def used(self, numbers: Sequence[int]) -> None:
        self._count(numbers, -1)

    def hold(self, number: int, sample: int) -> None:
        """This shard is here, and stays until `release`, in the cache as well. `sample`: who asks for it.

        Raises WorkError that names the shard and the sample where it cannot be had; then it is not held.
        """
        self._count([number], 1)
        self._expected[number] += 1
        try:
            self._bring(number, sample)
        except BaseException:
            self.release(number)
            raise
        with self._changed:
            self.source.keep(self._here[number].brought)
            self._keep_few_files()

    def release(self, number: int) -> None:
        self._count([number], -1)
        with self._changed:
            self._expected[number] -= 1
            if not self._expected[number] and number in self._here:
                self.source.let_go(self._here[number].brought)

    def reader(self, number: int) -> Reader:
        """Of a shard that is held."""
        return self._here[number].reader

    def give_back(self) -> None:
        """Pages of the readers' maps."""
        for shard in list(self._here.values()):
            shard.reader.release()

    def close(self) -> None:
        """Let go of everything that nobody holds."""
        with self._changed:
            for number in [number for number in self._here if not self._used[number]]:
                self._let_go(number)

    # ---- coming and going

    def _count(self, numbers: Sequence[int], change: int) -> None:
        with self._changed:
            for number in numbers:
                self._used[number] += change
                if number in self._here:
                    self._here.move_to_end(number)

    def _bring(self, number: int, sample: int) -> None:
        """By this thread, or by another one that is at it already."""
        with self._changed:
            while number in self._coming:
                self._changed.wait()
            if number in self._here:
                return
            self._coming.add(number)
            self._make_room(self._bytes[number])
        try:
            arrived = self._opened(number)
        except (FormatMattersError, *TROUBLE) as error:
            self._came(number, None)
            raise self.source.blamed(number, sample, error) from error
        except BaseException:
            self._came(number, None)
            raise
        self._came(number, arrived)

    def _came(self, number: int, arrived: ArrivedShard | None) -> None:
        with self._changed:
            self._coming.discard(number)
            if arrived is not None:
                self._here[number] = arrived
                if not self._expected[number]:
                    self.source.let_go(arrived.brought)
            self._changed.notify_all()

    def _make_room(self, size: int) -> None:
        """Let go of shards that nobody uses: those that the cache has removed, and then those that were used longest
        ago until there is room for so many bytes. Where that is not enough (of the batches in the making some are
        through with a shard) the cache need not keep the files of those that came first."""
        taken = size + sum(self._bytes[one] for one in {*self._here, *self._coming})
        idle = [number for number in self._here if not self._used[number]]
        removed = [number for number in idle if self._here[number].brought.removed]
        for number in [*removed, *(one for one in idle if one not in removed)]:
            if number in removed or taken > self.limit_bytes:
                self._let_go(number)
                taken -= self._bytes[number]
        for number in list(self._here):
            if taken > self.limit_bytes:
                self.source.let_go(self._here[number].brought)
                taken -= self._bytes[number]

    def _keep_few_files(self) -> None:
        """A shard that the cache keeps for us takes an open file, of which a process may not have many."""
        for number in list(self._here)[:-MOST_KEPT]:
            self.source.let_go(self._here[number].brought)

    def _let_go(self, number: int) -> None:
        """Nobody reads it: whoever does holds it."""
        first, end = self.starts[number : number + 2]
        self._lengths[first:end] = 0
        arrived = self._here.pop(number)
        if arrived.mapped and self._map is not None:
            self._map.take_out(number)
        arrived.reader.close()
        self.source.let_go(arrived.brought)
        shutil.rmtree(self._folder(number), ignore_errors=True)

    # ---- opening

    def _folder(self, number: int) -> Path:
        return self._work.path / str(number)

    def _opened(self, number: int) -> ArrivedShard:
        shutil.rmtree(self._folder(number), ignore_errors=True)  # of an attempt that failed
        brought = self.source.bring(number, self._folder(number))
        try:
            reader = self.source.format.reader(brought.container)
            stated = int(self.starts[number + 1] - self.starts[number])
            if len(reader) != stated:
                raise InputError(f"it has {len(reader):,} samples, where the manifest says {stated:,}")
            mapped = self._mapped(number, reader)
            if mapped:
                reader.close()  # its own map; whoever reads through it opens it again
            return ArrivedShard(reader, brought, mapped)
        except BaseException:
            self.source.let_go(brought)
            raise

    def _mapped(self, number: int, reader: Reader) -> bool:
        """Whether its files are mapped now, and its payloads told of."""
        extents = reader.extents() if isinstance(reader, Mapped) and not self._unmapped else None
        if extents is None or not isinstance(reader, Mapped) or not self._has_room():
            self._unmapped = True
            return False
        assert self._map is not None
        joined = self._map.put(number, reader.mapped_files())
        first, end = self.starts[number : number + 2]
        self._offsets[first:end] = moved(extents, joined.starts, joined.sizes)
        self._lengths[first:end] = extents.lengths  # last: from here on they are there
        return True

    def _has_room(self) -> bool:
        """Address space for all shards, taken when the first one comes; False where the system refuses."""
        with self._changed:
            if self._map is None and not self._unmapped:
                try:
                    self._map = ReservedMap([2 * size + BESIDE_FILES for size in self._bytes])
                except (OSError, OverflowError, ValueError):
                    return False
            return self._map is not None


class HeldShards:
    """A context in which some shards are here (a class, since it is entered for every batch)."""

    def __init__(self, arrived: ArrivedShards, indices: npt.ArrayLike) -> None:
        self._arrived, self._indices = arrived, indices
        self._numbers: list[int] = []

    def __enter__(self) -> None:
        self._numbers = self._arrived.use(self._indices)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._arrived.used(self._numbers)


def first_in(number: int, starts: Numbers, indices: npt.ArrayLike) -> int:
    """The first of these samples that lies in this shard."""
    given = np.asarray(indices, np.int64)
    inside = (given >= starts[number]) & (given < starts[number + 1])
    return int(given[inside][0])
