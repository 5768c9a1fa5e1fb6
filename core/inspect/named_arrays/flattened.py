"""Plain data, nested as it may be, as named arrays: the parts of a name are joined by "/"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...pickles import PickledObject
from .array import MemoryArray, NamedArray, TextColumn

MOST_DEPTH = 6
MOST_NAMES = 20_000
_MOST_ROWS = 1 << 24


def flattened(named: Mapping[str, Any]) -> tuple[list[NamedArray], dict[str, Any]]:
    """(arrays, others): arrays, lists of numbers and lists of texts; whatever else by name, plain data.

    Of more than `MOST_NAMES` the first.
    """
    arrays: dict[str, NamedArray] = {}
    others: dict[str, Any] = {}
    for name, value in named.items():
        _place(name, value, arrays, others, 0)
    return list(arrays.values()), others


def _place(name: str, value: Any, arrays: dict[str, NamedArray], others: dict[str, Any], depth: int) -> None:
    if len(arrays) + len(others) >= MOST_NAMES:
        return
    array = as_array(name, value)
    if array is not None:
        arrays[_unused(name, arrays)] = array
        return
    inside = _inside(value) if depth < MOST_DEPTH else None
    if inside is None:
        others[_unused(name, others)] = plain(value)
        return
    for part, one in inside:
        _place(f"{name}{part}", one, arrays, others, depth + 1)


def _unused(name: str, taken: Mapping[str, Any]) -> str:
    """The name, with a number where it is there already."""
    called, number = name, 2
    while called in taken:
        called, number = f"{name} ({number})", number + 1
    return called


def _inside(value: Any) -> list[tuple[str, Any]] | None:
    """(what its name is followed by, value) of the parts that hold arrays; None for a value that is to be read."""
    if isinstance(value, PickledObject):
        value = value.state
    if isinstance(value, Mapping):
        found = [(f"/{text(name)}", one) for name, one in value.items()]
    elif is_pair(value):
        found = [("/x", value[0]), ("/y", value[1])]
    elif isinstance(value, list | tuple) and not all(isinstance(one, Mapping) for one in value):
        found = [(f"{{{place}}}", one) for place, one in enumerate(value)]
    else:
        return None
    return found if any(_holds_arrays(one) for _, one in found[:MOST_NAMES]) else None


def is_pair(value: Any) -> bool:
    """Whether these are samples and as many class numbers, as people hand them over: (x, y)."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return False
    x, y = (as_array("", one) for one in value)
    if x is None or y is None or len(x.shape) < 2 or len(y.shape) != 1:
        return False
    return x.shape[0] == y.shape[0] and y.dtype.kind in "iu"


def _holds_arrays(value: Any, depth: int = 0) -> bool:
    if isinstance(value, NamedArray | np.ndarray):
        return True
    if isinstance(value, PickledObject):
        value = value.state
    if depth > MOST_DEPTH or not isinstance(value, Mapping | list | tuple):
        return False
    parts = list(value.values()) if isinstance(value, Mapping) else value
    return any(_holds_arrays(one, depth + 1) for one in parts[:64]) or as_array("", value) is not None


def as_array(name: str, value: Any) -> NamedArray | None:
    """An array, a list of numbers or a list of texts (text or UTF-8) under this name; None for anything else."""
    if isinstance(value, NamedArray):
        value.name = name
        return value
    if isinstance(value, np.ndarray):
        return MemoryArray(name, value) if value.dtype.kind in "biuf" and value.ndim else _texts_of(name, value)
    if not isinstance(value, list | tuple) or len(value) < 2 or len(value) > _MOST_ROWS:
        return None
    kinds = set(map(type, value))
    if kinds <= {int, bool} or kinds <= {int, float}:
        try:
            return MemoryArray(name, np.array(value))
        except OverflowError:
            return None
    if kinds <= {str} or kinds <= {bytes}:
        return TextColumn(name, [text(one) for one in value]) if max(map(len, value)) <= 1 << 12 else None
    if all(issubclass(kind, np.generic) for kind in kinds):
        numbers = np.array(value)
        return MemoryArray(name, numbers) if numbers.dtype.kind in "biuf" else None
    return None


def _texts_of(name: str, value: np.ndarray[Any, Any]) -> NamedArray | None:
    if value.dtype.kind not in "SU" or value.ndim != 1 or value.size < 2:
        return None
    return TextColumn(name, [text(one) for one in value.tolist()])


def text(value: Any) -> str:
    """A name or a text, of Python 2 or 3."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def plain(value: Any, depth: int = 0) -> Any:
    """What is to be read, with short arrays in place of those that lie elsewhere."""
    if isinstance(value, NamedArray):
        return _short(value)
    if depth > MOST_DEPTH:
        return value
    if isinstance(value, PickledObject):
        return PickledObject(value.class_name, plain(value.state, depth + 1))
    if isinstance(value, Mapping):
        return {text(name): plain(one, depth + 1) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one, depth + 1) for one in value[:1_000]]
    return value


def _short(array: NamedArray) -> Any:
    try:
        values = array.first(64)
    except ValueError as error:
        return str(error)
    if array.size == 1:
        return values[0].item()
    return values.tolist() if array.size <= 64 else f"{array.dtype} array of shape {array.shape}"
