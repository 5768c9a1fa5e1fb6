"""A LitData folder by its `index.json`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from ..records import ReadCost
from ..shard_tables.file import SampleTable, ShardTableFile
from ..shard_tables.folder import ShardBytes
from ..shard_tables.offsets import OffsetTable
from .index import read_index
from .tables import ARROW, FRAMED, CompressedItems, FramedItems, LitDataRows


class LitDataFile(ShardTableFile):
    """`config`: what `index.json` says of all chunks. Raises InputError where it cannot be read."""

    kind: ClassVar[str] = "litdata"

    def __init__(self, path: Path) -> None:
        shards, self.config = read_index(path)
        super().__init__(path, shards)

    def open_table(self, shard: ShardBytes) -> SampleTable:
        if shard.size >= 8 and shard.at(0, 8) == FRAMED:
            return FramedItems(shard)
        if shard.size >= 24 and shard.at(shard.size - 8, 8) == ARROW:
            return LitDataRows(shard)
        return CompressedItems(shard) if self.config.each else OffsetTable(shard)

    def read_cost(self) -> ReadCost:
        """Of items in frames, a whole frame."""
        cost, table = super().read_cost(), self._first_table()
        if not isinstance(table, FramedItems):
            return cost
        said = f"items are compressed {table.rows:,} at a time: one costs its whole frame, inflated"
        return ReadCost(cost.ordered_bytes * min(table.rows, table.count), cost.ordered_bytes, said, 2)

    def _first_table(self) -> SampleTable | None:
        number = next((number for number, shard in enumerate(self.shards) if shard.samples), None)
        try:
            return None if number is None else self.table(number)
        except (ValueError, OSError):
            return None

    def structure(self) -> Mapping[str, Any]:
        config = self.config
        leaves = [{"name": name, "serializer": told} for name, told in zip(config.names, config.formats, strict=True)]
        compression = None if config.compression is None else f"{config.compression}, {config.level}"
        return {**super().structure(), "leaves": leaves, "compression": compression}
