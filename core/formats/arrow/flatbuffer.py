"""FlatBuffers as Arrow's messages use them: tables read by their slots, every place checked before it is followed.

Source: https://flatbuffers.dev/internals/ (a table begins with the distance back to its vtable, which lists where its
fields lie; tables, vectors and strings are reached over unsigned distances forward). All numbers are little-endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

Bytes = bytes | memoryview


@dataclass(frozen=True, slots=True)
class FlatTable:
    """A table at `place` of `data`. Every method raises ValueError for what leads outside of `data`."""

    data: Bytes
    place: int
    vtable: int
    slots: int

    @classmethod
    def root(cls, data: Bytes) -> FlatTable:
        return cls.at(data, _number(data, 0, "<I"))

    @classmethod
    def at(cls, data: Bytes, place: int) -> FlatTable:
        vtable = place - _number(data, place, "<i")
        size = _number(data, vtable, "<H")
        return cls(data, place, vtable, (size - 4) // 2)

    def number(self, slot: int, form: str, default: int = 0) -> int:
        """The field in this slot, in `struct`'s form ("<q", "<h", "<B"); the default where it is left out."""
        place = self._field(slot)
        return default if place is None else _number(self.data, place, form)

    def table(self, slot: int) -> FlatTable | None:
        place = self._field(slot)
        return None if place is None else FlatTable.at(self.data, self._followed(place))

    def text(self, slot: int) -> str:
        """Raises ValueError for a text that is not UTF-8."""
        begin, count = self.vector(slot, 1)
        return bytes(self.data[begin : begin + count]).decode("utf-8")

    def tables(self, slot: int) -> list[FlatTable]:
        """The tables of a vector."""
        begin, count = self.vector(slot, 4)
        return [FlatTable.at(self.data, self._followed(begin + 4 * at)) for at in range(count)]

    def vector(self, slot: int, item: int) -> tuple[int, int]:
        """(where its items of `item` bytes begin, how many there are); none where it is left out."""
        place = self._field(slot)
        if place is None:
            return 0, 0
        begin = self._followed(place)
        count = _number(self.data, begin, "<I")
        if count * item > len(self.data) - begin - 4:
            raise ValueError("a vector is longer than its message")
        return begin + 4, count

    def _followed(self, place: int) -> int:
        return place + _number(self.data, place, "<I")

    def _field(self, slot: int) -> int | None:
        if slot >= self.slots:
            return None
        distance = _number(self.data, self.vtable + 4 + 2 * slot, "<H")
        return self.place + distance if distance else None


def _number(data: Bytes, place: int, form: str) -> int:
    if place < 0 or place + struct.calcsize(form) > len(data):
        raise ValueError("a message leads outside of itself")
    return int(struct.unpack_from(form, data, place)[0])
