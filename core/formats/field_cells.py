"""Fields as columns of a CSV file, for formats that list samples in one; what fits no cell lies in files beside it.

| field | cell |
|---|---|
| text, integer, number | as it is |
| json | JSON |
| array, all of one dtype, and of one shape but for the first axis | a list in JSON, where it is finite and short |
| image, any other array, whatever may be long | the path of a file: `__fields__/<name>/<number>.png`, `.npy`, ... |

An empty cell is no value. The cells of a line have room in `MOST_OF_A_LINE` characters: a field that has none lies in
files.
"""

from __future__ import annotations

import csv
import io
import json
import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from ..base.contracts import FieldLayout, FieldValue
from ..base.field_values import ARRAY, INTEGER, JSON, NUMBER, TEXT
from ..base.packed_fields import from_text, json_text
from ..base.strict_json import dumps
from .container import open_file
from .field_columns import bytes_of, keys_of, value_of
from .field_layouts import FieldsToWrite, Values, image_ending, is_nested, named_beside
from .sample_files import read_file, write_file

FOLDER = "__fields__"
MOST_OF_A_LINE = 30_000
MOST_BYTES_OF_A_LINE = 1 << 18
_PER_NUMBER = 25
"""Characters of a number in JSON, at most."""

_ENDINGS = {TEXT: ".txt", JSON: ".json", ARRAY: ".npy"}


class CellColumn(NamedTuple):
    """A field's column: what its files are called where it has some, else None."""

    name: str
    layout: FieldLayout
    folder: str | None


def columns_of(layouts: Sequence[FieldLayout], own: Sequence[str]) -> list[CellColumn]:
    """The columns behind those of a format's `own`."""
    names = named_beside([layout.name for layout in layouts], own)
    keys, left, found = keys_of(layouts), MOST_OF_A_LINE, []
    for layout in layouts:
        room = _room(layout)
        in_cell = room is not None and room <= left
        left -= room if in_cell and room is not None else 0
        found.append(CellColumn(names[layout.name], layout, None if in_cell else f"{FOLDER}/{keys[layout.name]}"))
    return found


def _room(layout: FieldLayout) -> int | None:
    """Characters that a cell of this field may take; None where it has none."""
    if layout.kind in (TEXT, JSON):
        return 2 * layout.longest + 2  # quotes are doubled
    if layout.kind in (INTEGER, NUMBER):
        return _PER_NUMBER
    if layout.kind == ARRAY and is_nested(layout) and layout.finite:
        return _PER_NUMBER * layout.longest  # a number has a byte at least
    return None


class CellWriter:
    """The cells of samples in order, and the files that they name."""

    def __init__(self, folder: Path, fields: FieldsToWrite, own: Sequence[str]) -> None:
        self._folder, self._fields = folder, fields
        self._columns = columns_of(fields.layouts, own)
        self.header = [column.name for column in self._columns]
        for column in self._columns:
            if column.folder is not None:
                (folder / column.folder).mkdir(parents=True)

    def rows(self, first: int, samples: int) -> Iterator[list[Any]]:
        """Of the next samples, of which the first has the number `first`."""
        for index, values in enumerate(self._fields.next(samples), first):
            yield [self._cell(column, index, values) for column in self._columns]

    def _cell(self, column: CellColumn, index: int, values: Values) -> Any:
        layout = column.layout
        value = values.get(layout.name)
        if value is None:
            return ""
        if column.folder is not None:
            data = bytes_of(value, layout.kind)
            path = f"{column.folder}/{index:08d}{_ENDINGS.get(layout.kind) or image_ending(data)}"
            write_file(f"{self._folder}/{path}", data)
            return path
        if isinstance(value, np.ndarray):
            return dumps(value.tolist())
        return json_text(value, JSON) if layout.kind == JSON else value


class CellReader:
    """Values of samples out of the CSV file at `path`, whose lines are found once and read when they are asked for."""

    def __init__(self, path: Path, layouts: Sequence[FieldLayout], own: Sequence[str], samples: int) -> None:
        """Raises OSError and ValueError for a file that is not of these samples."""
        self._path, self._own = path, len(own)
        self._columns = columns_of(layouts, own)
        for column in self._columns:
            for folder in (FOLDER, column.folder) if column.folder else ():
                if (path.parent / folder).is_symlink():
                    raise ValueError(f"{path.parent / folder} is a link, which is not followed")
        with open_file(path) as file:
            self._starts = _lines(file)
            self._memory = np.memmap(file, np.uint8, "r").data
        if len(self._starts) != samples + 2:
            raise ValueError(f"{path.name} has {len(self._starts) - 2:,} lines for {samples:,} samples")

    def read(self, indices: Sequence[int], layouts: Sequence[FieldLayout]) -> list[Mapping[str, FieldValue]]:
        wanted = {layout.name for layout in layouts}
        chosen = [
            (place, column) for place, column in enumerate(self._columns, self._own) if column.layout.name in wanted
        ]
        order = [layout.name for layout in layouts]
        found: list[Mapping[str, FieldValue]] = []
        for index in indices:
            cells = self._cells(int(index))
            values = {column.layout.name: self._value(column, cells[place], int(index)) for place, column in chosen}
            found.append({name: values[name] for name in order if values[name] is not None})
        return found

    def _cells(self, index: int) -> list[str]:
        text = bytes(self._memory[self._starts[index + 1] : self._starts[index + 2]]).decode()
        cells = next(csv.reader(io.StringIO(text, newline="")))
        if len(cells) != self._own + len(self._columns):
            raise ValueError(f"line of sample {index} has {len(cells)} cells")
        return cells

    def _value(self, column: CellColumn, cell: str, index: int) -> FieldValue:
        layout = column.layout
        if not cell:
            return None
        if column.folder is not None:
            before = f"{column.folder}/{index:08d}."
            if not cell.startswith(before) or not cell.removeprefix(before).isalnum():
                raise ValueError(f"{cell[:80]!r} is not where the {layout.name!r} of sample {index} belongs")
            return value_of(read_file(os.fspath(self._path.parent / cell)), layout.kind)
        if layout.kind == ARRAY:
            numbers = json.loads(cell)
            axes = [axis for axis in (layout.shape or ())[1:] if axis is not None]
            return np.array(numbers, layout.dtype).reshape([len(numbers), *axes])
        if layout.kind == INTEGER:
            return int(cell)
        return float(cell) if layout.kind == NUMBER else from_text(cell, layout.kind)


def _lines(file: BinaryIO) -> Sequence[int]:
    """Where each line of a CSV file begins, and where the last one ends; cells may hold ends of lines."""
    starts, position = array("q", [0]), 0

    def lines() -> Iterator[str]:
        nonlocal position
        while data := file.readline(MOST_BYTES_OF_A_LINE):
            position += len(data)
            yield data.decode()

    for _ in csv.reader(lines()):
        starts.append(position)
    return starts
