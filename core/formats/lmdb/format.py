"""LMDB as a format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...base.contracts import Contents
from ...base.errors import InputError
from ...base.options import option
from ..shards import ShardOptions
from .layout import MAX_GROUP, MAX_SAMPLES
from .reader import LmdbReader
from .store_tree import StoreTree
from .writer import LmdbWriter


@dataclass(frozen=True)
class LmdbFormat(ShardOptions):
    """LMDB without a lock file: a finished store never changes."""

    group: int = option(
        1, "Samples packed into one value: fewer, fuller pages", minimum=1, maximum=MAX_GROUP, title="Samples per value"
    )
    ending = ".lmdb"

    def check(self, contents: Contents) -> None:
        if contents.samples > MAX_SAMPLES:
            raise InputError(f"{contents.samples:,} samples do not fit LMDB keys of eight digits; split the dataset")

    def writer(self, path: Path, contents: Contents) -> LmdbWriter:
        return LmdbWriter(path, contents, self.group)

    def reader(self, path: Path) -> LmdbReader:
        return LmdbReader(path)

    def used_bytes(self, path: Path) -> int:
        """Pages of the tree and its overflow pages, and the two meta pages (free pages are not in use)."""
        return StoreTree.open(path).used_bytes
