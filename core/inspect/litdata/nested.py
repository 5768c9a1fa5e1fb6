"""LitData's JSON in binary (`_nested_dumps`), little-endian: a byte that says what follows (`JSON` to `NONE` below), a
number of things as uint32, texts with their length as uint32. What begins with another byte is JSON itself."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

JSON, TEXTS, INTS, FLOATS, BOOLS, MAP, ROWS, TEXT, INT, FLOAT, BOOL, NONE = range(12)
_CELLS = {0x10: NONE, 0x11: TEXT, 0x12: INT, 0x13: FLOAT, 0x14: BOOL}
"""What the bytes before the values of rows mean."""

DEEPEST = 64
MOST_KEYS = 4096


def nested(data: bytes) -> Any:
    """The value. Raises ValueError for what is none, or reaches beyond its end."""
    if not data or data[0] > NONE:
        return json.loads(data)
    return _Nested(data).value(0)


class _Nested:
    """Reads one value after the other. A list never has more items than there are bytes left for them."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def value(self, depth: int) -> Any:
        tag = self._take(1)[0]
        if depth > DEEPEST:
            raise ValueError("it is nested too deep")
        if tag == JSON:
            return json.loads(self._take(self._count(1)))
        if tag == TEXTS:
            return [self._text() for _ in range(self._count(4))]
        if tag in (INTS, FLOATS):
            return np.frombuffer(self._take(8 * self._count(8)), "<i8" if tag == INTS else "<f8").tolist()
        if tag == BOOLS:
            return [bool(one) for one in self._take(self._count(1))]
        if tag == MAP:
            return {self._text(): self.value(depth + 1) for _ in range(self._count(5))}
        return self._rows() if tag == ROWS else self._one(tag)

    def _one(self, tag: int) -> Any:
        if tag == TEXT:
            return self._text()
        if tag in (INT, FLOAT):
            return struct.unpack("<q" if tag == INT else "<d", self._take(8))[0]
        if tag == BOOL:
            return bool(self._take(1)[0])
        if tag == NONE:
            return None
        raise ValueError(f"there is nothing that begins with the byte {tag}")

    def _rows(self) -> list[dict[str, Any]]:
        rows = self._count(1)
        keys = [self._text() for _ in range(self._count(4))]
        if not 0 < len(keys) <= MOST_KEYS:
            raise ValueError(f"rows have {len(keys):,} keys")
        return [{key: self._one(_CELLS.get(self._take(1)[0], -1)) for key in keys} for _ in range(rows)]

    def _text(self) -> str:
        return self._take(self._count(1)).decode("utf-8")

    def _count(self, width: int) -> int:
        """A number of things that take at least `width` bytes each."""
        count = int.from_bytes(self._take(4), "little")
        if count * width > len(self._data) - self._at:
            raise ValueError(f"{count:,} things do not lie in the {len(self._data) - self._at:,} bytes that are left")
        return count

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise ValueError("it is cut short")
        self._at += count
        return taken
