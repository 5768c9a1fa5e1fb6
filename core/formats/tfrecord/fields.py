"""Further values of samples as features of their Examples, behind those of the image.

| field | feature `<name>` |
|---|---|
| text, image | bytes |
| integer | int64 |
| number | float; where it is no float32, also `<name>/float64`: 8 bytes, little-endian |
| array, all of one dtype and number of axes | int64 or float, flat; float64 as numbers are; `<name>/shape` int64 |
| | unless all have one shape |
| json whose values are flat lists | bytes, int64 or float, a value each |
| any other array, any other json | bytes: an .npy file, or JSON |

A sample without a value lacks the feature. A field called like one of the image's gets "field_" in front.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...base.contracts import FieldLayout, FieldValue
from ...base.field_values import ARRAY, INTEGER, JSON, NUMBER, TEXT
from ..field_columns import bytes_of, value_of
from ..field_layouts import Values, is_one_shape, named_beside
from .example import BYTES_LIST, FLOAT_LIST, INT64_LIST, Feature, features_of, message, written
from .layout import ENCODED, FORMAT, HEIGHT, LABEL, WIDTH
from .layout import TEXT as CLASS_NAME

SHAPE, EXACT = "/shape", "/float64"
_OWN = (LABEL, CLASS_NAME, ENCODED, FORMAT, HEIGHT, WIDTH)
_MASK = (1 << 64) - 1


def feature_names(layouts: Sequence[FieldLayout]) -> dict[str, str]:
    """What each field's feature is called."""
    names = [layout.name for layout in layouts]
    return named_beside(names, [*_OWN, *(name + ending for name in names for ending in (SHAPE, EXACT))])


def features_written(values: Values, layouts: Sequence[FieldLayout], names: Mapping[str, str]) -> bytes:
    """The entries of the map of features for these values."""
    found = [_written(names[layout.name], values[layout.name], layout) for layout in layouts if layout.name in values]
    return b"".join(found)


def values_read(data: bytes, layouts: Sequence[FieldLayout], names: Mapping[str, str]) -> dict[str, FieldValue]:
    """The values in such entries. Raises ValueError where they are not as they are written."""
    whole = message(1, data)
    features = features_of(whole)
    found: dict[str, FieldValue] = {}
    for layout in layouts:
        feature = features.get(names[layout.name])
        if feature is not None:
            found[layout.name] = _read(whole, features, names[layout.name], feature, layout)
    return found


# ---------------------------------------------------------------- writing


def _written(name: str, value: Any, layout: FieldLayout) -> bytes:
    if layout.kind == INTEGER:
        return _integers(name, [value])
    if layout.kind == NUMBER:
        return _floats(name, np.array([value], np.float64))
    if layout.kind == JSON and layout.dtype == INTEGER:
        return _integers(name, value)
    if layout.kind == JSON and layout.dtype == NUMBER:
        return _floats(name, np.array(value, np.float64))
    if layout.kind == JSON and layout.dtype == TEXT:
        return _bytes(name, [text.encode() for text in value])
    if layout.kind != ARRAY or layout.shape is None:
        return _bytes(name, [bytes_of(value, layout.kind)])
    shape = b"" if is_one_shape(layout) else _integers(name + SHAPE, value.shape)
    flat = np.ravel(value)
    return (_floats(name, flat) if flat.dtype.kind == "f" else _integers(name, flat.tolist())) + shape


def _entry(name: str, kind: int, content: bytes) -> bytes:
    return message(1, message(1, name.encode("utf-8", "replace")) + message(2, message(kind, content)))


def _bytes(name: str, values: Sequence[bytes]) -> bytes:
    return _entry(name, BYTES_LIST, b"".join(message(1, value) for value in values))


def _integers(name: str, values: Sequence[int]) -> bytes:
    packed = b"".join(written(int(value) & _MASK) for value in values)
    return _entry(name, INT64_LIST, message(1, packed) if packed else b"")


def _floats(name: str, values: np.ndarray) -> bytes:
    with np.errstate(over="ignore"):
        rounded = values.astype("<f4")
    made = _entry(name, FLOAT_LIST, message(1, rounded.tobytes()) if len(values) else b"")
    if values.dtype != np.float64 or np.array_equal(rounded.astype(np.float64), values, equal_nan=True):
        return made
    return made + _bytes(name + EXACT, [values.astype("<f8").tobytes()])


# ---------------------------------------------------------------- reading


def _read(
    whole: bytes, features: Mapping[str, Feature], name: str, feature: Feature, layout: FieldLayout
) -> FieldValue:
    if layout.kind in (INTEGER, NUMBER):
        (number,) = _numbers(whole, features, name, feature)
        return int(number) if layout.kind == INTEGER else float(number)
    if layout.kind == JSON and layout.dtype == TEXT:
        return [whole[start:end].decode() for start, end in feature.spans]
    if layout.kind == JSON and layout.dtype:
        return _numbers(whole, features, name, feature).tolist()  # type: ignore[no-any-return]
    if layout.kind != ARRAY or layout.shape is None:
        ((start, end),) = feature.spans
        return value_of(whole[start:end], layout.kind)
    numbers = _numbers(whole, features, name, feature)
    shape = [axis for axis in layout.shape if axis is not None]
    if not is_one_shape(layout):
        told = features[name + SHAPE].numbers
        shape = [] if told is None else told.tolist()
    return numbers.astype(layout.dtype).reshape(shape)


def _numbers(whole: bytes, features: Mapping[str, Feature], name: str, feature: Feature) -> np.ndarray:
    """The numbers of a feature, as exact as they are kept."""
    if name + EXACT in features:
        ((start, end),) = features[name + EXACT].spans
        return np.frombuffer(whole[start:end], "<f8")
    return np.empty(0) if feature.numbers is None else feature.numbers
