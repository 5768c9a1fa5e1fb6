"""Parquet files as a format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...base.contracts import Contents
from ...base.options import option
from ..sharded_folder import ShardedFolder
from ..shards import MOST_SHARDS
from .reader import ParquetReader

if TYPE_CHECKING:
    from .writer import ParquetWriter

USUAL_MB = 500
"""MB of a shard where nothing is said: the size that Hugging Face's hub cuts datasets into."""


@dataclass(frozen=True)
class ParquetFormat(ShardedFolder):
    """Parquet with the schema of Hugging Face's `datasets`; pandas and DuckDB read it, too."""

    shards: int = option(
        0, "Files per split, of equal samples (0: by size)", minimum=0, maximum=MOST_SHARDS, title="Shards"
    )
    shard_mb: int = option(
        0, f"MB (10^6 bytes) per file (0: {USUAL_MB})", minimum=0, maximum=1_000_000, title="MB per shard"
    )
    row_group_mb: int = option(
        100, "MB (10^6 bytes) of payload per row group", minimum=1, maximum=1000, title="MB per row group"
    )
    parquet_compression: str = option(
        "none",
        "Parquet's own compression of each page, for raw pixels; readers decompress a page of about 64 KiB per sample",
        choices=("none", "zstd-pages", "snappy-pages"),
    )
    ending = ""
    usual_mb = USUAL_MB

    @property
    def bare(self) -> bool:
        return self.parquet_compression == "none"

    def check(self, contents: Contents) -> None:
        """Raises InputError where both `shards` and `shard_mb` are given. The library is imported here, before a
        build's clock runs."""
        from . import writer  # noqa: F401

        self._limits(contents)

    def writer(self, path: Path, contents: Contents) -> ParquetWriter:
        from .writer import ParquetWriter  # pyarrow takes a third of a second, which reading need not wait for

        codec = self.parquet_compression.removesuffix("-pages")
        return ParquetWriter(path, contents, self._limits(contents), self.row_group_mb, codec)

    def reader(self, path: Path) -> ParquetReader:
        return ParquetReader(path)
