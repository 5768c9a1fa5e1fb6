"""The items of a chunk where they do not simply lie side by side: compressed one by one, in frames, or rows of Arrow.

Frames (LitData's `framed_zstd.py`), little-endian: b"LDFZ01\\0\\0", uint16 version, uint16 flags, uint32 items, uint32
items of a frame, uint32 frames; uint32 offset[items + 1] in the items' bytes; a frame: uint32 first item, uint32 items,
uint64 offset, uint32 compressed bytes, uint32 bytes. Rows of Arrow: an IPC file, its length (uint32), b"LDARW01\\0".
"""

from __future__ import annotations

import struct
from typing import Any

from ...base.extras import needed_by
from ..shard_tables.folder import InflatedShard, ShardBytes
from ..shard_tables.offsets import OffsetTable
from ..values import MAX_INFLATED, inflate

FRAMED = b"LDFZ01\0\0"
ARROW = b"LDARW01\0"
_FRAME = struct.Struct("<IIQII")
_PREFIX = 24


class CompressedItems(OffsetTable):
    """A plain table whose items are zstd frames."""

    def open(self, index: int) -> ShardBytes:
        packed = super().open(index)
        return InflatedShard(self.shard.name, inflate(packed.at(0, packed.size), "zstd"))


class FramedItems:
    """Items in zstd frames of several. The frame that was read last is kept."""

    def __init__(self, shard: ShardBytes) -> None:
        prefix = shard.at(0, _PREFIX)
        self.shard = shard
        version, _, self.count, self.rows, self.frames = struct.unpack("<HHIII", prefix[8:])
        self.table = _PREFIX + 4 * (self.count + 1)
        self.end = self.table + _FRAME.size * self.frames
        if version != 1 or not self.rows or self.end > shard.size:
            raise ValueError(f"{shard.name}: the table of its frames does not lie in it, or has another version")
        self._last: tuple[int, int, bytes] | None = None

    def open(self, index: int) -> ShardBytes:
        first, data = self._frame(index)
        zero, start = self._offset(first), self._offset(index)
        stop = self._offset(index + 1)
        if not zero <= start <= stop or stop - zero > len(data):
            raise ValueError(f"{self.shard.name}: item {index:,} does not lie in its frame")
        return InflatedShard(self.shard.name, data[start - zero : stop - zero])

    def stored(self, index: int) -> int | None:
        """Items share their frames."""
        return None

    def where(self, index: int) -> str:
        return f"frame {index // self.rows:,}"

    def _offset(self, index: int) -> int:
        return int.from_bytes(self.shard.at(_PREFIX + 4 * index, 4), "little")

    def _frame(self, index: int) -> tuple[int, bytes]:
        """(first item, bytes of all items) of the frame that an item is in."""
        number = index // self.rows
        if not 0 <= index < self.count or number >= self.frames:
            raise ValueError(f"{self.shard.name}: it has {self.count:,} items, and none with the number {index:,}")
        if self._last is None or self._last[0] != number:
            place = self.table + _FRAME.size * number
            first, items, start, packed, size = _FRAME.unpack(self.shard.at(place, _FRAME.size))
            if not first <= index < first + items or start < self.end or size > MAX_INFLATED:
                raise ValueError(f"{self.shard.name}: frame {number:,} is said to be what it cannot be")
            data = inflate(self.shard.at(start, packed), "zstd")
            if len(data) != size:
                raise ValueError(f"{self.shard.name}: frame {number:,} has {len(data):,} bytes in place of {size:,}")
            self._last = number, first, data
        return self._last[1], self._last[2]


class LitDataRows:
    """Rows that are kept as Arrow record batches behind an empty table."""

    def __init__(self, shard: ShardBytes) -> None:
        self.shard = shard
        length = int.from_bytes(shard.at(shard.size - 12, 4), "little")
        start = shard.size - 12 - length
        self.count = int.from_bytes(shard.at(0, 4), "little")
        if length > MAX_INFLATED:
            raise ValueError(f"{shard.name}: {length:,} bytes of Arrow rows are more than are read here")
        with needed_by("a LitData chunk of Arrow rows"):
            import pyarrow as pa
        data = pa.py_buffer(shard.at(start, length))
        is_file = shard.at(start, min(length, 6)) == b"ARROW1"
        try:
            self._table = (pa.ipc.open_file(data) if is_file else pa.ipc.open_stream(data)).read_all()
        except pa.ArrowInvalid as error:
            raise ValueError(f"{shard.name}: its Arrow rows cannot be read: {str(error)[:200]}") from None
        self.count = min(self.count, self._table.num_rows)

    def row(self, index: int) -> dict[str, Any]:
        """A row as plain data. Raises ValueError where there is none."""
        if not 0 <= index < self.count:
            raise ValueError(f"{self.shard.name}: it has {self.count:,} rows, and none with the number {index:,}")
        rows: list[dict[str, Any]] = self._table.slice(index, 1).to_pylist()
        return rows[0]

    def stored(self, index: int) -> int | None:
        """Rows share their columns."""
        return None

    def open(self, index: int) -> ShardBytes:
        raise ValueError(f"{self.shard.name}: its rows are Arrow's and have no bytes of their own")

    def where(self, index: int) -> str:
        return f"row {index:,}"
