"""Fields as columns of Arrow tables and Parquet files, with the types that Hugging Face's `datasets` writes.

| field | column | feature |
|---|---|---|
| text, integer, number | string, int64, double | Value |
| json whose values are flat lists of one of these | list<...> | Sequence |
| any other json | string, as JSON | Value |
| array, all of one dtype, and of one shape but for the first axis | list of (fixed-size) lists of numbers | Sequence |
| any other array | binary, an .npy file | Value |
| image | struct<bytes: binary, path: string> | Image |

A sample without a value has null. A field called like a column of the samples gets "field_" in front.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ..base.contracts import FieldLayout, FieldValue
from ..base.field_values import ARRAY, IMAGE, INTEGER, JSON, NUMBER, TEXT
from ..base.packed_fields import json_text
from .field_columns import bytes_of, value_of
from .field_layouts import Values, is_nested, named_beside

OWN = ("image", "label")
_PLAIN = {TEXT: pa.string(), INTEGER: pa.int64(), NUMBER: pa.float64()}
_NAMES = {TEXT: "string", INTEGER: "int64", NUMBER: "float64"}
IMAGE_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def column_names(layouts: Sequence[FieldLayout]) -> dict[str, str]:
    """What each field's column is called."""
    return named_beside([layout.name for layout in layouts], OWN)


def column_type(layout: FieldLayout) -> pa.DataType:
    if layout.kind in _PLAIN:
        return _PLAIN[layout.kind]
    if layout.kind == IMAGE:
        return IMAGE_TYPE
    if layout.kind == JSON:
        return pa.list_(_PLAIN[layout.dtype]) if layout.dtype else pa.string()
    if not is_nested(layout):
        return pa.binary()
    return _nested(layout, pa.from_numpy_dtype(np.dtype(layout.dtype)), pa.list_)


def feature(layout: FieldLayout) -> dict[str, Any]:
    """What `datasets` calls it, as its JSON has it."""
    if layout.kind == IMAGE:
        return {"_type": "Image"}
    if layout.kind == JSON and layout.dtype:
        return {"feature": _value(_NAMES[layout.dtype]), "_type": "Sequence"}
    if is_nested(layout):
        return _nested(layout, _value(np.dtype(layout.dtype).name), _sequence)  # type: ignore[no-any-return]
    return _value("binary" if layout.kind == ARRAY else _NAMES.get(layout.kind, "string"))


def _value(dtype: str) -> dict[str, Any]:
    return {"dtype": dtype, "_type": "Value"}


def _sequence(inner: Any, length: int) -> dict[str, Any]:
    return {"feature": inner, "length": length, "_type": "Sequence"}


def _nested(layout: FieldLayout, inner: Any, wrap: Callable[[Any, int], Any]) -> Any:
    """`inner` in as many lists as there are axes; -1 for any length."""
    for axis in reversed(layout.shape or ()):
        inner = wrap(inner, -1 if axis is None else axis)
    return inner


def column(layout: FieldLayout, samples: Sequence[Values]) -> pa.Array:
    """The values of samples, of `column_type`."""
    kind, own = column_type(layout), [sample.get(layout.name) for sample in samples]
    if layout.kind == IMAGE:
        return pa.array([None if value is None else {"bytes": value, "path": None} for value in own], kind)
    if layout.kind == JSON and not layout.dtype:
        return pa.array([None if value is None else json_text(value, JSON) for value in own], kind)
    if layout.kind != ARRAY:
        return pa.array(own, kind)
    if not is_nested(layout):
        return pa.array([None if value is None else bytes_of(value, ARRAY) for value in own], kind)
    return _lists(layout, own)


def _lists(layout: FieldLayout, values: Sequence[FieldValue]) -> pa.Array:
    """Arrays as lists of lists; a missing one has room where all are of one length."""
    first, *rest = layout.shape or ()
    missing = np.array([value is None for value in values], np.bool_)
    nothing = np.zeros([first or 0, *(axis or 0 for axis in rest)], layout.dtype)
    given = [nothing if value is None else np.asarray(value, layout.dtype) for value in values]
    made = pa.array(np.concatenate([np.ravel(one) for one in given]) if given else np.empty(0, layout.dtype))
    for axis in reversed(rest):
        made = pa.FixedSizeListArray.from_arrays(made, axis)
    mask = pa.array(missing)
    if first is not None:
        return pa.FixedSizeListArray.from_arrays(made, first, mask=mask)
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in given])]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), made, mask=mask)


def value_at(layout: FieldLayout, array: pa.Array, row: int) -> FieldValue:
    """One value of a column; None for null. Raises ValueError and pyarrow's errors (which are ValueErrors as well)."""
    scalar = array[row]
    if not scalar.is_valid:
        return None
    if layout.kind == IMAGE:
        return scalar["bytes"].as_py()  # type: ignore[no-any-return]
    if layout.kind == ARRAY and is_nested(layout):
        return _array(layout, scalar.values)
    if layout.kind == ARRAY or (layout.kind == JSON and not layout.dtype):
        kept = scalar.as_py()
        return value_of(kept if isinstance(kept, bytes) else kept.encode(), layout.kind)
    return scalar.as_py()  # type: ignore[no-any-return]


def _array(layout: FieldLayout, values: pa.Array) -> np.ndarray:
    rows = len(values)
    while isinstance(values, pa.ListArray | pa.FixedSizeListArray):
        values = values.flatten()
    numbers = values.to_numpy(zero_copy_only=False)
    return np.array(numbers, layout.dtype).reshape([rows, *(axis or 0 for axis in (layout.shape or ())[1:])])
