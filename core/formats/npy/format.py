"""NumPy's files as a format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...base.contracts import Contents
from ..shards import ShardOptions
from ..walk import bytes_below
from .reader import NpyReader
from .writer import NpyWriter


@dataclass(frozen=True)
class NpyFormat(ShardOptions):
    """A folder of arrays: NumPy alone reads, and maps, every sample."""

    ending = ""

    def check(self, contents: Contents) -> None:
        """Any contents go."""

    def writer(self, path: Path, contents: Contents) -> NpyWriter:
        return NpyWriter(path, contents)

    def reader(self, path: Path) -> NpyReader:
        return NpyReader(path)

    def used_bytes(self, path: Path) -> int:
        """The sum of the files' sizes: nothing in them is free."""
        return bytes_below(path)
