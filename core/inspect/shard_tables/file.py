"""A folder of shards that an index lists, as a file of the inspector."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any, ClassVar, Protocol

from ..display import Choice
from ..records import ReadCost
from .folder import ShardBytes, ShardFolder
from .index import ListedShard
from .offsets import OffsetTable

TABLES = 16
"""Tables of shards that are kept."""

LISTED = 1000
"""Shards that `structure` lists."""


class SampleTable(Protocol):
    """The samples of one shard by number."""

    count: int

    def open(self, index: int) -> ShardBytes:
        """The bytes of a sample. Raises ValueError where there is none."""
        ...

    def stored(self, index: int) -> int | None:
        """What it takes in the folder, where that can be told."""
        ...

    def where(self, index: int) -> str:
        """Where it lies in its shard, in words."""
        ...


class ShardTableFile:
    """The shards in order. A kind parses its index and hands the shards on; it may override `open_table`."""

    kind: ClassVar[str]

    def __init__(self, path: Path, shards: Sequence[ListedShard]) -> None:
        self.choice = Choice()
        self.path = path
        self.folder = ShardFolder(path.parent)
        self.shards = list(shards)
        self._ends: list[int] | None = None
        self._tables: OrderedDict[int, SampleTable] = OrderedDict()

    @property
    def ends(self) -> list[int]:
        """The number of samples up to the end of each shard."""
        if self._ends is None:
            self._ends = list(accumulate(shard.samples for shard in self.shards))
        return self._ends

    @property
    def samples(self) -> int:
        return self.ends[-1] if self.ends else 0

    def place(self, index: int) -> tuple[int, int]:
        """(number of the shard, number of the sample in it). Raises IndexError where there is none."""
        if not 0 <= index < self.samples:
            raise IndexError(f"there is no sample {index:,}: there are {self.samples:,}")
        number = bisect_right(self.ends, index)
        return number, index - (self.ends[number - 1] if number else 0)

    def bytes_of(self, number: int) -> ShardBytes:
        """The bytes of a shard, inflated where it is there in compressed form alone. Raises ValueError."""
        shard = self.shards[number]
        if shard.problem is not None:
            raise ValueError(f"{shard.name[:200]}: {shard.problem}")
        if shard.packed is not None and self.folder.size(shard.name) is None:
            return self.folder.inflated(shard.packed, shard.compression or "")
        return self.folder.shard(shard.name)

    def open_table(self, shard: ShardBytes) -> SampleTable:
        """The table of a shard. Raises ValueError."""
        return OffsetTable(shard)

    def table(self, number: int) -> SampleTable:
        """The table of a shard, kept. Raises ValueError."""
        if number not in self._tables:
            table = self.open_table(self.bytes_of(number))
            if self.is_inflated(number):
                self._tables.clear()  # a table holds its shard's bytes, and one inflated shard is kept at a time
            while len(self._tables) >= TABLES:
                self._tables.popitem(last=False)
            self._tables[number] = table
        self._tables.move_to_end(number)
        return self._tables[number]

    def is_inflated(self, number: int) -> bool:
        shard = self.shards[number]
        return shard.packed is not None and self.folder.size(shard.name) is None

    def shorten(self, number: int, samples: int) -> None:
        """Say that a shard has fewer samples than its index tells."""
        self.shards[number] = replace(self.shards[number], samples=samples)
        self._ends = None

    def open(self, index: int) -> ShardBytes:
        """The bytes of a sample. Raises ValueError, which names the shard."""
        number, within = self.place(index)
        return self.table(number).open(within)

    def where(self, index: int) -> str:
        """ "shard.00000.mds, byte 1,234", as far as it can be told."""
        number, within = self.place(index)
        try:
            return f"{self.shards[number].name}, {self.table(number).where(within)}"
        except (ValueError, OSError):
            return self.shards[number].name[:200]

    def structure(self) -> Mapping[str, Any]:
        """The shards and what a sample costs to read."""
        rows = [
            {"shard": shard.packed or shard.name, "samples": shard.samples, "bytes": self._stored(shard)}
            for shard in self.shards[:LISTED]
        ]
        return {
            "listed_shards": len(self.shards),
            "samples": self.samples,
            "apparent_bytes": sum(self._stored(shard) or 0 for shard in self.shards),
            "shards": rows,
            "read_cost": self.read_cost().to_json(),
        }

    def read_cost(self) -> ReadCost:
        """From the first shard that has samples."""
        number = next((number for number, shard in enumerate(self.shards) if shard.samples), None)
        if number is None:
            return ReadCost(0, 0, "there are no samples")
        shard = self.shards[number]
        stored = self._stored(shard) or 0
        each = -(-stored // shard.samples)
        if self.is_inflated(number):
            said = "a shard is compressed as a whole: one sample costs all of it, inflated"
            return ReadCost(stored, each, said)
        return ReadCost(each + 8, each, "two offsets of the shard's table, then the sample", 2)

    def _stored(self, shard: ListedShard) -> int | None:
        size = self.folder.size(shard.name)
        return size if size is not None or shard.packed is None else self.folder.size(shard.packed)

    def warnings(self) -> list[str]:
        return []

    def close(self) -> None:
        self.folder.close()
