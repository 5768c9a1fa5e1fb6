"""Further values of samples in a Zarr group: the group `fields`, an array of one chunk for each array of
`core.formats.field_columns`, whose bytes are those of the chunk's file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import prod
from pathlib import Path

import numpy as np

from ...base.contracts import FieldLayout
from ...base.errors import InputError
from ...base.strict_json import dumps
from ..field_columns import FOLDER, ColumnReader, FieldPart, keys_of
from ..field_files import FieldFilesWriter, mapped_part
from ..field_layouts import FieldsToWrite
from .described import array_json
from .layout import META, group_json, only_chunk, whole_json


def field_writer(folder: Path, fields: FieldsToWrite, samples: int) -> FieldFilesWriter:
    def begin(part: FieldPart) -> Path:
        chunk = only_chunk(folder, f"{FOLDER}/{part.name}", len(part.shape))
        chunk.parent.mkdir(parents=True)
        told = whole_json(part.shape, np.dtype(part.dtype).name)
        (folder / FOLDER / part.name / META).write_text(dumps(told), encoding="utf-8")
        return chunk

    (folder / FOLDER).mkdir()
    (folder / FOLDER / META).write_text(dumps(group_json({})), encoding="utf-8")
    return FieldFilesWriter(fields, samples, begin)


def field_reader(folder: Path, layouts: Sequence[FieldLayout], samples: int) -> ColumnReader:
    def load(part: FieldPart) -> np.ndarray:
        """Raises OSError, InputError and ValueError for what is not this array."""
        name = f"{FOLDER}/{part.name}"
        if array_json(folder, name) != whole_json(part.shape, np.dtype(part.dtype).name):
            raise ValueError(f"the {META} of {name} is not as our stores keep it")
        if not prod(part.shape):
            return np.empty(part.shape, part.dtype)
        chunk = only_chunk(folder, name, len(part.shape))
        if not os.path.lexists(chunk):
            raise InputError(f"{chunk} is missing: {name} would read as zeros; build the store again (--force)")
        return mapped_part(chunk, part, 0)

    return ColumnReader(samples, load, keys_of(layouts))
