"""Filling an Arrow file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from ...base.contracts import Buffer, Contents
from ..disk_errors import disk_errors_told
from ..image_table import Gathered, ImageTable

MB = 1_000_000
MOST_ROWS = 1 << 16


class ArrowWriter:
    """Record batches of about `batch_mb` MB, written as they are full."""

    def __init__(self, path: Path, contents: Contents, batch_mb: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._table = ImageTable(contents)
        self._gathered = Gathered(self._table, self._put, batch_mb * MB, MOST_ROWS)
        with disk_errors_told(path, 0, OSError):
            self._file = pa.OSFile(str(path), "wb")
        self._batches: pa.RecordBatchFileWriter | None = None

    def write(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> None:
        for payload, label, suffix in zip(payloads, labels, suffixes, strict=True):
            self._gathered.add(payload, label, suffix)

    def close(self) -> None:
        self._gathered.flush()
        with disk_errors_told(self._path, 0, OSError):
            self._opened().close()
            self._file.close()

    def abort(self) -> None:
        with suppress(OSError):  # what is still to be flushed is rubbish
            self._file.close()

    def _put(self, batch: pa.RecordBatch) -> None:
        with disk_errors_told(self._path, batch.nbytes, OSError):
            self._opened().write_batch(batch)

    def _opened(self) -> pa.RecordBatchFileWriter:
        if self._batches is None:
            self._batches = pa.ipc.new_file(self._file, self._table.schema())
        return self._batches
