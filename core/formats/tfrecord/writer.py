"""Filling shards of Examples, put together from parts that are made once."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ...base.contracts import Buffer, Contents
from ..field_layouts import FieldsToWrite
from ..folder import ShardIndexWriter, write_facts, write_table
from ..shards import Shard, ShardLimits
from .fields import feature_names, features_written
from .layout import BLOCK, BLOCK_BYTES, BLOCKS, after_encoded, before_features, encoded_of, heads, shard_name
from .records import HEADER, footer_of, header_of

GZIP = zlib.MAX_WBITS | 16

Size = tuple[int | None, int | None]


class TfRecordWriter:
    """Writes a record a sample; shards get their names when their number is known."""

    def __init__(self, path: Path, contents: Contents, limits: ShardLimits, gzip: bool) -> None:
        path.mkdir(parents=True)
        self._path = path
        self._fields = FieldsToWrite.of(contents)
        self._contents = self._fields.told_in(contents) if self._fields else contents
        self._limits = limits
        self._gzip = gzip
        self._heads = heads(contents.classes)
        self._sizes = _sizes(contents)
        self._index = ShardIndexWriter()
        self._samples: list[int] = []
        self._blocks: list[tuple[int, int, int, int, int]] = []
        self._written = 0
        self._shard = self._opened()

    def write(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> None:
        offsets, lengths, shards = array("q"), array("q"), array("q")
        further = self._further(len(payloads))
        for payload, label, suffix in zip(payloads, labels, suffixes, strict=True):
            size = len(payload)
            head, tail = (
                self._heads[label] + encoded_of(size),
                after_encoded(suffix, *next(self._sizes)) + next(further),
            )
            start = before_features(len(head) + size + len(tail))
            data = b"".join((start, head, payload, tail))
            record = header_of(len(data)) + data + footer_of(data)
            if self._limits.begins(self._written, self._shard.position, len(record)):
                self._next_shard()
            offsets.append(self._shard.position + HEADER + len(start) + len(head))
            lengths.append(size)
            shards.append(len(self._samples))
            self._shard.append(record)
            self._written += 1
        self._shard.flush()
        self._index.append(offsets, lengths, labels, shards)

    def _further(self, samples: int) -> Iterator[bytes]:
        """The features of the next samples' fields."""
        if self._fields is None:
            return repeat(b"")
        layouts = self._fields.layouts
        names = feature_names(layouts)
        return (features_written(values, layouts, names) for values in self._fields.next(samples))

    def close(self) -> None:
        self._sizes.close()
        self._end_shard()
        part = self._contents.part
        first, count = (part.number, part.parts) if part else (0, len(self._samples))
        listed = []
        for number, samples in enumerate(self._samples):
            path = self._part(number)
            name = shard_name(self._path.name, first + number, count, self._gzip)
            path.rename(self._path / name)
            listed.append(Shard(name, samples, (self._path / name).stat().st_size))
        self._index.write(self._path)
        if self._gzip:
            write_table(self._path / BLOCKS, np.array(self._blocks, BLOCK))
        write_facts(self._path, self._contents, listed)

    def abort(self) -> None:
        self._sizes.close()
        with suppress(OSError):  # what is still to be flushed is rubbish
            self._shard.let_go()

    def _part(self, number: int) -> Path:
        return self._path / f"{number}.part"

    def _opened(self) -> _ShardFile:
        file = self._part(len(self._samples)).open("xb", buffering=0)
        return _GzipShardFile(file) if self._gzip else _ShardFile(file)

    def _next_shard(self) -> None:
        self._end_shard()
        self._shard = self._opened()

    def _end_shard(self) -> None:
        self._shard.close()
        self._blocks += [(len(self._samples), *block) for block in self._shard.blocks]
        self._samples.append(self._written - sum(self._samples))


def _sizes(contents: Contents) -> Generator[Size, None, None]:
    """(height, width) of each sample as far as they are known: of the pixels that all payloads are (behind their
    compression, too), or of the image that a payload was made of."""
    shape = contents.payload_shape or contents.metadata.get("payload_shape")
    while shape:
        yield shape[0], shape[1]
    if contents.rows is not None:
        yield from contents.rows.sizes()
    while True:
        yield None, None


class _ShardFile:
    """A shard that is being written. `position`: where the next record begins; `blocks`: see `layout.BLOCK`, without
    the shard."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._records: list[bytes] = []
        self.position = 0
        self.blocks: list[tuple[int, int, int, int]] = []

    def append(self, record: bytes) -> None:
        self._records.append(record)
        self.position += len(record)

    def flush(self) -> None:
        """Give what was appended to the system."""
        self._write(b"".join(self._records))
        self._records.clear()

    def close(self) -> None:
        self.flush()
        self._file.close()

    def let_go(self) -> None:
        self._file.close()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]


class _GzipShardFile(_ShardFile):
    """A gzip file of members that hold whole records, about `BLOCK_BYTES` of them each (an empty one of an empty
    member): any gzip reader reads them as one, and ours begins at any of them."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self._begun = self._stored = 0

    def append(self, record: bytes) -> None:
        super().append(record)
        if self.position - self._begun >= BLOCK_BYTES:
            self._end_block()

    def flush(self) -> None:
        """A block waits until it is full."""

    def close(self) -> None:
        if self._records or not self.blocks:
            self._end_block()
        super().close()

    def _end_block(self) -> None:
        made = zlib.compressobj(wbits=GZIP)
        data = made.compress(b"".join(self._records)) + made.flush()
        self._records.clear()
        self._write(data)
        self.blocks.append((self._begun, self.position - self._begun, self._stored, len(data)))
        self._begun, self._stored = self.position, self._stored + len(data)
