"""TFRecord as a format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...base.contracts import Contents
from ...base.errors import InputError
from ...base.options import option
from ..sharded_folder import ShardedFolder
from ..shards import MOST_SHARDS
from .layout import BLOCK, BLOCKS
from .reader import TfRecordReader
from .writer import TfRecordWriter

USUAL_MB = 128
"""TensorFlow's guide advises shards of 100 to 200 MB."""

LARGEST_EXAMPLE = (1 << 31) - (1 << 16)
"""Bytes: protocol buffers hold no message of 2 GiB."""


@dataclass(frozen=True)
class TfRecordFormat(ShardedFolder):
    """TFRecord: TensorFlow alone reads every sample."""

    shards: int = option(0, "Files a split (0: by their size)", minimum=0, maximum=MOST_SHARDS - 1)
    shard_mb: int = option(
        0, f"MB a file, before gzip (0: {USUAL_MB}, or as `shards` says)", minimum=0, maximum=1 << 20, title="MB a file"
    )
    compress: str = option(
        "none",
        "gzip: the files as a whole, which TensorFlow reads with compression_type='GZIP'; a sample at random then "
        "takes inflating 64 KiB",
        choices=("none", "gzip"),
    )
    ending = ""
    usual_mb = USUAL_MB
    tables: ClassVar = {**ShardedFolder.tables, BLOCKS: BLOCK}

    @property
    def bare(self) -> bool:
        return self.compress == "none"

    def check(self, contents: Contents) -> None:
        """Raises InputError for options that contradict each other or these contents."""
        limits = self._limits(contents)
        if limits.shard_mb and (contents.total_bytes or 0) // (limits.shard_mb * 1_000_000) >= MOST_SHARDS:
            raise InputError("names have five digits for the shard, which is not enough: choose a larger shard_mb")

    def writer(self, path: Path, contents: Contents) -> TfRecordWriter:
        return TfRecordWriter(path, contents, self._limits(contents), self.compress == "gzip")

    def reader(self, path: Path) -> TfRecordReader:
        return TfRecordReader(path)
