"""Values of Arrow's types as plain data: lists of numbers become arrays, structs dicts, the rest Python's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

DEEPEST = 8
MOST_ITEMS = 10_000
"""Items of a list that is no array of numbers."""


def plain_at(array: pa.Array, place: int, depth: int = 0) -> Any:
    """The value at `place`. The array must be sound (`Array.validate`)."""
    kind = array.type
    if depth > DEEPEST:
        return "…"
    if isinstance(array, pa.ExtensionArray):
        value = plain_at(array.storage, place, depth + 1)
        shape = getattr(kind, "shape", None)
        return value.reshape(shape) if shape and isinstance(value, np.ndarray) else value
    if not array[place].is_valid:
        return None
    if pa.types.is_struct(kind):
        return {kind.field(at).name: plain_at(array.field(at), place, depth + 1) for at in range(kind.num_fields)}
    if _is_list(kind):
        return _list(array[place].values, depth)
    return _scalar(array[place])


def _list(values: pa.Array, depth: int) -> Any:
    numbers = numbers_of(values)
    if numbers is not None:
        return numbers
    return [plain_at(values, place, depth + 1) for place in range(min(len(values), MOST_ITEMS))]


def numbers_of(values: pa.Array) -> np.ndarray[Any, Any] | None:
    """Numbers, or lists of lists of them of one length each, as an array; None for anything else."""
    shape = [len(values)]
    for _ in range(DEEPEST):
        if values.null_count or not _is_list(values.type) or not len(values):
            break
        lengths = pc.list_value_length(values)
        first = lengths[0].as_py()
        if not pc.all(pc.equal(lengths, first)).as_py():
            return None
        values = values.flatten()
        shape.append(first)
    kind = values.type
    if values.null_count or not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        return None
    return np.asarray(values.to_numpy(zero_copy_only=False)).reshape(shape)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _scalar(value: pa.Scalar) -> Any:
    """Python's own; text for what Python has no value for, or JSON none."""
    try:
        plain = value.as_py()
    except (ValueError, OverflowError, ImportError, pa.ArrowException):
        return str(value)
    return plain if isinstance(plain, bytes | str | bool | int | float) else str(plain)
