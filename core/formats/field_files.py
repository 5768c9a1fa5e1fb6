"""Fields as files of numbers, one for each array of `field_columns`, for formats that are folders of arrays."""

from __future__ import annotations

import os
from collections.abc import Callable
from math import prod
from pathlib import Path

import numpy as np

from .container import open_file
from .field_columns import Append, ColumnWriter, FieldPart, keys_of
from .field_layouts import FieldsToWrite

Begin = Callable[[FieldPart], Path]
"""Makes the file of an array, with whatever stands before its numbers."""


class FieldFilesWriter:
    """Appends the values of samples to files that are open only while they are written: there may be many."""

    def __init__(self, fields: FieldsToWrite, samples: int, begin: Begin) -> None:
        self._fields, self._begin = fields, begin
        self._columns = ColumnWriter(fields.layouts, samples, self._create, keys_of(fields.layouts))

    def write(self, samples: int) -> None:
        """The values of the next samples."""
        values = self._fields.next(samples)
        if values:
            self._columns.write(values)

    def close(self) -> None:
        self._columns.close()

    def _create(self, part: FieldPart) -> Append:
        path = self._begin(part)

        def append(rows: np.ndarray) -> None:
            with path.open("ab") as file:
                file.write(np.ascontiguousarray(rows).tobytes())

        return append


def mapped_part(path: Path, part: FieldPart, start: int) -> np.ndarray:
    """The numbers of an array, a map of its file from byte `start` on. Raises OSError, and ValueError where the file
    has not as many bytes as they take."""
    kind = np.dtype(part.dtype)
    size = prod(part.shape) * kind.itemsize
    with open_file(path) as file:
        there = os.fstat(file.fileno()).st_size - start
        if there != size:
            raise ValueError(f"{path.name} has {there:,} bytes of numbers and should have {size:,}")
        if not size:
            return np.empty(part.shape, kind)
        return np.asarray(np.memmap(file, np.uint8, "r", start)).view(kind).reshape(part.shape)
