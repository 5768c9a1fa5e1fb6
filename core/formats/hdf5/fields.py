"""Further values of samples in an HDF5 file: the group `fields`.

Texts and JSON are strings of variable length in UTF-8, `fields/<name>` (N,); every other field is arrays of numbers, as
`core.formats.field_columns` has them. All of them are contiguous.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np

from ...base.contracts import Buffer, FieldLayout, FieldValue
from ...base.errors import InputError
from ...base.field_values import JSON, TEXT
from ..container import open_file
from ..field_columns import FOLDER, Append, ColumnReader, ColumnWriter, FieldPart, bytes_of, keys_of, value_of
from ..field_layouts import FieldsToWrite
from ..field_reading import Found
from .checked import dataset_of, open_readonly, place_of

Add = Callable[..., h5py.Dataset]


class TextRows(Protocol):
    """Values of variable length in a dataset, found without the library."""

    def read(self, indices: Sequence[int]) -> list[Buffer]: ...


OpenTexts = Callable[[h5py.File, Path, h5py.Dataset], TextRows]


def is_text(layout: FieldLayout) -> bool:
    return layout.kind in (TEXT, JSON)


class FieldGroupWriter:
    """`add` makes a dataset of the file, as h5py's `create_dataset` does."""

    def __init__(self, add: Add, fields: FieldsToWrite, samples: int) -> None:
        self._add, self._fields = add, fields
        keys = keys_of(fields.layouts)
        text = h5py.string_dtype()
        self._texts = [
            (layout, self._appended(add(f"{FOLDER}/{keys[layout.name]}", shape=(samples,), dtype=text)))
            for layout in fields.layouts
            if is_text(layout)
        ]
        numbers = [layout for layout in fields.layouts if not is_text(layout)]
        self._columns = ColumnWriter(numbers, samples, self._create, keys)

    def write(self, samples: int) -> None:
        """The values of the next samples."""
        values = self._fields.next(samples)
        if not values:
            return
        for layout, append in self._texts:
            own = [bytes_of(sample.get(layout.name), layout.kind) for sample in values]
            append(np.array(own, object))
        self._columns.write(values)

    def close(self) -> None:
        self._columns.close()

    def _create(self, part: FieldPart) -> Append:
        return self._appended(self._add(f"{FOLDER}/{part.name}", shape=part.shape, dtype=np.dtype(part.dtype)))

    def _appended(self, dataset: h5py.Dataset) -> Append:
        written = 0

        def append(rows: np.ndarray) -> None:
            nonlocal written
            if rows.size:
                dataset[written : written + len(rows)] = rows
            written += len(rows)

        return append


class FieldGroup:
    """Reads them: numbers out of a map of the file, texts through `texts`."""

    def __init__(self, path: Path, layouts: Sequence[FieldLayout], samples: int, texts: OpenTexts) -> None:
        self._path, self._samples, self._open_texts = path, samples, texts
        self._file = open_readonly(path)
        with open_file(path.resolve()) as file:
            self._map: np.memmap[Any, np.dtype[np.uint8]] = np.memmap(file, np.uint8, "r")
        self._keys = keys_of(layouts)
        self._columns = ColumnReader(samples, self._load, self._keys)
        self._texts: dict[str, TextRows] = {}

    def read(self, indices: Sequence[int], layouts: Sequence[FieldLayout]) -> Found:
        """Raises InputError and ValueError where they are damaged."""
        found = self._columns.read(indices, [layout for layout in layouts if not is_text(layout)])
        texts = [(layout, self._values_of(layout, indices)) for layout in layouts if is_text(layout)]
        for at, sample in enumerate(found):
            sample.update({layout.name: values[at] for layout, values in texts if values[at] is not None})
        order = [layout.name for layout in layouts]
        return [{name: sample[name] for name in order if name in sample} for sample in found]

    def close(self) -> None:
        self._file.close()

    def _values_of(self, layout: FieldLayout, indices: Sequence[int]) -> list[FieldValue]:
        if layout.name not in self._texts:
            dataset = dataset_of(self._file, f"{FOLDER}/{self._keys[layout.name]}", 1, "O", self._path)
            if len(dataset) != self._samples:
                raise InputError(f"{self._path} is damaged: {len(dataset):,} values of {layout.name!r}")
            self._texts[layout.name] = self._open_texts(self._file, self._path, dataset)
        return [value_of(bytes(value), layout.kind) for value in self._texts[layout.name].read(indices)]

    def _load(self, part: FieldPart) -> np.ndarray:
        kind = np.dtype(part.dtype)
        dataset = dataset_of(self._file, f"{FOLDER}/{part.name}", len(part.shape), kind.kind, self._path)
        if dataset.dtype != kind or dataset.shape != part.shape or dataset.chunks is not None:
            raise InputError(f"{self._path} is damaged: {part.name!r} is {dataset.dtype} of shape {dataset.shape}")
        start = place_of(dataset, self._path)
        size = dataset.size * kind.itemsize
        return self._map[start : start + size].view(kind).reshape(part.shape)
