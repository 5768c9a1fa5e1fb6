"""The array of payloads in a Zarr group of ours: its shards as one map, and where in it samples lie."""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...base.contracts import Buffer, Extents
from ...base.errors import InputError
from ..joined_maps import JoinedFiles, mapped_together
from ..shards import Shard
from .chunks import decompressed
from .described import flat_array, sharded_array
from .layout import ABSENT, BYTES, IMAGES, LENGTHS, OFFSETS, Index, index_size, read_index, shard_name

Numbers = npt.NDArray[np.int64]


class ShardedArray:
    """An array whose shards are mapped, each with its index.

    `rows`: of its first axis; `chunk`, `shard`: rows of each; `row_bytes`: bytes of a row.
    """

    extents: Extents | None = None

    def __init__(self, folder: Path, name: str, axes: int) -> None:
        """Raises ValueError where it is not as our stores keep it, InputError where a shard or chunk is missing."""
        self.name = name
        shape, self.shard, self.chunk, self.filter = sharded_array(folder, name, axes)
        self.rows, self.row_bytes = shape[0], prod(shape[1:])
        self.paths = [folder / shard_name(name, number, axes) for number in range(self._count(folder))]
        missing = next((path for path in self.paths if not os.path.lexists(path)), None)
        if missing is not None:
            raise InputError(f"{missing} is missing: the samples in it are lost; build the store again (--force)")
        self.files: JoinedFiles = mapped_together(self.paths)
        self.indexes = [self._index(number) for number in range(len(self.paths))]

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        if self.extents is None:
            return self._decoded(indices)
        chosen = np.asarray(indices, np.int64)
        starts = self.extents.offsets[chosen]
        ends = starts + self.extents.lengths[chosen]
        view = self.files.memory.data
        return [view[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    def stored_bytes(self, index: int) -> int:
        raise NotImplementedError

    def shards(self) -> list[Shard]:
        raise NotImplementedError

    def _decoded(self, indices: Sequence[int]) -> list[Buffer]:
        raise NotImplementedError

    @property
    def chunk_bytes(self) -> int:
        return self.chunk * self.row_bytes

    def _count(self, folder: Path) -> int:
        """How many shards there are. Raises InputError where they are not as many as belong there."""
        place = folder / self.name / "c"
        there = sum(1 for _ in place.iterdir()) if place.is_dir() and not place.is_symlink() else 0
        wanted = -(-self.rows // self.shard)
        if there < wanted:
            raise InputError(f"{place} has {there:,} shards where {wanted:,} belong: samples are lost")
        return wanted

    def _index(self, number: int) -> Index:
        """Of one shard: the chunks that its samples need are there, and of the right size where nothing filters."""
        path, size = self.paths[number], int(self.files.sizes[number])
        begin = int(self.files.starts[number])
        length = index_size(self.shard // self.chunk)
        if size < length:
            raise InputError(f"{path} is shorter than its index: it is cut off")
        try:
            index = read_index(self.files.memory[begin + size - length : begin + size].tobytes(), size)
        except ValueError as error:
            raise InputError(f"{path} is damaged: {error}") from None
        needed = index[: self._needed(number)]
        if (needed == ABSENT).any():
            lost = int((needed == ABSENT).any(axis=1).argmax())
            raise InputError(f"{path} is damaged: chunk {lost} of it is missing")
        if self.filter == "none":
            expected = np.arange(len(needed), dtype=np.uint64) * np.uint64(self.chunk_bytes)
            if (needed[:, 0] != expected).any() or (needed[:, 1] != self.chunk_bytes).any():
                raise InputError(f"{path} is damaged: its chunks do not lie as our stores keep them")
        return index

    def _needed(self, number: int) -> int:
        """The chunks of a shard that hold something: those of its rows."""
        return -(-min(self.shard, self.rows - number * self.shard) // self.chunk)


class ShardedImages(ShardedArray):
    """`images` (N, H, W, C)."""

    def __init__(self, folder: Path, samples: int) -> None:
        super().__init__(folder, IMAGES, 4)
        if self.rows != samples:
            raise InputError(f"{folder} is damaged: {self.rows:,} images and {samples:,} labels")
        if self.filter == "none":
            numbers = np.arange(samples, dtype=np.int64)
            starts = self.files.starts[numbers // self.shard] if samples else numbers
            offsets = starts + numbers % self.shard * self.row_bytes
            self.extents = Extents(self.files.memory, offsets, np.full(samples, self.row_bytes, np.int64))

    def stored_bytes(self, index: int) -> int:
        """Its part of its chunk, as that is stored."""
        return int(self.indexes[index // self.shard][index % self.shard // self.chunk, 1]) // self.chunk

    def shards(self) -> list[Shard]:
        counts = [min(self.shard, self.rows - number * self.shard) for number in range(len(self.paths))]
        sizes = self.files.sizes.tolist()
        return [Shard(shard_name(IMAGES, at, 4), *told) for at, told in enumerate(zip(counts, sizes, strict=True))]

    def _decoded(self, indices: Sequence[int]) -> list[Buffer]:
        """Every chunk that a batch touches is decompressed once."""
        chunks: dict[int, memoryview] = {}
        payloads: list[Buffer] = []
        for index in indices:
            number, row = divmod(index, self.chunk)
            if number not in chunks:
                chunks[number] = memoryview(self._chunk(number))
            payloads.append(chunks[number][row * self.row_bytes : (row + 1) * self.row_bytes])
        return payloads

    def _chunk(self, number: int) -> bytes:
        shard, within = divmod(number, self.shard // self.chunk)
        offset, length = self.indexes[shard][within].tolist()
        begin = int(self.files.starts[shard]) + offset
        return decompressed(self.files.memory[begin : begin + length].data, self.filter, self.chunk_bytes)


class ShardedBytes(ShardedArray):
    """`bytes` with `offsets` and `lengths`."""

    def __init__(self, folder: Path, samples: int) -> None:
        offsets, lengths = flat_array(folder, OFFSETS, "int64"), flat_array(folder, LENGTHS, "int64")
        self._offsets = offsets.astype(np.int64)
        super().__init__(folder, BYTES, 1)
        if not len(offsets) == len(lengths) == samples:
            raise InputError(
                f"{folder} is damaged: {samples:,} labels, {len(offsets):,} offsets, {len(lengths):,} lengths"
            )
        shard, rows = self.shard, self.rows
        inside = (self._offsets >= 0) & (lengths >= 0) & (self._offsets <= rows) & (lengths <= rows - self._offsets)
        if not (inside & ((lengths == 0) | (self._offsets % shard <= shard - lengths))).all():
            raise ValueError(f"{OFFSETS} and {LENGTHS} do not fit {BYTES}")
        if self.filter != "none":
            raise ValueError(f"{BYTES} is compressed, which our stores never do")
        places = np.zeros(samples, np.int64)
        full = lengths > 0
        numbers = self._offsets[full] // shard
        places[full] = self.files.starts[numbers] + self._offsets[full] % shard
        beyond = places[full] + lengths[full] > self.files.starts[numbers] + self._held()[numbers]
        if beyond.any():
            raise InputError(f"{folder} is damaged: a chunk of {BYTES} that holds a sample is missing")
        self.extents = Extents(self.files.memory, places, lengths.astype(np.int64))

    def stored_bytes(self, index: int) -> int:
        assert self.extents is not None
        return int(self.extents.lengths[index])

    def shards(self) -> list[Shard]:
        counts = np.bincount(self._offsets // self.shard, minlength=len(self.paths)).tolist()
        sizes = self.files.sizes.tolist()
        told = zip(counts, sizes, strict=False)  # empty payloads at the very end may lie behind the last shard
        return [Shard(shard_name(BYTES, at, 1), *one) for at, one in enumerate(told)]

    def _needed(self, number: int) -> int:
        """Those that are there: the end of a shard is empty where the next payload did not fit."""
        size = int(self.files.sizes[number]) - index_size(self.shard // self.chunk)
        return min(max(size, 0) // self.chunk, self.shard // self.chunk)

    def _held(self) -> Numbers:
        """Bytes of each shard that are there, int64 (shards,)."""
        return np.array([self._needed(number) * self.chunk for number in range(len(self.paths))], np.int64)
