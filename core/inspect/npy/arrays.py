"""The array of one .npy, wherever its bytes lie: a map, or behind an archive's compression.

What lies in a map is a view of it; what is compressed is inflated as far as it is asked for. Arrays of objects are
pickles: they are read as plain data and never executed.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from ...base.errors import InputError
from ...formats.npy.layout import NpyHeader, read_header
from ..contents.pickled import load
from ..inflated_bytes import InflatedBytes
from ..named_arrays.array import InflatedArray, MemoryArray, NamedArray, TextColumn, Values
from ..named_arrays.flattened import flattened
from ..records import Finding

MOST_PICKLED = 1 << 28
"""256 MiB of an array of objects, which is read as a whole."""

MOST_TEXTS = 1 << 24
"""Bytes of an array of texts that is read at once."""

_HEAD = 1 << 17


@dataclass
class FoundArrays:
    """What .npy files hold: `arrays`, `others` (plain data, or a sentence), `listed` (for the structure), and what is
    wrong: `problems` in sentences, `findings`."""

    arrays: list[NamedArray] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)
    listed: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add(self, name: str, source: ArraySource, stored_bytes: int, offset: int = 0) -> None:
        """The array called `name`. One that cannot be read is told, and costs itself."""
        try:
            header = read_header(io.BytesIO(source.read(0, min(_HEAD, source.size))))
            self._place(name, source, header, stored_bytes)
        except ValueError as error:
            self.problems.append(f"{name} cannot be read: {error}")
            return
        except InputError as error:  # a pickle that is refused
            self.others[name] = str(error)
            self.problems.append(f"{name} is not read: {error}")
        self.listed.append(
            {
                "name": name,
                "dtype": str(header.dtype)[:200],
                "shape": list(header.shape),
                "order": "F" if header.fortran_order else "C",
                "bytes": stored_bytes,
                "offset": offset + header.start,
            }
        )

    def _place(self, name: str, source: ArraySource, header: NpyHeader, stored_bytes: int) -> None:
        if header.dtype.hasobject:
            self._place_objects(name, source, header)
            return
        whole = self._whole(name, source, header)
        for called, array in _fields(name, source.array(name, whole, stored_bytes)):
            if array.dtype.kind in "SU" and len(array.shape) == 1 and array.size * array.dtype.itemsize <= MOST_TEXTS:
                texts = array.rows(0, 0, array.size).tolist()
                array = TextColumn(called, [_text(one) for one in texts])
            if array.dtype.kind in "biufSU" and array.shape:
                self.arrays.append(array)
            else:
                self.others[called] = _told(array)

    def _whole(self, name: str, source: ArraySource, header: NpyHeader) -> NpyHeader:
        """The header of what is there: of an array that is cut short the whole rows."""
        there = source.size - header.start
        if there >= header.size:
            return header
        each = prod(header.shape[1:]) * header.dtype.itemsize
        rows = 0 if header.fortran_order or not header.shape else there // max(each, 1)
        if not rows:
            raise ValueError(f"it is cut short: {header.size:,} bytes belong there, {there:,} are there")
        self.findings.append(
            Finding(
                "truncated",
                header.shape[0] - rows,
                name,
                f"the file ends early: of {header.shape[0]:,} rows {rows:,} are there; NumPy refuses all of it",
                "copy or download the file again; the rows that are there can be read with numpy.memmap",
            )
        )
        return header._replace(shape=(rows, *header.shape[1:]))

    def _place_objects(self, name: str, source: ArraySource, header: NpyHeader) -> None:
        length = source.size - header.start
        if length > MOST_PICKLED:
            raise ValueError(f"an array of objects of {length:,} bytes; {MOST_PICKLED >> 20} MiB are read at most")
        self.findings.append(
            Finding(
                "pickled",
                1,
                name,
                "the array holds Python objects as a pickle: loading it with allow_pickle=True executes what it says; "
                "it is shown here as plain data, and nothing is executed",
                "save numbers and texts as arrays of their own type, which need no pickle",
            )
        )
        value = load(source.read(header.start, length))
        if isinstance(value, np.ndarray) and value.dtype.hasobject:
            value = value.item() if value.ndim == 0 else value.reshape(-1).tolist()
        named = {str(key): one for key, one in value.items()} if isinstance(value, dict) else {name: value}
        arrays, others = flattened(named)
        self.arrays += arrays
        self.others |= others


class ArraySource:
    """The bytes of one .npy: `size` of them."""

    size: int

    def read(self, offset: int, count: int) -> bytes:
        """Raises ValueError where they are not there."""
        raise NotImplementedError

    def array(self, name: str, header: NpyHeader, stored_bytes: int) -> NamedArray:
        raise NotImplementedError


class MappedSource(ArraySource):
    """In a map."""

    def __init__(self, memory: memoryview) -> None:
        self._memory = memory
        self.size = len(memory)

    def read(self, offset: int, count: int) -> bytes:
        return bytes(self._memory[offset : offset + count])

    def array(self, name: str, header: NpyHeader, stored_bytes: int) -> NamedArray:
        count, order = prod(header.shape), "F" if header.fortran_order else "C"
        if not count or not header.dtype.itemsize:
            return MemoryArray(name, np.zeros(header.shape if not count else 0, header.dtype), stored_bytes)
        values = np.frombuffer(self._memory, header.dtype, count, header.start)
        return MemoryArray(name, values.reshape(header.shape, order=order), stored_bytes)  # type: ignore[call-overload]


class InflatedSource(ArraySource):
    """Behind an archive's compression (deflate)."""

    def __init__(self, data: InflatedBytes) -> None:
        self._data = data
        self.size = data.most

    def read(self, offset: int, count: int) -> bytes:
        return self._data.at(offset, count)

    def array(self, name: str, header: NpyHeader, stored_bytes: int) -> NamedArray:
        return InflatedArray(
            name, header.shape, header.dtype, stored_bytes, self._data, header.start, header.fortran_order
        )


class _FieldOf(NamedArray):
    """One field of an array of structures."""

    def __init__(self, name: str, array: NamedArray, field: str) -> None:
        assert array.dtype.fields is not None
        dtype, shape = array.dtype.fields[field][0], array.shape
        base, inner = (dtype, ()) if dtype.subdtype is None else dtype.subdtype
        super().__init__(name, (*shape, *inner), base, array.stored_bytes)
        self._array, self._field = array, field

    def rows(self, axis: int, start: int, stop: int) -> Values:
        """Along the axes of the structures only those are read that are asked for."""
        if axis < len(self._array.shape):
            return self._array.rows(axis, start, stop)[self._field]
        whole = self._array.rows(0, 0, self._array.shape[0])[self._field]
        return whole[(slice(None),) * axis + (slice(start, stop),)]

    def first(self, count: int) -> Values:
        return self._array.first(count)[self._field].reshape(-1)[:count]


def _fields(name: str, array: NamedArray) -> list[tuple[str, NamedArray]]:
    """The array, or those of its fields where it is one of structures."""
    if array.dtype.fields is None or not array.shape:
        return [(name, array)]
    parts = [(field, _FieldOf(field, array, field)) for field in array.dtype.fields]
    return [one for field, part in parts[:256] for one in _fields(field, part)]


def _text(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _told(array: NamedArray) -> Any:
    """What is no array of numbers, to be read."""
    if array.size == 1:
        return str(array.first(1).tolist()[0])[:2_000]
    return f"{array.dtype} array of shape {array.shape}"
