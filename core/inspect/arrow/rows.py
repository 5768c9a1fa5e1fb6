"""Rows of an Arrow file, a batch at a time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ...base.contracts import Labels
from ..arrow_tables.rows import MOST_NUMBERS, Kept, whole_numbers
from ..arrow_tables.values import plain_at
from .batches import Batches

KEPT_BYTES = 1 << 28


class ArrowRows:
    """See `arrow_tables.rows.Rows`. Batches lie in the map; those that are compressed are kept, a few of them."""

    def __init__(self, memory: Any, batches: Batches) -> None:
        self._memory, self._batches = memory, batches
        self._buffer = pa.py_buffer(memory)
        self._file: Any = None if batches.stream else pa.ipc.open_file(self._buffer)
        begin = 8 if memory[:6] == b"ARROW1" else 0
        self._stream: Any = pa.ipc.open_stream(self._buffer.slice(begin)) if batches.stream else None
        opened: Any = self._stream if batches.stream else self._file
        self.schema: pa.Schema = opened.schema
        if len(set(self.schema.names)) != len(self.schema.names):
            raise ValueError("two of its columns have one name")
        self._ends = list(accumulate(place.rows for place in batches.places))
        self._kept = Kept(KEPT_BYTES)
        self._read: list[pa.RecordBatch] = []

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def place(self, index: int) -> tuple[int, int]:
        """(batch, row in it). Raises IndexError."""
        if not 0 <= index < len(self):
            raise IndexError(f"there is no row {index}")
        number = bisect_right(self._ends, index)
        return number, index - (self._ends[number - 1] if number else 0)

    def batch(self, number: int) -> pa.RecordBatch:
        """One record batch, unchecked: what is taken out of it is checked."""
        return self._kept.get(number, lambda: self._opened(number))

    def row(self, index: int, without: Collection[str] = ()) -> dict[str, Any]:
        number, row = self.place(index)
        batch = self.batch(number)
        found = {}
        for at, name in enumerate(self.schema.names):
            if name not in without:
                found[name] = plain_at(_checked(batch.column(at).slice(row, 1)), 0)
        return found

    def matrix(self, index: int, names: Sequence[str]) -> npt.NDArray[Any]:
        number, row = self.place(index)
        batch = self.batch(number)
        cells = (_checked(batch.column(name).slice(row, 1)) for name in names)
        return np.array([cell[0].as_py() if cell[0].is_valid else 0 for cell in cells])

    def numbers(self, name: str) -> Labels | None:
        kind = self.schema.field(name).type if name in self.schema.names else pa.null()
        if len(self) > MOST_NUMBERS or not pa.types.is_integer(kind):
            return None
        columns = [_checked(self.batch(number).column(name)) for number in range(len(self._ends))]
        found = [whole_numbers(column) for column in columns]
        return np.concatenate([one for one in found if one is not None]) if found else np.empty(0, np.int64)

    def stored_bytes(self, index: int) -> int | None:
        """The row's part of its batch."""
        place = self._batches.places[self.place(index)[0]]
        return (place.end - place.begin) // max(place.rows, 1)

    def _opened(self, number: int) -> tuple[pa.RecordBatch, int]:
        place = self._batches.places[number]
        if self._file is not None:
            batch = self._file.get_batch(number)
        elif not self._batches.dictionaries:
            message = pa.ipc.read_message(self._buffer.slice(place.begin, place.end - place.begin))
            batch = pa.ipc.read_record_batch(message, self.schema)
        else:
            while len(self._read) <= number:
                self._read.append(self._stream.read_next_batch())
            batch = self._read[number]
        if batch.num_rows != place.rows:
            raise ValueError(f"a batch has {batch.num_rows:,} rows where it says {place.rows:,}")
        return batch, place.end - place.begin


def _checked(array: pa.Array) -> pa.Array:
    """An array whose offsets lie inside its buffers. Raises ValueError for others."""
    array.validate(full=True)
    return array
