"""Fields of records in full: as values of a sample (`base.contracts.FieldValue`), and on their way between processes.

Nothing is shortened. What is no number, text, list or object is told as text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..base.contracts import Buffer, FieldValue
from ..base.errors import InputError
from ..pickles import PickledObject
from .arrays import flat
from .contents.pickled import load
from .values import dtype_called, image_encoding, text_of

DEEPEST = 20
"""Lists in lists; what lies deeper is told as text."""

MOST_ITEMS = 1 << 20
"""Items of all lists of one field."""


def field_value(value: Any) -> FieldValue:
    """A field as a sample's value: an image file's bytes as they are, other bytes as text or as numbers uint8 (n,);
    lists of numbers as arrays; text arrays as lists. Raises ValueError for what is too large."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | float | str | None):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return _of_bytes(bytes(value))
    if isinstance(value, np.ndarray):
        return _of_array(value)
    if isinstance(value, list | tuple):
        array = _as_array(value)
        return array if array is not None else _plain(list(value))
    return _plain(value)  # type: ignore[no-any-return]


def _of_bytes(data: bytes) -> FieldValue:
    if image_encoding(data) is not None:
        return data
    text = text_of(data.rstrip(b"\0"))
    if text is not None:
        return text
    try:
        return None if not data else _of_array(_pickled_array(data))
    except (InputError, ValueError):
        return np.frombuffer(data, np.uint8)


def _pickled_array(data: bytes) -> np.ndarray[Any, Any]:
    """The array in a pickle of one. Raises ValueError or InputError for anything else."""
    array = load(data) if data[:1] == b"\x80" else None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        raise ValueError("no array")
    return array


def _of_array(array: np.ndarray[Any, Any]) -> FieldValue:
    if array.dtype.kind not in "biuf":
        return _plain(array.tolist())  # type: ignore[no-any-return]
    if array.ndim == 0:
        return field_value(array.item())
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _as_array(values: list[Any] | tuple[Any, ...]) -> np.ndarray[Any, Any] | None:
    """A list of numbers, or of lists of as many numbers each; None for any other list."""
    if not values or not isinstance(values[0], int | float | list | tuple | np.generic | np.ndarray):
        return None
    if isinstance(values[0], bool) or len(values) > MOST_ITEMS:
        return None
    try:
        array = np.array(values)
    except (ValueError, OverflowError):
        return None
    return array if array.dtype.kind in "iuf" and array.size else None


def _plain(value: Any, depth: int = 0) -> Any:
    """Plain JSON, with nothing left out."""
    if depth > DEEPEST:
        return "…"
    if isinstance(value, PickledObject):
        return {"class": value.class_name, **_plain(value.state, depth + 1)}
    if isinstance(value, Mapping):
        return {_text(name): _plain(one, depth + 1) for name, one in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist(), depth + 1)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one, depth + 1) for one in value]
    if isinstance(value, np.generic):
        return _plain(value.item(), depth)
    if isinstance(value, bytes | bytearray | memoryview):
        return _text(bytes(value))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _text(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


# ---------------------------------------------------------------- between processes


def told(value: FieldValue, blobs: list[Buffer]) -> list[Any]:
    """A value as JSON; what is long is appended to `blobs`."""
    if isinstance(value, np.ndarray):
        blobs.append(flat(value))
        return ["array", value.dtype.str, list(value.shape)]
    if isinstance(value, bytes):
        blobs.append(value)
        return ["bytes"]
    if isinstance(value, float):
        return ["float", value.hex()]
    return ["plain", value]


def of_told(value: list[Any], blobs: Iterator[bytes]) -> FieldValue:
    """The value that `told` was given; takes its bytes from `blobs`, in the same order. Raises ValueError."""
    kind, *rest = value
    if kind == "array":
        return np.frombuffer(next(blobs), dtype_called(rest[0])).reshape(rest[1])
    if kind == "bytes":
        return next(blobs)
    return float.fromhex(rest[0]) if kind == "float" else rest[0]
