"""Writing a Zarr group."""

from __future__ import annotations

import gzip
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import zstandard

from ...base.contracts import Buffer, Contents
from ...base.errors import InputError, WorkError
from ...base.strict_json import dumps
from ..field_layouts import FieldsToWrite
from ..shards import MB
from .fields import field_writer
from .layout import (
    BYTES,
    DICTIONARY,
    FILTERS,
    IMAGES,
    LABELS,
    LENGTHS,
    META,
    OFFSETS,
    flat_file,
    flat_json,
    group_json,
    index_bytes,
    shard_name,
    sharded_json,
)

CHUNK_BYTES = 1 << 16
"""Of packed payloads; of pixels as many whole images as fit, or one."""


class ZarrWriter:
    """Payloads go into shards as they come; labels, offsets and lengths are held until the end, 24 bytes a sample."""

    def __init__(self, path: Path, contents: Contents, shard_bytes: int, chunk: int, filter: str) -> None:
        fields = FieldsToWrite.of(contents)
        self._path, self._filter = path, filter
        self._contents = fields.told_in(contents) if fields else contents
        self._labels, self._offsets, self._lengths = array("q"), array("q"), array("q")
        shape, samples = contents.payload_shape, contents.samples
        self._name = BYTES if shape is None else IMAGES
        self._shape: tuple[int, ...] = shape or ()
        self._row_bytes = max(prod(self._shape), 1)  # of the first axis: an image, or a byte
        rows = CHUNK_BYTES if shape is None else max(min(chunk or CHUNK_BYTES // self._row_bytes, samples), 1)
        self._chunk_rows = rows
        chunk_bytes = rows * self._row_bytes
        most = max(shard_bytes // chunk_bytes, 1)
        chunks = most if shape is None else max(min(most, -(-samples // rows)), 1)
        (path / self._name).mkdir(parents=True)
        self._fields = field_writer(path, fields, samples) if fields else None
        axes = len(self._shape) + 1
        self._shards = _Shards(lambda number: path / shard_name(self._name, number, axes), chunk_bytes, chunks, filter)

    def write(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> None:
        """Raises InputError for a payload that is larger than a shard."""
        for payload in payloads:
            if self._name == BYTES:
                self._offsets.append(self._shards.place_for(len(payload)))
                self._lengths.append(len(payload))
            self._shards.append(payload)
        self._labels.extend(labels)
        if self._fields is not None:
            self._fields.write(len(labels))

    def close(self) -> None:
        """Raises WorkError where pixels of one shape were announced and others came."""
        rows, rest = divmod(self._shards.position, self._row_bytes)
        if self._name == IMAGES and (rest or rows != len(self._labels)):
            raise WorkError(f"{self._shards.position:,} bytes are not {len(self._labels):,} images of {self._shape}")
        self._shards.close()
        chunk = self._chunk_rows
        shard = self._shards.chunks * chunk
        self._save_json(self._name, sharded_json([rows, *self._shape], shard, chunk, self._filter))
        if self._name == BYTES:
            self._save(OFFSETS, self._offsets)
            self._save(LENGTHS, self._lengths)
        self._save(LABELS, self._labels)
        if self._fields is not None:
            self._fields.close()
        if self._contents.dictionary is not None:
            self._save_data(DICTIONARY, "uint8", len(self._contents.dictionary), self._contents.dictionary)
        told = {"samples": self._contents.samples, "classes": list(self._contents.classes)}
        self._save_json("", group_json(told | dict(self._contents.metadata)))

    def abort(self) -> None:
        self._shards.abort()

    def _save(self, name: str, numbers: array[int]) -> None:
        self._save_data(name, "int64", len(numbers), np.array(numbers, "<i8").tobytes())

    def _save_data(self, name: str, dtype: str, count: int, data: bytes) -> None:
        chunk = flat_file(self._path, name)
        chunk.parent.mkdir(parents=True)
        if count:
            chunk.write_bytes(data)
        self._save_json(name, flat_json(count, dtype))

    def _save_json(self, array: str, told: dict[str, Any]) -> None:
        (self._path / array / META).write_text(dumps(told), encoding="utf-8")


class _Shards:
    """A stream of bytes, cut into chunks and these into shards of `chunks` each. `position`: bytes so far, with what
    was left empty at the end of shards."""

    def __init__(self, path_of: Callable[[int], Path], chunk_bytes: int, chunks: int, filter: str) -> None:
        self.chunks, self.position = chunks, 0
        self._path_of, self._chunk, self._compress = path_of, chunk_bytes, _compressor(filter)
        self._pending = bytearray()
        self._lengths: list[int] = []
        self._file: BinaryIO | None = None
        self._number = 0

    def place_for(self, size: int) -> int:
        """Where so many bytes will begin: here, or with the next shard where they do not fit into this one."""
        whole = self.chunks * self._chunk
        if size > whole:
            need = -(-size // MB) + 1
            raise InputError(f"a payload of {size:,} bytes is larger than a shard: build with shard_mb={need}")
        if size > whole - self.position % whole:
            self._finish()
            self.position = self._number * whole
        return self.position

    def append(self, data: Buffer) -> None:
        self._pending += data
        self.position += len(data)
        if len(self._pending) >= self._chunk:
            ready = len(self._pending) // self._chunk * self._chunk
            with memoryview(self._pending) as view:
                self._emit(view[:ready])
            del self._pending[:ready]

    def close(self) -> None:
        if self._number == 0:  # a single shard need be no longer than it is
            self.chunks = max(len(self._lengths) + bool(self._pending), 1)
        self._finish()

    def abort(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # what is still to be flushed is rubbish
                self._file.close()

    def _emit(self, chunks: memoryview) -> None:
        """Write whole chunks, in as many shards as they take."""
        for start in range(0, len(chunks), self._chunk):
            stored = self._compress(chunks[start : start + self._chunk])
            if self._file is None:
                path = self._path_of(self._number)
                path.parent.mkdir(parents=True, exist_ok=True)
                self._file = path.open("wb")
            self._file.write(stored)
            self._lengths.append(len(stored))
            if len(self._lengths) == self.chunks:
                self._end_shard()

    def _finish(self) -> None:
        """End the shard that is being written, its last chunk filled up with zeros."""
        if self._pending:
            data, self._pending = bytes(self._pending).ljust(self._chunk, b"\0"), bytearray()
            self._emit(memoryview(data))
        self._end_shard()

    def _end_shard(self) -> None:
        """Write the index, where there is a shard."""
        if self._file is not None:
            self._file.write(index_bytes(self._lengths, self.chunks))
            self._file.close()
            self._file, self._lengths = None, []
            self._number += 1


def _compressor(filter: str) -> Callable[[Buffer], Buffer]:
    """Of chunks, as Zarr's codec of this name does."""
    codec = FILTERS[filter]
    if codec is None:
        return lambda chunk: chunk
    level = codec["configuration"]["level"]
    if filter == "zstd":
        return zstandard.ZstdCompressor(level=level).compress
    return lambda chunk: gzip.compress(chunk, level, mtime=0)
