"""Further values of samples in a folder of NumPy files: the folder `fields`, a file for each array of
`core.formats.field_columns`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...base.contracts import FieldLayout
from ..container import open_file
from ..field_columns import FOLDER, ColumnReader, FieldPart, keys_of
from ..field_files import FieldFilesWriter, mapped_part
from ..field_layouts import FieldsToWrite
from .layout import header, read_header


def field_writer(folder: Path, fields: FieldsToWrite, samples: int) -> FieldFilesWriter:
    def begin(part: FieldPart) -> Path:
        path = _file(folder, part)
        path.write_bytes(header(part.dtype, part.shape))
        return path

    (folder / FOLDER).mkdir()
    return FieldFilesWriter(fields, samples, begin)


def field_reader(folder: Path, layouts: Sequence[FieldLayout], samples: int) -> ColumnReader:
    def load(part: FieldPart) -> np.ndarray:
        """Raises OSError, and ValueError for a file that is not of this array."""
        path = _file(folder, part)
        with open_file(path) as file:
            told = read_header(file)
        if told.dtype != np.dtype(part.dtype) or told.shape != part.shape or told.fortran_order:
            raise ValueError(f"{FOLDER}/{path.name} is {told.dtype} of shape {told.shape}: not as our stores keep it")
        return mapped_part(path, part, told.start)

    return ColumnReader(samples, load, keys_of(layouts))


def _file(folder: Path, part: FieldPart) -> Path:
    return folder / FOLDER / f"{part.name}.npy"
