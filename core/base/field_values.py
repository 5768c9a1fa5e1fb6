"""Further values of samples as SQLite keeps them: numbers and text as they are, the rest so that it reads back.

Arrays are kept as the bytes of an .npy file, which say their own dtype and shape; images as the bytes of their files;
lists and objects as JSON text.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from functools import lru_cache
from tokenize import TokenError
from typing import Any, Literal

import numpy as np

from .contracts import FieldValue
from .strict_json import dumps

TEXT, INTEGER, NUMBER, ARRAY, IMAGE, JSON = "text", "integer", "number", "array", "image", "json"

MOST_FIELDS = 500
"""Of a dataset; SQLite's tables have up to 2,000 columns."""

MOST_ARRAY_BYTES = 64 << 20

Stored = str | int | float | bytes | None


def kind_of(value: FieldValue) -> str:
    """The kind of `contracts.Field` that holds this value; it is not None."""
    if isinstance(value, str):
        return TEXT
    if isinstance(value, bool | int | np.integer | np.bool_):
        return INTEGER if -(2**63) <= int(value) < 2**63 else JSON
    if isinstance(value, float | np.floating):
        return NUMBER
    if isinstance(value, bytes):
        return IMAGE
    return ARRAY if isinstance(value, np.ndarray) and value.dtype.kind in "biuf" else JSON


def common(known: str, other: str) -> str:
    """The kind of a field that holds values of both."""
    if known == other:
        return known
    return NUMBER if {known, other} == {INTEGER, NUMBER} else JSON


def stored(value: FieldValue, kind: str) -> Stored:
    """A value as it is kept in a field of this kind. NaN is no value. Raises ValueError for what JSON cannot hold."""
    if value is None or (isinstance(value, float | np.floating) and not math.isfinite(value)):
        return None
    if kind == JSON:
        return dumps(_plain(value))
    if isinstance(value, np.ndarray):
        return array_bytes(value)
    if isinstance(value, str | bytes):
        return value
    return float(value) if kind == NUMBER else int(value)  # type: ignore[arg-type]


def loaded(kept: Any, kind: str) -> FieldValue:
    """What `stored` was given. Raises ValueError for bytes that are no array."""
    if kept is None or kind in (TEXT, IMAGE):
        return kept  # type: ignore[no-any-return]
    if kind == JSON:
        return json.loads(kept) if isinstance(kept, str) else kept  # type: ignore[no-any-return]
    if kind == ARRAY:
        return array_of(kept)
    return float(kept) if kind == NUMBER else int(kept)


def array_bytes(array: np.ndarray) -> bytes:
    """An array as an .npy file (NumPy's format 1.0)."""
    whole = np.ascontiguousarray(array)
    return _header(whole.dtype, whole.shape) + whole.tobytes()


def array_of(data: bytes) -> np.ndarray:
    """The array in an .npy file's bytes. Raises ValueError for anything else, also for objects."""
    if not isinstance(data, bytes) or len(data) > MOST_ARRAY_BYTES:
        raise ValueError("not the bytes of an array")
    start = 10 + int.from_bytes(data[8:10], "little")
    if start > LONGEST_HEADER or data[6:8] != b"\x01\x00":
        return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    dtype, shape, order = _described(data[:start])
    if dtype.hasobject or math.prod(shape) * dtype.itemsize != len(data) - start:
        raise ValueError("not the bytes of an array")
    return np.frombuffer(data, dtype, math.prod(shape), start).reshape(shape, order=order).copy(order)


LONGEST_HEADER = 1 << 10
"""Of those that are kept: NumPy takes a header apart as Python's text, which costs more than a short array does."""


@lru_cache(1 << 12)
def _header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    described = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, described)
    return file.getvalue()


@lru_cache(1 << 12)
def _described(header: bytes) -> tuple[np.dtype[Any], tuple[int, ...], Literal["C", "F"]]:
    """Dtype, shape and order of the numbers behind a header. Raises ValueError for what is none."""
    file = io.BytesIO(header)
    np.lib.format.read_magic(file)
    try:
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    except (SyntaxError, TokenError, MemoryError, RecursionError) as error:  # NumPy takes apart what is no header
        raise ValueError(f"not the header of an array ({type(error).__name__})") from None
    if any(length < 0 for length in shape):
        raise ValueError("not the header of an array")
    return dtype, shape, "F" if fortran else "C"


def plain_values(values: Mapping[str, FieldValue]) -> dict[str, Any]:
    """As plain JSON, to be read: arrays as lists, images by their size."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
