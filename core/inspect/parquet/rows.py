"""Rows of a Parquet file. Large flat columns of bytes are read page by page, small columns a row group at a time, and
whatever else through pyarrow from the beginning of its row group on, a few rows at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ...base.contracts import Labels
from ..arrow_tables.features import is_binary
from ..arrow_tables.rows import MOST_NUMBERS, Kept, whole_numbers
from ..arrow_tables.values import plain_at
from .chunks import Chunk, OtherEncoding

SMALL = 1 << 24
"""Bytes of columns of a row group that are read as a whole."""

LARGE = 1 << 20
"""Bytes from which on a flat column of bytes is read page by page."""

KEPT_BYTES = 1 << 27
BLOCK = 1 << 22
"""Bytes of rows that pyarrow hands over at once, where a column is read from its beginning."""

MOST_MATRIX = 1 << 26
MOST_GROUPS = 1 << 20


class Leaf(NamedTuple):
    """A flat column as it lies in the file: its deepest definition level, the bytes of a value (0: each says its own),
    and whether it holds text."""

    levels: int
    fixed: int
    text: bool


class _Block(NamedTuple):
    start: int
    array: pa.Array


class ParquetRows:
    """See `arrow_tables.rows.Rows`."""

    def __init__(self, file: pq.ParquetFile, memory: memoryview) -> None:
        self._file, self._memory = file, memory
        self._metadata = file.metadata
        self.schema: pa.Schema = file.schema_arrow
        self._names: list[str] = self.schema.names
        groups = self._metadata.num_row_groups
        if groups > MOST_GROUPS:
            raise ValueError(f"its {groups:,} row groups are more than are looked at")
        counts = [self._metadata.row_group(number).num_rows for number in range(groups)]
        if min(counts, default=0) < 0:
            raise ValueError("a row group claims a negative number of rows")
        self._ends = list(accumulate(counts))
        self._paths, self._numbers = _paths(self.schema, file.schema)
        self._leaves = _leaves(self.schema, file.schema, self._numbers)
        self._left: set[tuple[int, str]] = set()
        self._kept = Kept(KEPT_BYTES)
        self._streams: dict[tuple[int, tuple[str, ...]], _Stream] = {}

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def place(self, index: int) -> tuple[int, int]:
        """(row group, row in it). Raises IndexError."""
        if not 0 <= index < len(self):
            raise IndexError(f"there is no row {index}")
        group = bisect_right(self._ends, index)
        return group, index - (self._ends[group - 1] if group else 0)

    def row(self, index: int, without: Collection[str] = ()) -> dict[str, Any]:
        group, row = self.place(index)
        return {name: self._value(group, row, name) for name in self._names if name not in without}

    def matrix(self, index: int, names: Sequence[str]) -> npt.NDArray[Any]:
        group, row = self.place(index)
        rows = self._metadata.row_group(group).num_rows
        if rows * len(names) <= MOST_MATRIX:
            whole = self._kept.get((group, "matrix"), lambda: self._matrix(group, names, rows))
            return np.asarray(whole[row])
        key = group, tuple(names)
        if key not in self._streams:
            self._streams[key] = _Stream(self._file, group, names, max(BLOCK // len(names), 1))
        found = self._streams[key].block(row)
        return np.array([found.array.field(at)[row - found.start].as_py() or 0 for at in range(len(names))])

    def _matrix(self, group: int, names: Sequence[str], rows: int) -> tuple[npt.NDArray[Any], int]:
        """The columns of a row group as one array; uint8 where the values fit."""
        whole: npt.NDArray[Any] = np.zeros((rows, len(names)), np.uint8)
        step = max(min(512, SMALL // max(8 * rows, 1)), 1)
        for start in range(0, len(names), step):
            part = names[start : start + step]
            table = self._file.read_row_group(group, list(part), use_threads=False)
            for at, name in enumerate(part, start):
                column = table.column(name)
                values = (column.fill_null(0) if column.null_count else column).to_numpy()
                small = values.astype(np.uint8)
                if whole.dtype == np.uint8 and not np.array_equal(small, values):
                    whole = whole.astype(np.float32)
                whole[:, at] = values
        return whole, whole.nbytes

    def numbers(self, name: str) -> Labels | None:
        if len(self) > MOST_NUMBERS or name not in self._names:
            return None
        if not pa.types.is_integer(self.schema.field(name).type):
            return None
        return whole_numbers(self._file.read(columns=[name], use_threads=False).column(0).combine_chunks())

    def stored_bytes(self, index: int) -> int | None:
        """The row's part of its row group."""
        group, _ = self.place(index)
        about = self._metadata.row_group(group)
        total = sum(about.column(number).total_compressed_size for number in range(min(about.num_columns, 64)))
        return total // max(about.num_rows, 1) if about.num_columns <= 64 else None

    def leaf_paths(self, name: str) -> list[str]:
        """The columns as they lie in the file that a column of the table is made of."""
        return self._paths.get(name, [])

    def chunk(self, group: int, path: str) -> Chunk:
        """A flat column of bytes or text in one row group."""
        leaf = self._leaves[path]
        make = partial(Chunk, self._memory, self.column(group, path), leaf.levels, leaf.fixed)
        return cast("Chunk", self._kept.get((group, path, "chunk"), lambda: (make(), LARGE)))

    def is_large(self, group: int, path: str) -> bool:
        """Whether such a column is read page by page."""
        return path in self._leaves and self.column(group, path).total_uncompressed_size > LARGE

    def is_flat(self, path: str) -> bool:
        """Whether it is a flat column of bytes or text."""
        return path in self._leaves

    def column(self, group: int, path: str) -> Any:
        """What the footer says of a column in a row group (pyarrow's ColumnChunkMetaData)."""
        return self._metadata.row_group(group).column(self._numbers[path])

    def _small(self, group: int) -> tuple[dict[str, pa.Array], int]:
        """The first columns of a row group that are small together, read at once: a table may have thousands."""
        chosen: dict[str, list[str]] = {}
        left = SMALL
        for name, paths in self._paths.items():
            size = sum(self.column(group, path).total_uncompressed_size for path in paths)
            if 0 <= size <= left and not any(self.is_large(group, path) for path in paths):
                chosen[name] = paths
                left -= size
        every = [path for paths in chosen.values() for path in paths]
        table = self._file.read_row_group(group, every, use_threads=False)
        return {name: _joined(table.column(name)) for name in table.column_names}, SMALL - left

    def _value(self, group: int, row: int, name: str) -> Any:
        small = self._kept.get((group, "small"), lambda: self._small(group))
        if name in small:
            return plain_at(small[name], row)
        paths = self._paths.get(name, [])
        by_page = [path for path in paths if self.is_large(group, path) and (group, path) not in self._left]
        rest = [path for path in paths if path not in by_page]
        value = self._by_library(group, row, name, rest) if rest else None
        for path in by_page:
            try:
                one: Any = self.chunk(group, path).value(row)
            except OtherEncoding:
                self._left.add((group, path))
                return self._value(group, row, name)
            if self._leaves[path].text and one is not None:
                one = one.decode("utf-8", "replace")
            value = _put(value, path[len(name) + 1 :], one)
        return _in_order(value, self.schema.field(name).type)

    def _by_library(self, group: int, row: int, name: str, paths: Sequence[str]) -> Any:
        about = self._metadata.row_group(group)
        size = sum(self.column(group, path).total_uncompressed_size for path in paths)
        if size <= SMALL:
            block = self._kept.get((group, *paths), lambda: (self._whole(group, paths), size))
            return plain_at(block, row)
        key = (group, tuple(paths))
        if key not in self._streams:
            if len(self._streams) > 16:
                self._streams.clear()
            rows = max(min(BLOCK * about.num_rows // max(size, 1), 1 << 16), 1)
            self._streams[key] = _Stream(self._file, group, paths, rows)
        found = self._streams[key].block(row)
        return plain_at(found.array.field(0), row - found.start)

    def _whole(self, group: int, paths: Sequence[str]) -> pa.Array:
        return _joined(self._file.read_row_group(group, list(paths), use_threads=False).column(0))


def _joined(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole


class _Stream:
    """Columns of a row group from its first row on, a few rows at a time; going back begins anew."""

    def __init__(self, file: pq.ParquetFile, group: int, paths: Sequence[str], rows: int) -> None:
        self._make: Callable[[], Iterator[pa.RecordBatch]] = partial(
            file.iter_batches, min(rows, 1 << 12), row_groups=[group], columns=list(paths), use_threads=False
        )
        self._coming: Iterator[pa.RecordBatch] = self._make()
        self._block = _Block(0, pa.array([], pa.null()))

    def block(self, row: int) -> _Block:
        """The rows among which one is. Raises ValueError where the row group ends before."""
        if row < self._block.start:
            self._coming, self._block = self._make(), _Block(0, pa.array([], pa.null()))
        while row >= self._block.start + len(self._block.array):
            batch = next(self._coming, None)
            if batch is None:
                raise ValueError("a row group has fewer rows than it says")
            self._block = _Block(self._block.start + len(self._block.array), batch.to_struct_array())
        return self._block


def _paths(schema: pa.Schema, parts: pq.ParquetSchema) -> tuple[dict[str, list[str]], dict[str, int]]:
    """(column of the table -> its columns in the file, column in the file -> its number).

    Raises ValueError for names of which two are one: a table that has `a.b` and `a` with a part `b`.
    """
    numbers = {parts.column(number).path: number for number in range(len(parts))}
    if len(numbers) != len(parts) or len(set(schema.names)) != len(schema.names):
        raise ValueError("two of its columns have one name")
    found: dict[str, list[str]] = {name: [] for name in schema.names}
    for path in numbers:
        names = [path[:at] for at, letter in enumerate(path) if letter == "."]
        owner = next((name for name in [path, *names] if name in found), None)
        if owner is None:
            raise ValueError(f"its column {path!r} belongs to none of its table's")
        found[owner].append(path)
    return found, numbers


def _leaves(schema: pa.Schema, parts: pq.ParquetSchema, numbers: Mapping[str, int]) -> dict[str, Leaf]:
    """The flat columns of bytes and text: those of structs too, of lists not."""
    found: dict[str, Leaf] = {}
    for column in schema:
        for path, kind in _flat(column.name, column.type):
            part = parts.column(numbers[path]) if path in numbers else None
            if part is not None and part.max_repetition_level == 0:
                fixed = part.length if part.physical_type == "FIXED_LEN_BYTE_ARRAY" else 0
                if part.physical_type == "BYTE_ARRAY" or fixed > 0:
                    found[path] = Leaf(part.max_definition_level, fixed, _is_text(kind))
    return found


def _flat(path: str, kind: pa.DataType, depth: int = 0) -> Iterator[tuple[str, pa.DataType]]:
    if pa.types.is_struct(kind) and depth < 8:
        for part in kind:
            yield from _flat(f"{path}.{part.name}", part.type, depth + 1)
    elif is_binary(kind) or pa.types.is_fixed_size_binary(kind) or _is_text(kind):
        yield path, kind


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _put(value: Any, path: str, one: Any) -> Any:
    """A value in its place in a struct; itself where it is no struct's."""
    if not path:
        return one
    value = value if isinstance(value, dict) else {}
    head, _, rest = path.partition(".")
    return {**value, head: _put(value.get(head), rest, one)}


def _in_order(value: Any, kind: pa.DataType) -> Any:
    """A struct's parts in the file's order; None where all of them are."""
    if not isinstance(value, dict) or not pa.types.is_struct(kind):
        return value
    parts = {part.name: _in_order(value.get(part.name), part.type) for part in kind}
    return parts if any(part is not None for part in parts.values()) else None
