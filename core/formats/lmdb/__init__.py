"""LMDB: one memory-mapped B+tree a split.

Layout (docs/formats.md has it to the byte): keys are the sample's number as eight digits, a value is the payload and
nothing else; `__labels__` holds the labels (int64, little-endian), `__metadata__` JSON, `__dictionary__` a compression
dictionary where there is one. With `group=K` a value holds K payloads: a uint32 count n, n + 1 uint32 offsets
counted from the end of this table, then the payloads, everything little-endian.

Written with py-lmdb; read as what the file is, pages in a map (`pages`): payloads are then found once for all instead
of by a call each, views outlive their reader, and nothing is locked, forked or opened twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...base.contracts import Contents
from ...base.errors import InputError
from ...base.options import option
from .layout import MAX_GROUP, MAX_SAMPLES
from .pages import Tree
from .reader import LmdbReader
from .writer import LmdbWriter


@dataclass(frozen=True)
class Lmdb:
    """LMDB without a lock file: a finished store never changes."""

    group: int = option(1, "Samples packed into one value: fewer, fuller pages", minimum=1, maximum=MAX_GROUP)
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
        return Tree.open(path).used_bytes
