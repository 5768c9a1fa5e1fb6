"""Thrift's compact protocol, read as plain data: what Parquet's page headers are written in.

Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md. A struct becomes a dict by
field number; numbers are zigzag varints. Everything is bounded: what it leads to lies in the bytes given, and nesting
ends.
"""

from __future__ import annotations

import struct
from typing import Any

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
DEEPEST = 16
LONGEST_NUMBER = 10

Bytes = bytes | memoryview


class CompactReader:
    """Reads from `data` on from `place`. Every method raises ValueError for what is not there or not allowed."""

    def __init__(self, data: Bytes, place: int = 0) -> None:
        self._data = data
        self.place = place

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Fields by number; one that comes twice counts once."""
        if depth > DEEPEST:
            raise ValueError("a header is nested too deep")
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            step = head >> 4
            number = number + step if step else self._signed()
            kind = head & 0x0F
            fields[number] = kind == TRUE if kind in (TRUE, FALSE) else self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind == BYTE:
            return self._byte()
        if kind in (I16, I32, I64):
            return self._signed()
        if kind == DOUBLE:
            return struct.unpack("<d", self.take(8))[0]
        if kind == BINARY:
            return self.take(self.unsigned())
        if kind in (LIST, SET):
            return self._list(depth)
        if kind == STRUCT:
            return self.struct(depth + 1)
        if kind in (TRUE, FALSE):  # in a list, a byte each
            return self._byte() == TRUE
        raise ValueError(f"a header has a field of an unknown kind ({kind})")

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        count = head >> 4
        if count == 15:
            count = self.unsigned()
        if count > len(self._data) - self.place or depth > DEEPEST:
            raise ValueError("a list in a header is longer than the header")
        return [self._value(head & 0x0F, depth + 1) for _ in range(count)]

    def _signed(self) -> int:
        value = self.unsigned()
        return (value >> 1) ^ -(value & 1)

    def unsigned(self) -> int:
        """A varint."""
        value = 0
        for at in range(LONGEST_NUMBER):
            byte = self._byte()
            value |= (byte & 0x7F) << (7 * at)
            if byte < 0x80:
                return value
        raise ValueError("a number in a header does not end")

    def _byte(self) -> int:
        if self.place >= len(self._data):
            raise ValueError("a header does not end")
        value = self._data[self.place]
        self.place += 1
        return int(value)

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        if size > len(self._data) - self.place:
            raise ValueError("a text in a header is longer than the header")
        self.place += size
        return bytes(self._data[self.place - size : self.place])
