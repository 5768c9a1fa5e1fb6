"""What a kind of file gives of its table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ...base.contracts import Labels


class TableRows(Protocol):
    """The rows of a table. What cannot be read raises one of `records.UNREADABLE`."""

    @property
    def schema(self) -> pa.Schema:
        """The columns, and the metadata of the whole."""
        ...

    def __len__(self) -> int: ...

    def row(self, index: int, without: Collection[str] = ()) -> dict[str, Any]:
        """The columns of a row as plain data, in order, but those that are named."""
        ...

    def matrix(self, index: int, names: Sequence[str]) -> npt.NDArray[Any]:
        """These columns of numbers in one row, (names,)."""
        ...

    def numbers(self, name: str) -> Labels | None:
        """A column of whole numbers, int64 (n,), -1 where there is none; None where it is no such column, or too long
        to be read at once."""
        ...

    def stored_bytes(self, index: int) -> int | None:
        """What a row occupies, where that is cheap to tell."""
        ...


MOST_NUMBERS = 20_000_000
"""Rows of which a column is read at once."""


def whole_numbers(column: pa.ChunkedArray | pa.Array) -> Labels | None:
    """A column as int64, -1 for null; None where it has other values than whole numbers."""
    if not (pa.types.is_integer(column.type) or pa.types.is_boolean(column.type)):
        return None
    values = column.fill_null(False) if pa.types.is_boolean(column.type) else column.fill_null(0)
    numbers = np.asarray(values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values.to_numpy())
    found = numbers.astype(np.int64)
    missing = column.is_null().to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else None
    if missing is None:
        missing = np.asarray(column.is_null().to_numpy())
    found[missing.astype(bool)] = -1
    return found


class Kept:
    """The last few things that were read, by name, at most `most_bytes` of them."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._things: dict[Any, tuple[Any, int]] = {}

    def get(self, name: Any, make: Callable[[], tuple[Any, int]]) -> Any:
        """What is kept under this name, or what `make` gives: (the thing, its bytes)."""
        found = self._things.pop(name, None)
        if found is None:
            found = make()
            self._bytes += found[1]
        self._things[name] = found
        while self._bytes > self._most and len(self._things) > 1:
            oldest = next(iter(self._things))
            self._bytes -= self._things.pop(oldest)[1]
        return found[0]
