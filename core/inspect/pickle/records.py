"""The samples in a pickled list or dict, each a dict of fields, a tuple, an array or the bytes of an image file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from ...pickles import PickledObject
from ..fields import FieldRecords
from ..named_arrays.flattened import text
from .file import PickleFile

_MOST_ITEMS = 16
"""Items of a tuple that is a sample."""


class PickledSamples(FieldRecords):
    """A record for each item of a list (`[5]`), of a dict (its key), or for each row of a dict of columns."""

    kind: ClassVar[str] = "pickle"

    def __init__(self, file: PickleFile, values: list[Any], keys: list[str] | None) -> None:
        self._values = values
        self._keys = keys
        of = "a list of samples, or columns of them" if keys is None else "a dict of samples"
        super().__init__(file, f"{file.said}; it is {of}")

    @classmethod
    def recognise(cls, file: PickleFile) -> PickledSamples | None:
        value = file.value
        if file.model is not None or not isinstance(value, Mapping | list | tuple) or len(value) < 1:
            return None
        rows = _rows_of(value)
        if rows is not None:
            made = cls(file, rows, None)
        elif isinstance(value, Mapping):
            made = cls(file, list(value.values()), _unique([text(key) for key in value]))
        else:
            made = cls(file, list(value), None)
        first = made._values[: min(len(made), 64)]
        alike = all(_fields_of(one) is not None for one in first)
        return made if alike and made.image_names else None

    def __len__(self) -> int:
        return len(self._values)

    def key(self, index: int) -> str:
        return f"[{index}]" if self._keys is None else self._keys[index]

    def find(self, key: str) -> int | None:
        if self._keys is not None:
            return self._places.get(key)
        place = key[1:-1]
        found = int(place) if place.isascii() and place.isdigit() and len(place) < 19 else -1
        return found if 0 <= found < len(self) and key == f"[{found}]" else None

    def fields(self, index: int) -> Mapping[str, Any]:
        found = _fields_of(self._values[index])
        if found is None:
            raise ValueError(f"a {type(self._values[index]).__name__} is no sample")
        return found

    @cached_property
    def _places(self) -> dict[str, int]:
        return {key: place for place, key in enumerate(self._keys or ())}


def _fields_of(value: Any) -> Mapping[str, Any] | None:
    """A sample as named fields; None for what is none."""
    if isinstance(value, Mapping):
        return {text(name): one for name, one in value.items()}
    if isinstance(value, np.ndarray | bytes):
        return {"image": value}
    if isinstance(value, PickledObject):
        return {"image": value} if "PIL" in value.class_name or value.class_name == "Image" else value.state
    if isinstance(value, list | tuple) and 0 < len(value) <= _MOST_ITEMS:
        return {str(place): one for place, one in enumerate(value)}
    return None


class _Row(Mapping[str, Any]):
    """One row of columns: looked up when it is asked for."""

    def __init__(self, columns: Mapping[str, Any], place: int) -> None:
        self._columns = columns
        self._place = place

    def __getitem__(self, name: str) -> Any:
        return self._columns[name][self._place]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def _rows_of(value: Any) -> list[Any] | None:
    """The rows of a dict of columns: lists or arrays of one length; None for any other."""
    if not isinstance(value, Mapping) or not value:
        return None
    columns = {text(name): one for name, one in value.items()}
    lengths = {len(one) if _is_column(one) else -1 for one in columns.values()}
    if len(lengths) != 1 or min(lengths) < 2:
        return None
    return [_Row(columns, place) for place in range(lengths.pop())]


def _is_column(value: Any) -> bool:
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _unique(keys: list[str]) -> list[str]:
    """The keys, those that are there twice (b"a" beside "a") with their place."""
    if len(set(keys)) == len(keys):
        return keys
    seen: set[str] = set()
    made = []
    for place, key in enumerate(keys):
        made.append(f"{key} [{place}]" if key in seen else key)
        seen.add(key)
    return made
