"""Fields as plain arrays of numbers, one or some for each field, for formats that keep arrays: HDF5, npy, Zarr.

| field | arrays |
|---|---|
| integer | `<name>` int64 (N,) |
| number | `<name>` float64 (N,), NaN where a sample has none |
| array, all of one dtype and shape | `<name>` (N, ...) |
| array, all of one dtype and number of axes | `<name>` (numbers,), end to end; `<name>.offsets` int64 (N + 1,); |
| | `<name>.shapes` int64 (N, axes), -1 where a sample has none |
| text, JSON, image, any other array (as .npy) | `<name>` uint8 (bytes,), end to end; `<name>.offsets` int64 (N + 1,) |

`<name>.missing` bool (N,) says where integers and arrays of one shape are missing, if any are; 0 stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..base.contracts import FieldLayout, FieldValue
from ..base.errors import WorkError
from ..base.field_values import ARRAY, IMAGE, INTEGER, MOST_ARRAY_BYTES, NUMBER, array_bytes, array_of
from ..base.names import digest, folders
from ..base.packed_fields import from_text, json_text
from .field_layouts import Values, is_one_shape

Numbers = npt.NDArray[Any]
Append = Callable[[Numbers], None]

FOLDER = "fields"
OFFSETS, SHAPES, MISSING = _ENDINGS = ".offsets", ".shapes", ".missing"


class FieldPart(NamedTuple):
    """One array: its name, NumPy dtype and shape."""

    name: str
    dtype: str
    shape: tuple[int, ...]


def keys_of(layouts: Iterable[FieldLayout]) -> dict[str, str]:
    """What each field is called where names are those of files or nodes: different, and safe everywhere."""
    named = folders(layout.name for layout in layouts)
    return {name: f"{key}~{digest(name)}" if key.endswith(_ENDINGS) else key for name, key in named.items()}


def is_dense(layout: FieldLayout) -> bool:
    """Whether each sample has as many numbers."""
    return layout.kind in (INTEGER, NUMBER) or is_one_shape(layout)


def parts_of(layout: FieldLayout, key: str, samples: int) -> dict[str, FieldPart]:
    """The arrays of a field: what follows its name ("" and the endings above) -> the array."""
    offsets = {OFFSETS: FieldPart(key + OFFSETS, "<i8", (samples + 1,))}
    if is_dense(layout):
        dtype = {INTEGER: "<i8", NUMBER: "<f8"}.get(layout.kind, layout.dtype)
        each = tuple(axis for axis in layout.shape or () if axis is not None)
        missing = {MISSING: FieldPart(key + MISSING, "|b1", (samples,))}
        told = layout.missing and layout.kind != NUMBER
        return {"": FieldPart(key, dtype, (samples, *each)), **(missing if told else {})}
    if layout.shape is None:
        return {"": FieldPart(key, "|u1", (layout.size,)), **offsets}
    shapes = {SHAPES: FieldPart(key + SHAPES, "<i8", (samples, len(layout.shape)))}
    return {"": FieldPart(key, layout.dtype, (layout.numbers,)), **offsets, **shapes}


class ColumnWriter:
    """Appends the values of samples to the arrays of their fields. `create` makes an array and says how rows are
    appended to it; `keys`: see `keys_of`."""

    def __init__(
        self,
        layouts: Sequence[FieldLayout],
        samples: int,
        create: Callable[[FieldPart], Append],
        keys: Mapping[str, str],
    ) -> None:
        self._columns = [_Column(layout, parts_of(layout, keys[layout.name], samples), create) for layout in layouts]

    def write(self, values: Sequence[Values]) -> None:
        for column in self._columns:
            column.write(values)

    def close(self) -> None:
        """Raises WorkError where other values came than were announced."""
        for column in self._columns:
            column.check()


class _Column:
    def __init__(
        self, layout: FieldLayout, parts: Mapping[str, FieldPart], create: Callable[[FieldPart], Append]
    ) -> None:
        self._layout = layout
        self._rows = {ending: part.shape[0] for ending, part in parts.items()}
        self._append = {ending: create(part) for ending, part in parts.items()}
        self._dtype = np.dtype(parts[""].dtype)
        self._each = parts[""].shape[1:]
        self._end = 0
        if OFFSETS in parts:
            self._put(OFFSETS, np.zeros(1, "<i8"))

    def write(self, values: Sequence[Values]) -> None:
        own = [sample.get(self._layout.name) for sample in values]
        if is_dense(self._layout):
            self._write_dense(own)
        elif self._layout.shape is None:
            self._write_pieces([np.frombuffer(bytes_of(value, self._layout.kind), np.uint8) for value in own])
        else:
            axes = len(self._layout.shape)
            shapes = [np.full(axes, -1) if value is None else np.shape(value) for value in own]  # type: ignore[arg-type]
            self._put(SHAPES, np.array(shapes, "<i8").reshape(-1, axes))
            self._write_pieces([np.empty(0, self._dtype) if value is None else np.ravel(value) for value in own])  # type: ignore[arg-type]

    def check(self) -> None:
        if any(self._rows.values()):
            raise WorkError(f"field {self._layout.name!r} has other values than were announced")

    def _write_dense(self, values: Sequence[FieldValue]) -> None:
        nothing = np.full(self._each, np.nan if self._layout.kind == NUMBER else 0, self._dtype)
        rows = np.empty((len(values), *self._each), self._dtype)
        for at, value in enumerate(values):
            rows[at] = nothing if value is None else value
        self._put("", rows)
        if MISSING in self._append:
            self._put(MISSING, np.array([value is None for value in values], np.bool_))

    def _write_pieces(self, pieces: Sequence[Numbers]) -> None:
        ends = self._end + np.cumsum([len(piece) for piece in pieces], dtype="<i8")
        self._put(OFFSETS, ends)
        self._end = int(ends[-1]) if len(ends) else self._end
        self._put("", np.concatenate([np.empty(0, self._dtype), *pieces]).astype(self._dtype, copy=False))

    def _put(self, ending: str, rows: Numbers) -> None:
        self._rows[ending] -= len(rows)
        if self._rows[ending] < 0:
            raise WorkError(f"field {self._layout.name!r} has other values than were announced")
        if len(rows):
            self._append[ending](rows)


class ColumnReader:
    """Values out of the arrays of fields. `load` gives an array that it has checked to be of this dtype and shape: a
    map, or whatever is cheap to slice."""

    def __init__(self, samples: int, load: Callable[[FieldPart], Numbers], keys: Mapping[str, str]) -> None:
        self._samples, self._load, self._keys = samples, load, keys
        self._loaded: dict[str, dict[str, Numbers]] = {}

    def read(self, indices: Sequence[int], layouts: Sequence[FieldLayout]) -> list[dict[str, FieldValue]]:
        """Raises ValueError where offsets or shapes do not fit."""
        found: list[dict[str, FieldValue]] = [{} for _ in indices]
        for layout in layouts:
            arrays = self._arrays(layout)
            for sample, index in zip(found, indices, strict=True):
                value = _value(layout, arrays, int(index))
                if value is not None:
                    sample[layout.name] = value
        return found

    def _arrays(self, layout: FieldLayout) -> dict[str, Numbers]:
        if layout.name not in self._loaded:
            parts = parts_of(layout, self._keys[layout.name], self._samples)
            self._loaded[layout.name] = {ending: self._load(part) for ending, part in parts.items()}
        return self._loaded[layout.name]


def _value(layout: FieldLayout, arrays: Mapping[str, Numbers], index: int) -> FieldValue:
    if OFFSETS in arrays:
        start, end = (int(place) for place in arrays[OFFSETS][index : index + 2])
        if not 0 <= start <= end <= len(arrays[""]):
            raise ValueError(f"the offsets of field {layout.name!r} do not fit")
        piece = arrays[""][start:end]
        return value_of(piece.tobytes(), layout.kind) if layout.shape is None else _shaped(layout, piece, arrays, index)
    if MISSING in arrays and arrays[MISSING][index]:
        return None
    value = arrays[""][index]
    if layout.kind == ARRAY:
        return np.array(value)
    if layout.kind == INTEGER:
        return int(value)
    return None if np.isnan(value) else float(value)


def _shaped(layout: FieldLayout, piece: Numbers, arrays: Mapping[str, Numbers], index: int) -> FieldValue:
    shape = tuple(map(int, arrays[SHAPES][index]))
    if len(shape) and min(shape) < 0:
        return None
    if prod(shape) != len(piece):
        raise ValueError(f"the shapes of field {layout.name!r} do not fit")
    return np.array(piece).reshape(shape)


def bytes_of(value: FieldValue, kind: str) -> bytes:
    """A value of a field whose values differ in length, as bytes; none for none."""
    if value is None:
        return b""
    if isinstance(value, np.ndarray):
        return array_bytes(value)
    return value if isinstance(value, bytes) else json_text(value, kind).encode("utf-8", "surrogatepass")


def value_of(data: bytes, kind: str) -> FieldValue:
    """What `bytes_of` was given. Raises ValueError for bytes that are not its."""
    if len(data) > MOST_ARRAY_BYTES:
        raise ValueError(f"a value of {len(data):,} bytes is none")
    if not data:
        return None
    if kind == ARRAY:
        return array_of(data)
    return data if kind == IMAGE else from_text(data.decode("utf-8", "surrogatepass"), kind)
