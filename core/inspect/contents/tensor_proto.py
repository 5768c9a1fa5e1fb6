"""Arrays as `tf.io.serialize_tensor` writes them: a TensorProto (tensorflow/core/framework/tensor.proto).

dtype = 1 (types.proto), tensor_shape = 2 (dim = 2, each with size = 1), version_number = 3, tensor_content = 4 (the
numbers as they lie in memory, little-endian); or a repeated field of numbers, the last of which stands for all that are
missing.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .content import Content, of_array
from .protobuf import BYTES, VARINT, Fields, blobs, fields_of, integer, integers, numbers

DTYPES = {
    1: "<f4", 2: "<f8", 3: "<i4", 4: "u1", 5: "<i2", 6: "i1", 8: "<c8", 9: "<i8", 10: "?", 14: "bfloat16", 17: "<u2",
    18: "<c16", 19: "<f2", 22: "<u4", 23: "<u8",
}  # fmt: skip
STRING = 7
_INTEGERS = {3: 7, 4: 7, 5: 7, 6: 7, 9: 10, 10: 11, 17: 7, 22: 16, 23: 17}
_FLOATS = {1: (5, "<f4"), 2: (6, "<f8")}
MOST_AXES, MOST_STRINGS = 16, 1 << 16
_FILLED = 1 << 22
"""Numbers of an array that is written as one number alone."""


def read(value: bytes) -> Content | None:
    found = tensor_in(value)
    return of_array("tensor_proto", found, value, encoding="tensor") if isinstance(found, np.ndarray) else None


def tensor_in(value: bytes) -> np.ndarray[Any, Any] | list[bytes] | None:
    """The array that the bytes are; of strings a list of them, in order. None for bytes that are none."""
    if value[:1] != b"\x08" or len(value) < 4 or value[2:3] != b"\x12":
        return None
    fields = fields_of(value)
    if fields is None or not set(fields) <= {*range(1, 18)} or [kind for kind, _ in fields[1]] != [VARINT]:
        return None
    code, shape = integer(fields, 1), _shape(fields)
    if shape is None:
        return None
    if code == STRING:
        strings = blobs(fields, 8)
        return strings if len(strings) == prod(shape) <= MOST_STRINGS else None
    return _numbers(fields, code, shape)


def _shape(fields: Fields) -> tuple[int, ...] | None:
    if [kind for kind, _ in fields.get(2, ())] != [BYTES]:
        return None
    told = fields_of(blobs(fields, 2)[0], 4 * MOST_AXES)
    if told is None or not set(told) <= {2} or len(told.get(2, ())) > MOST_AXES:
        return None
    axes = [fields_of(blob, 4) for blob in blobs(told, 2)]
    shape = tuple(-1 if axis is None else integer(axis, 1) for axis in axes)
    return shape if all(length >= 0 for length in shape) else None


def _numbers(fields: Fields, code: int, shape: tuple[int, ...]) -> np.ndarray[Any, Any] | None:
    name = DTYPES.get(code)
    if name is None:
        return None
    count, dtype = prod(shape), np.dtype("<u2" if name == "bfloat16" else name)
    if 4 in fields:
        content = b"".join(blobs(fields, 4))
        if len(content) != count * dtype.itemsize:
            return None
        array = np.frombuffer(content, dtype)
    else:
        listed = _listed(fields, code, dtype)
        if listed is None or not len(listed) <= count <= max(len(listed), _FILLED) or (count and not len(listed)):
            return None
        array = np.concatenate([listed, np.repeat(listed[-1:], count - len(listed))])
    if name == "bfloat16":
        array = (array.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return array.reshape(shape)


def _listed(fields: Fields, code: int, dtype: np.dtype[Any]) -> np.ndarray[Any, Any] | None:
    """The numbers of a repeated field."""
    try:
        if code in _INTEGERS:
            return np.array(integers(fields, _INTEGERS[code])).astype(dtype)
        if code in _FLOATS:
            return numbers(fields, *_FLOATS[code])
        if code in (14, 19):  # half precision, as the bits of an integer
            bits = np.array(integers(fields, 13)).astype("<u2")
            return bits if code == 14 else bits.view("<f2")
    except ValueError:
        return None
    return None
