"""Caffe's Datum, as convert_imageset and DIGITS write it (caffe.proto).

channels = 1, height = 2, width = 3 (int32); data = 4 (bytes: uint8 pixels, planes first, blue before red as OpenCV has
them; or an image file); label = 5 (int32); float_data = 6 (repeated float); encoded = 7 (bool).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..values import image_encoding, image_from_bytes
from .content import Content, of_array
from .protobuf import BYTES, FOUR, VARINT, Fields, blobs, fields_of, integer, numbers

_TYPES = {1: {VARINT}, 2: {VARINT}, 3: {VARINT}, 4: {BYTES}, 5: {VARINT}, 6: {BYTES, FOUR}, 7: {VARINT}}
_FIRST_BYTES = b"\x08\x10\x18\x22\x28\x32\x35\x38"


def read(value: bytes) -> Content | None:
    if value[:1] not in _FIRST_BYTES or len(value) < 4:
        return None
    fields = fields_of(value)
    if not fields or not all(kind in _TYPES.get(number, ()) for number, found in fields.items() for kind, _ in found):
        return None
    label = integer(fields, 5) if 5 in fields else None
    data = (blobs(fields, 4) or [b""])[-1]
    if integer(fields, 7) or image_encoding(data):
        return _encoded(data, label)
    shape = (integer(fields, 1, 1), integer(fields, 2, 1), integer(fields, 3, 1))
    array = _array(fields, data, shape)
    return None if array is None else _decoded(array, data or array.tobytes(), label)


def _encoded(data: bytes, label: int | None) -> Content | None:
    encoding = image_encoding(data)
    if encoding is None:
        return None
    try:
        pixels, shape, _ = image_from_bytes(data)
    except ValueError as error:
        return Content("datum", f"datum+{encoding}", data, label=label, problem=str(error), is_image=True)
    return Content("datum", f"datum+{encoding}", data, pixels, shape, label=label, is_image=True, file=data)


def _array(fields: Fields, data: bytes, shape: tuple[int, int, int]) -> np.ndarray[Any, Any] | None:
    """(C, H, W), or None where shape and data do not agree."""
    if min(shape) < 1:
        return None
    count = math.prod(shape)
    if len(data) == count:
        return np.frombuffer(data, np.uint8).reshape(shape)
    floats = numbers(fields, 6, "<f4")
    return floats.reshape(shape) if not data and len(floats) == count else None


def _decoded(array: np.ndarray[Any, Any], payload: bytes, label: int | None) -> Content:
    channels, height, width = array.shape
    if channels in (1, 3, 4) and min(height, width) > 1:
        order = [0] if channels == 1 else [2, 1, 0, *range(3, channels)]
        image = array[order].transpose(1, 2, 0)
        seen = of_array("datum", image, payload, encoding="datum+raw", label=label)
        return Content(
            "datum",
            "datum+raw",
            payload,
            seen.pixels,
            array.shape,
            str(array.dtype),
            label,
            problem=seen.problem,
            is_image=True,
            array=seen.array,
        )
    vector = of_array("datum", array.reshape(-1), payload, label=label)
    return Content(
        "datum", "datum+vector", payload, None, array.shape, str(array.dtype), label, vector.text, vector.values
    )
