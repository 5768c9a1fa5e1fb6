"""Arrow IPC files as a format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...base.contracts import Contents
from ...base.options import option
from ..shards import ShardOptions
from .reader import ArrowReader

if TYPE_CHECKING:
    from .writer import ArrowWriter


@dataclass(frozen=True)
class ArrowFormat(ShardOptions):
    """Arrow IPC (Feather version 2), uncompressed: what pyarrow, `datasets`, pandas and DuckDB map into memory."""

    batch_mb: int = option(
        16, "Payload bytes per record batch, in MB (10^6 bytes)", minimum=1, maximum=1000, title="MB per record batch"
    )
    ending = ".arrow"

    def check(self, contents: Contents) -> None:
        """Whatever is a payload can be held. The library is imported here, before a build's clock runs."""
        from . import writer  # noqa: F401

    def writer(self, path: Path, contents: Contents) -> ArrowWriter:
        from .writer import ArrowWriter  # pyarrow takes a third of a second, which reading need not wait for

        return ArrowWriter(path, contents, self.batch_mb)

    def reader(self, path: Path) -> ArrowReader:
        return ArrowReader(path)

    def used_bytes(self, path: Path) -> int:
        """The file's size: nothing in it is free."""
        return path.stat().st_size
