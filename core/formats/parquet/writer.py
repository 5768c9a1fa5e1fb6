"""Filling a folder of Parquet files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...base.contracts import Buffer, Contents
from ..disk_errors import disk_errors_told
from ..folder import ShardIndexWriter, write_facts
from ..image_table import Gathered, ImageTable
from ..shards import MB, Shard, ShardLimits
from .places import payload_places

BATCH_BYTES, MOST_ROWS = 4 * MB, 1 << 14
PAGE_BYTES = 1 << 20
COMPRESSED_PAGE = 1 << 16
"""Of a compressed page all is decompressed for one sample of it."""


class ParquetWriter:
    """Batches become row groups, row groups files. Once a file is complete, its pages are walked and where each payload
    lies goes into the index."""

    def __init__(self, path: Path, contents: Contents, limits: ShardLimits, row_group_mb: int, codec: str) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._path, self._limits, self._codec = path, limits, codec
        fixed = prod(contents.payload_shape) if contents.payload_shape else 0
        told = {"pages": {"codec": codec, "fixed_bytes": fixed}} if codec != "none" else {}
        self._table = ImageTable(contents)
        contents = self._table.contents
        self._contents = replace(contents, metadata={**contents.metadata, **told})
        self._gathered = Gathered(self._table, self._batch, min(BATCH_BYTES, row_group_mb * MB), MOST_ROWS)
        self._row_group = row_group_mb * MB
        self._index = ShardIndexWriter()
        self._file: _ParquetFile | None = None
        self._done: list[tuple[Path, int]] = []
        self._samples = self._file_samples = self._file_bytes = 0
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_bytes = 0

    def write(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> None:
        for payload, label, suffix in zip(payloads, labels, suffixes, strict=True):
            if self._limits.begins(self._samples, self._file_bytes, len(payload)):
                self._end_file()
            self._gathered.add(payload, label, suffix)
            self._samples += 1
            self._file_samples += 1
            self._file_bytes += len(payload)

    def close(self) -> None:
        if self._file_samples or not self._done:
            self._end_file()
        shards = []
        part = self._contents.part
        first, count = (part.number, part.parts) if part else (0, len(self._done))
        for number, (path, samples) in enumerate(self._done):
            name = f"{self._path.name}-{first + number:05d}-of-{count:05d}.parquet"
            path.rename(self._path / name)
            shards.append(Shard(name, samples, (self._path / name).stat().st_size))
        self._index.write(self._path)
        write_facts(self._path, self._contents, shards)

    def abort(self) -> None:
        if self._file is not None:
            self._file.let_go()

    def _batch(self, batch: pa.RecordBatch) -> None:
        if self._waiting_bytes + batch.nbytes > self._row_group:
            self._end_row_group()
        self._waiting.append(batch)
        self._waiting_bytes += batch.nbytes

    def _end_row_group(self) -> None:
        if self._waiting:
            self._opened().write(self._waiting)
        self._waiting, self._waiting_bytes = [], 0

    def _end_file(self) -> None:
        self._gathered.flush()
        self._end_row_group()
        file = self._opened()
        file.close()
        places = payload_places(file.path, self._codec)
        self._index.append(places.offsets, places.lengths, places.labels, [len(self._done)] * len(places.labels))
        self._done.append((file.path, len(places.labels)))
        self._file, self._file_samples, self._file_bytes = None, 0, 0

    def _opened(self) -> _ParquetFile:
        if self._file is None:
            path = self._path / f"{len(self._done):05d}.parquet"
            self._file = _ParquetFile(path, self._table.schema(), self._codec)
        return self._file


class _ParquetFile:
    """One file that is being written. What the disk refuses is raised as the OSError that it is."""

    def __init__(self, path: Path, schema: pa.Schema, codec: str) -> None:
        self.path = path
        with disk_errors_told(path, 0, OSError):
            self._sink = pa.OSFile(str(path), "wb")
            self._writer = pq.ParquetWriter(self._sink, schema, **_settings(schema, codec))

    def write(self, batches: list[pa.RecordBatch]) -> None:
        """A row group."""
        table = pa.Table.from_batches(batches)
        with disk_errors_told(self.path, table.nbytes, OSError):
            self._writer.write_table(table, row_group_size=len(table))

    def close(self) -> None:
        with disk_errors_told(self.path, 0, OSError):
            self._writer.close()
            self._sink.close()

    def let_go(self) -> None:
        self._writer.is_open = False  # else it writes its footer when it is collected
        with suppress(OSError):
            self._sink.close()


def _settings(schema: pa.Schema, codec: str) -> dict[str, Any]:
    """pyarrow looks whether a page is full after `write_batch_size` values."""
    struct = pa.types.is_struct(schema.field("image").type)
    image = "image.bytes" if struct else "image"
    others = ["image.path", "label"] if struct else ["label"]
    return {
        "compression": {image: codec} | dict.fromkeys(others, "none"),
        "use_dictionary": False,
        "write_statistics": ["label"],
        "write_page_index": True,
        "write_page_checksum": True,
        "data_page_size": PAGE_BYTES if codec == "none" else COMPRESSED_PAGE,
        "write_batch_size": 8 if codec == "none" else 1,
    }
