"""Caffe2's TensorProtos: the first tensor is the image, the second the label (caffe2.proto).

TensorProtos: protos = 1 (repeated). TensorProto: dims = 1 (repeated int64), data_type = 2, float_data = 3,
int32_data = 4, byte_data = 5, string_data = 6 (repeated bytes), double_data = 9, int64_data = 10. Three bytes a pixel
are blue, green, red, as OpenCV has them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..arrays import label_of
from ..values import image_encoding, image_from_bytes, text_of
from .content import Content, of_array
from .protobuf import Fields, blobs, fields_of, integer, integers, numbers

_INTEGERS = {2: "i4", 5: "?", 6: "u1", 7: "i1", 8: "u2", 9: "i2"}
"""Types whose values lie in int32_data."""

_TENSOR_FIELDS = frozenset((*range(1, 13), 32, 33, 99))


def read(value: bytes) -> Content | None:
    fields = fields_of(value) if value[:1] == b"\x0a" else None
    if not fields or set(fields) != {1}:
        return None
    tensors = [fields_of(blob) for blob in blobs(fields, 1)]
    if not tensors or not all(tensor and set(tensor) <= _TENSOR_FIELDS and 2 in tensor for tensor in tensors):
        return None
    image, *others = [tensor for tensor in tensors if tensor]
    return _content(image, _label(others), value)


def _label(others: list[Fields]) -> Any:
    for tensor in others:
        strings = blobs(tensor, 6)
        return strings[0].decode("utf-8", "replace")[:200] if strings else label_of(_array(tensor))
    return None


def _content(tensor: Fields, label: Any, value: bytes) -> Content | None:
    strings = blobs(tensor, 6)
    if not strings:
        array = _array(tensor)
        flipped = array[:, :, ::-1] if array.dtype == np.uint8 and array.ndim == 3 and array.shape[2] == 3 else array
        return of_array("caffe2", flipped, value, encoding="caffe2+raw", label=label)
    encoding = image_encoding(strings[0])
    if encoding is None:
        return Content("caffe2", "caffe2", strings[0], label=label, text=text_of(strings[0]))
    try:
        pixels, shape, _ = image_from_bytes(strings[0])
    except ValueError as error:
        return Content("caffe2", f"caffe2+{encoding}", strings[0], label=label, problem=str(error), is_image=True)
    return Content(
        "caffe2", f"caffe2+{encoding}", strings[0], pixels, shape, label=label, is_image=True, file=strings[0]
    )


def _array(tensor: Fields) -> np.ndarray[Any, Any]:
    """Raises ValueError where the numbers are not as many as the dimensions say."""
    kind = integer(tensor, 2, 1)
    if kind == 1:
        values = numbers(tensor, 3, "<f4")
    elif kind == 13:
        values = numbers(tensor, 9, "<f8")
    elif kind == 10:
        values = np.array(integers(tensor, 10), np.int64)
    elif kind == 3 or (kind == 6 and blobs(tensor, 5)):
        values = np.frombuffer(b"".join(blobs(tensor, 5)), np.uint8)
    else:
        values = np.array(integers(tensor, 4), np.int64).astype(_INTEGERS.get(kind, "i8"))
    shape = integers(tensor, 1) or [len(values)]
    if any(length < 0 for length in shape) or math.prod(shape) != len(values):
        raise ValueError(f"a tensor of shape {tuple(shape)} with {len(values):,} numbers")
    return values.reshape(shape)
