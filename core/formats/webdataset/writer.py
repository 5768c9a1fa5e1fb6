"""Writing tar shards: headers are made as bytes, and many samples go to the disk in one call."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from ...base.contracts import Buffer, Contents
from ..field_layouts import FieldsToWrite, Values
from ..folder import ShardIndexWriter, write_facts
from ..shards import Shard, ShardLimits
from .fields import FieldMembers
from .seekable import SeekableWriter
from .tar_layout import (
    BLOCK,
    LABEL_SUFFIX,
    NPY,
    RECORD,
    TAR,
    TAR_ZST,
    HeaderTemplate,
    npy_header,
    padded,
    shard_name,
)

FLUSHED = 1 << 20
"""Bytes that are handed to the system at once."""


class WebDatasetWriter:
    """Writes a sample as two members, payload and label, with those of its fields behind, and notes where the payload
    lies."""

    def __init__(self, path: Path, contents: Contents, limits: ShardLimits, zst: bool) -> None:
        path.mkdir(parents=True)
        self._path = path
        self._fields = FieldsToWrite.of(contents)
        self._contents = self._fields.told_in(contents) if self._fields else contents
        self._first_key, self._first_shard = contents.first, contents.part.number if contents.part else 0
        self._members = FieldMembers(self._fields.layouts if self._fields else ())
        self._limits = limits
        self._zst = zst
        shape = contents.payload_shape
        self._before = b"" if shape is None else npy_header(shape)
        self._templates: dict[str, HeaderTemplate] = {}
        self._label_header = HeaderTemplate(LABEL_SUFFIX)
        self._index = ShardIndexWriter()
        self._shards: list[Shard] = []
        self._shard: _PlainShard | SeekableWriter = self._begun()
        self._written = 0

    def write(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> None:
        """Raises ValueError for an ending that is too long for a name in a tar."""
        offsets, lengths, shards = [], [], []
        before, size_before = self._before, len(self._before)
        further: Sequence[Values] = [{}] * len(payloads) if self._fields is None else self._fields.next(len(payloads))
        for payload, label, suffix, values in zip(payloads, labels, suffixes, further, strict=True):
            length = len(payload)
            size = size_before + length
            room = padded(size)
            key = b"%08d" % (self._first_key + self._written)
            members = self._members.of(key, values)
            total = room + 3 * BLOCK + len(members)
            if self._limits.begins(self._written, self._shard.size, total):
                self._end_shard()
                self._shard = self._begun()
            offsets.append(self._shard.size + BLOCK + size_before)
            lengths.append(length)
            shards.append(len(self._shards))
            told = b"%d" % label
            label_block = self._label_header.header(key, len(told)) + told.ljust(BLOCK, b"\0")
            header = self._template(suffix).header(key, size)
            self._shard.add((header, before, payload, bytes(room - size), label_block, members), total)
            self._written += 1
        self._index.append(offsets, lengths, labels, shards)

    def close(self) -> None:
        self._end_shard()
        self._index.write(self._path)
        write_facts(self._path, self._contents, self._shards)

    def abort(self) -> None:
        with suppress(OSError):  # what is still to be flushed is rubbish
            self._shard.abort()

    def _template(self, suffix: str) -> HeaderTemplate:
        """Of pixels of one shape the member is an array that anybody loads."""
        made = self._templates.get(suffix)
        if made is None:
            made = self._templates[suffix] = HeaderTemplate(NPY if self._before else suffix)
        return made

    def _begun(self) -> _PlainShard | SeekableWriter:
        self._first = sum(shard.samples for shard in self._shards)
        number = self._first_shard + len(self._shards)
        path = self._path / shard_name(self._path.name, number, TAR_ZST if self._zst else TAR)
        file = path.open("xb", buffering=0)
        return SeekableWriter(file) if self._zst else _PlainShard(file)

    def _end_shard(self) -> None:
        shard = self._shard
        end = 2 * BLOCK
        end += -(shard.size + end) % RECORD
        shard.add((bytes(end),), end)
        shard.close()
        name = Path(str(shard.file.name)).name
        self._shards.append(Shard(name, self._written - self._first, (self._path / name).stat().st_size))


class _PlainShard:
    """A tar as it is, in few writes. `size`: its bytes up to now."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.size = 0
        self._parts: list[Buffer] = []
        self._held = 0

    def add(self, parts: Iterable[Buffer], size: int) -> None:
        """Append parts of `size` bytes together."""
        self._parts += parts
        self.size += size
        self._held += size
        if self._held >= FLUSHED:
            self._flush()

    def close(self) -> None:
        self._flush()
        self.file.close()

    def abort(self) -> None:
        self.file.close()

    def _flush(self) -> None:
        view = memoryview(b"".join(self._parts))
        while view:
            view = view[os.write(self.file.fileno(), view) :]
        self._parts, self._held = [], 0
