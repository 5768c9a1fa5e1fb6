"""One array of a Zarr store: some of its values, and which of its chunks are not there.

Zarr gives its fill value for a chunk that is not there, without a word. Here such a chunk is an error.
"""

from __future__ import annotations

import itertools
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ...formats.zarr.layout import ABSENT, read_index
from ..named_arrays.array import MOST_BYTES, NamedArray, Values
from .codecs import decoded
from .metadata import ArrayMeta, Coordinates
from .storage import MOST_ENTRIES, ZarrStorage, whole

KEPT_BYTES = 1 << 26
"""64 MiB of chunks that are kept, of all arrays of this kind one each."""

KEPT_INDEXES = 64
MOST_CHUNKS = 20_000
"""Chunks that are read at a time."""

LISTED = 5
LOOK_SECONDS = 1.5


class MissingChunk(ValueError):
    """A chunk that is not there, by its key."""


class MissingChunks(NamedTuple):
    """How many chunks are not there, as far as that was looked at, and the keys of the first."""

    lost: int
    first: Sequence[str]


class ChunkedArray(NamedArray):
    """`key`: of the array in its store."""

    def __init__(self, name: str, key: str, meta: ArrayMeta, storage: ZarrStorage) -> None:
        dtype = np.dtype(object) if meta.pipeline.texts else meta.pipeline.dtype
        super().__init__(name, meta.shape, dtype, 0)
        self.key, self.meta = key, meta
        self._storage = storage
        self._chunks: OrderedDict[Coordinates, Values] = OrderedDict()
        self._indexes: OrderedDict[Coordinates, Any] = OrderedDict()

    # ---- values

    def rows(self, axis: int, start: int, stop: int) -> Values:
        """Raises MissingChunk where a chunk is not there, ValueError where one is damaged."""
        stop = min(stop, self.shape[axis])
        region = [(start, stop) if place == axis else (0, length) for place, length in enumerate(self.shape)]
        shape = tuple(last - first for first, last in region)
        if prod(shape) * max(self.dtype.itemsize, 1) > MOST_BYTES:
            raise ValueError(f"{self.name}: {prod(shape):,} values are more than are read at once here")
        made = np.empty(shape, self.dtype)
        spans = [
            range(first // size, -(-last // size)) if last > first else range(0)
            for (first, last), size in zip(region, self.meta.chunk, strict=True)
        ]
        if (count := prod(map(len, spans))) > MOST_CHUNKS:
            raise ValueError(f"{self.name}: these values lie in {count:,} chunks, more than are read here")
        for place in itertools.product(*spans):
            self._copy(made, region, place)
        return made

    def _copy(self, made: Values, region: list[tuple[int, int]], place: Coordinates) -> None:
        """What a chunk has of a region."""
        into, out = [], []
        for number, size, (first, last) in zip(place, self.meta.chunk, region, strict=True):
            begin, end = max(number * size, first), min((number + 1) * size, last)
            into.append(slice(begin - first, end - first))
            out.append(slice(begin - number * size, end - number * size))
        made[tuple(into)] = self._chunk(place)[tuple(out)]

    def first(self, count: int) -> Values:
        if not self.shape or not self.size:
            return self._chunk(()).reshape(-1)[:count] if not self.shape else np.empty(0, self.dtype)
        each = self.size // self.shape[0]
        return self.rows(0, 0, min(-(-count // each), self.shape[0])).reshape(-1)[:count]

    def touched_bytes(self, axis: int) -> int:
        """All of the chunks that hold a part of it."""
        grid = [1 if place == axis else count for place, count in enumerate(self.meta.grid)]
        return prod(grid) * self.meta.chunk_bytes

    def _chunk(self, place: Coordinates) -> Values:
        if place in self._chunks:
            self._chunks.move_to_end(place)
            return self._chunks[place]
        data = self._stored(place)
        try:
            chunk = decoded(data, self.meta.pipeline, self.meta.chunk)
        except ValueError as error:
            raise ValueError(f"chunk {self._called(place)} of {self.name}: {error}") from None
        self._chunks[place] = chunk
        while len(self._chunks) > max(KEPT_BYTES // max(self.meta.chunk_bytes, 1), 1):
            self._chunks.popitem(last=False)
        return chunk

    def _stored(self, place: Coordinates) -> bytes:
        """The bytes of a chunk. Raises MissingChunk where it is not there."""
        if self.meta.sharding is None:
            data = whole(self._storage, self._path(place))
            if data is None:
                raise self._missing(place)
            return data
        shard = self._shard_of(place)
        index = self._index(shard)
        if index is None:
            raise self._missing(place)
        within = [number % count for number, count in zip(place, self.meta.sharding.per_shard, strict=True)]
        offset, length = index[int(np.ravel_multi_index(within, self.meta.sharding.per_shard))].tolist()
        if ABSENT in (offset, length):
            raise self._missing(place)
        if length > MOST_BYTES:
            raise ValueError(
                f"chunk {self._called(place)} of {self.name} has {length:,} bytes, more than are read here"
            )
        return self._storage.part(self._path(shard), offset, length)

    def _missing(self, place: Coordinates) -> MissingChunk:
        fill = str(self.meta.fill)[:40]
        what = f"chunk {self._called(place)} of {self.name} is not there"
        return MissingChunk(f"{what}; Zarr would give its fill value ({fill}) for all of it")

    # ---- shards

    def _shard_of(self, place: Coordinates) -> Coordinates:
        assert self.meta.sharding is not None
        return tuple(number // count for number, count in zip(place, self.meta.sharding.per_shard, strict=True))

    def _index(self, shard: Coordinates) -> Any:
        """uint64 (chunks, 2); None where there is no such shard. Raises ValueError where it is damaged."""
        if shard not in self._indexes:
            self._indexes[shard] = self._read_index(shard)
            while len(self._indexes) > KEPT_INDEXES:
                self._indexes.popitem(last=False)
        return self._indexes[shard]

    def _read_index(self, shard: Coordinates) -> Any:
        sharding, path = self.meta.sharding, self._path(shard)
        assert sharding is not None
        size = self._storage.size(path)
        if size is None:
            return None
        length = sharding.index_bytes
        if size < length:
            raise ValueError(f"shard {path} is shorter than its index: it is cut short")
        data = self._storage.part(path, size - length if sharding.end else 0, length)
        if sharding.checksum:
            try:
                return read_index(data, size + (0 if sharding.end else length))
            except ValueError as error:
                raise ValueError(f"shard {path}: {error}") from None
        return np.frombuffer(data, "<u8").reshape(-1, 2)

    # ---- what is not there

    def look_for_missing(self) -> MissingChunks:
        """Which chunks are not there, as far as there is time to look."""
        present = dict(self._storage.below(self.key))
        self.stored_bytes = sum(present.values())
        if self.meta.sharding is not None:
            return _first_of(self._missing_in_shards(present))
        total = prod(self.meta.grid)
        keys = (self.meta.key(place) for place in _places(self.meta.grid))
        if total > MOST_ENTRIES:
            found = list(itertools.islice((key for key in _for_a_while(keys) if key not in present), LISTED))
            return MissingChunks(max(total - len(present), len(found)), found)
        return _first_of(key for key in keys if key not in present)

    def _missing_in_shards(self, present: dict[str, int]) -> Iterator[str]:
        """The chunks of all shards, the shards one after the other."""
        assert self.meta.sharding is not None
        per_shard = self.meta.sharding.per_shard
        counts = tuple(-(-count // each) for count, each in zip(self.meta.grid, per_shard, strict=True))
        for shard in _for_a_while(_places(counts)):
            inside = [
                range(number * each, min((number + 1) * each, count))
                for number, each, count in zip(shard, per_shard, self.meta.grid, strict=True)
            ]
            try:
                index = self._index(shard) if self.meta.key(shard) in present else None
            except ValueError:
                continue  # told where it is read
            if index is None:
                yield from itertools.repeat(self.meta.key(shard), min(prod(map(len, inside)), MOST_ENTRIES))
                continue
            lost = (index == ABSENT).any(axis=1).reshape(per_shard)[tuple(slice(len(one)) for one in inside)]
            yield from itertools.repeat(self.meta.key(shard), int(lost.sum()))

    # ---- names

    def _path(self, place: Coordinates) -> str:
        return "/".join(filter(None, (self.key, self.meta.key(place))))

    def _called(self, place: Coordinates) -> str:
        if self.meta.sharding is None:
            return self.meta.key(place)
        return f"{place} in shard {self.meta.key(self._shard_of(place))}"


def _places(counts: Coordinates) -> Iterator[Coordinates]:
    """All places of a grid in C order, however many there are (itertools.product holds each axis in memory)."""
    for number in range(prod(counts)):
        place: list[int] = []
        for count in reversed(counts):
            number, one = divmod(number, count)
            place.append(one)
        yield tuple(reversed(place))


def _for_a_while(items: Iterator[Any]) -> Iterator[Any]:
    deadline = time.monotonic() + LOOK_SECONDS
    for number, item in enumerate(items):
        if number % 64 == 0 and time.monotonic() > deadline:
            return
        yield item


def _first_of(keys: Iterator[str]) -> MissingChunks:
    first: dict[str, None] = {}
    count = 0
    for key in keys:
        count += 1
        if len(first) < LISTED:
            first[key] = None
    return MissingChunks(count, list(first))
