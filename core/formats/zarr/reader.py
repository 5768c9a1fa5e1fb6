"""Reading a Zarr group of ours, without a library: its JSON must be what we write, to the letter."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...base.contracts import MAX_PAYLOAD, Buffer, Extents, Labels
from ...base.errors import InputError
from ..container import MappedContainerReader, open_file
from ..folder import parse_json
from ..joined_maps import JoinedFiles, mapped_together
from ..maps import release_pages
from ..shards import Shard
from .chunks import decompressed
from .layout import (
    ABSENT,
    BYTES,
    DICTIONARY,
    FILTERS,
    IMAGES,
    LABELS,
    LENGTHS,
    META,
    OFFSETS,
    Index,
    flat_file,
    flat_json,
    group_json,
    index_size,
    read_index,
    shard_name,
    sharded_json,
)  # fmt: skip

Numbers = npt.NDArray[np.int64]


class ZarrReader(MappedContainerReader):
    """Chunks that nothing compresses are served as views of the mapped shards, others are decompressed."""

    def _open(self) -> None:
        self._array  # noqa: B018 - it is read when it is first asked for

    def _labels(self) -> Labels:
        return _flat(self._path, LABELS, "int64").astype(np.int64)

    def _metadata(self) -> Mapping[str, Any]:
        told = _json(self._path, "")
        attributes = told.get("attributes")
        if not isinstance(attributes, dict) or told != group_json(attributes):
            raise ValueError(f"its {META} is not as our stores keep it")
        return attributes

    def _dictionary(self) -> bytes | None:
        there = os.path.lexists(self._path / DICTIONARY)
        return bytes(_flat(self._path, DICTIONARY, "uint8").tobytes()) if there else None

    def _read(self, indices: Sequence[int]) -> list[Buffer]:
        return self._array.read(indices)

    def _key(self, index: int) -> str:
        return f"{self._array.name}[{index}]"

    def _stored_bytes(self, index: int) -> int:
        return self._array.stored_bytes(index)

    def _extents_of_all(self) -> Extents | None:
        """None where chunks are compressed."""
        return self._array.extents

    def shards(self) -> list[Shard]:
        """The files of payloads, in the order of their samples."""
        with self._told("its shards cannot be told"):
            return self._array.shards()

    def release(self) -> None:
        """Gives the map's pages back; views stay valid and fetch them again."""
        if "_array" in self.__dict__:
            release_pages(self._array.files.memory)

    def close(self) -> None:
        """Views that were handed out keep their map."""
        self.__dict__.pop("_array", None)

    @cached_property
    def _array(self) -> _ShardedArray:
        samples = len(self.labels)
        if (self._path / IMAGES).is_dir():
            return _Images(self._path, samples)
        return _Packed(self._path, samples)


class _ShardedArray:
    """An array whose shards are mapped, each with its index.

    `rows`: of its first axis; `chunk`, `shard`: rows of each; `row_bytes`: bytes of a row.
    """

    extents: Extents | None = None

    def __init__(self, folder: Path, name: str, axes: int) -> None:
        """Raises ValueError where it is not as our stores keep it, InputError where a shard or chunk is missing."""
        self.name = name
        shape, self.shard, self.chunk, self.filter = _sharded(folder, name, axes)
        self.rows, self.row_bytes = shape[0], prod(shape[1:])
        self._files = [folder / shard_name(name, number, axes) for number in range(self._count(folder))]
        missing = next((path for path in self._files if not os.path.lexists(path)), None)
        if missing is not None:
            raise InputError(f"{missing} is missing: the samples in it are lost; build the store again (--force)")
        self.files: JoinedFiles = mapped_together(self._files)
        self.indexes = [self._index(number) for number in range(len(self._files))]

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
        there = len(os.listdir(place)) if place.is_dir() and not place.is_symlink() else 0
        wanted = -(-self.rows // self.shard)
        if there < wanted:
            raise InputError(f"{place} has {there:,} shards where {wanted:,} belong: samples are lost")
        return wanted

    def _index(self, number: int) -> Index:
        """Of one shard: the chunks that its samples need are there, and of the right size where nothing filters."""
        path, size = self._files[number], int(self.files.sizes[number])
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


class _Images(_ShardedArray):
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
        counts = [min(self.shard, self.rows - number * self.shard) for number in range(len(self._files))]
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


class _Packed(_ShardedArray):
    """`bytes` with `offsets` and `lengths`."""

    def __init__(self, folder: Path, samples: int) -> None:
        offsets, lengths = _flat(folder, OFFSETS, "int64"), _flat(folder, LENGTHS, "int64")
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
        counts = np.bincount(self._offsets // self.shard, minlength=len(self._files)).tolist()
        sizes = self.files.sizes.tolist()
        told = zip(counts, sizes, strict=False)  # empty payloads at the very end may lie behind the last shard
        return [Shard(shard_name(BYTES, at, 1), *one) for at, one in enumerate(told)]

    def _needed(self, number: int) -> int:
        """Those that are there: the end of a shard is empty where the next payload did not fit."""
        size = int(self.files.sizes[number]) - index_size(self.shard // self.chunk)
        return min(max(size, 0) // self.chunk, self.shard // self.chunk)

    def _held(self) -> Numbers:
        """Bytes of each shard that are there, int64 (shards,)."""
        return np.array([self._needed(number) * self.chunk for number in range(len(self._files))], np.int64)


# ---------------------------------------------------------------- JSON and flat arrays


def _json(folder: Path, array: str) -> dict[str, Any]:
    path = folder / array / META
    if not os.path.lexists(path):
        raise InputError(f"{path} is missing: this folder is not a store of ours, or is damaged")
    return parse_json(path)


def _sharded(folder: Path, name: str, axes: int) -> tuple[tuple[int, ...], int, int, str]:
    """Shape, rows of a shard and of a chunk, and the filter. Raises ValueError for JSON that is not ours."""
    told = _json(folder, name)
    shape = tuple(told["shape"])
    configuration = told["codecs"][0]["configuration"]
    shard, chunk = told["chunk_grid"]["configuration"]["chunk_shape"][0], configuration["chunk_shape"][0]
    numbers = (*shape, shard, chunk)
    if len(shape) != axes or any(type(number) is not int or not 0 <= number < 1 << 62 for number in numbers):
        raise ValueError(f"the {META} of {name} is not as our stores keep it")
    row = prod(shape[1:])
    if not 0 < chunk <= shard or shard % chunk or not 0 < row <= MAX_PAYLOAD or chunk * row > MAX_PAYLOAD:
        raise ValueError(f"the {META} of {name} has chunks of {chunk:,} in shards of {shard:,}")
    known = (filter for filter in FILTERS if told == sharded_json(shape, shard, chunk, filter))
    if (filter := next(known, None)) is None:
        raise ValueError(f"the {META} of {name} is not as our stores keep it")
    return shape, shard, chunk, filter


def _flat(folder: Path, name: str, dtype: str) -> np.ndarray[Any, Any]:
    """An array with one axis in one chunk."""
    told = _json(folder, name)
    (count,) = told["shape"]
    if type(count) is not int or count < 0 or told != flat_json(count, dtype):
        raise ValueError(f"the {META} of {name} is not as our stores keep it")
    kind = np.dtype(dtype).newbyteorder("<")
    if count == 0:
        return np.empty(0, kind)
    chunk = flat_file(folder, name)
    if not os.path.lexists(chunk):
        raise InputError(f"{chunk} is missing: {name} would read as zeros; build the store again (--force)")
    with open_file(chunk) as file:
        if os.fstat(file.fileno()).st_size != count * kind.itemsize:
            raise ValueError(f"{name} is not {count:,} numbers long")
        return np.frombuffer(file.read(count * kind.itemsize), kind)
