"""Values of MDS columns, as MosaicML's Streaming encodes them (streaming/base/format/mds/encodings.py)."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from ..arrays import Array
from ..contents.pickled import load
from ..shard_tables.values import listed, pil_image

IMAGE_FILES = frozenset(("jpeg", "png"))
IMAGES = IMAGE_FILES | {"pil", "jpeg_array", "jpegarray", "list[jpeg]", "list[png]", "list[pil]"}

_SCALARS = {
    "int": "<i8", "uint8": "u1", "uint16": "<u2", "uint32": "<u4", "uint64": "<u8", "int8": "i1", "int16": "<i2",
    "int32": "<i4", "int64": "<i8", "float16": "<f2", "float32": "<f4", "float64": "<f8",
}  # fmt: skip
_CODES = {8: "u1", 9: "i1", 16: "<u2", 17: "<i2", 18: "<f2", 32: "<u4", 33: "<i4", 34: "<f4", 64: "<u8", 65: "<i8",
          66: "<f8"}  # fmt: skip
"""The first byte of an array whose type is not in the encoding."""

_LONGEST_NUMBER = 4000


def decoded(encoding: str, data: bytes) -> Any:
    """A value as plain data: image files as bytes, images of Pillow's and arrays as arrays. Pickles are not executed.

    Raises ValueError (InputError for a pickle) where it is none, or the encoding is not known.
    """
    name, _, options = encoding.partition(":")
    if name in _SCALARS:
        return _scalar(_SCALARS[name], data)
    if name == "ndarray":
        return array_of(data, options)
    if name in ("jpeg", "png", "bytes"):
        return data
    if name in ("str", "str_int", "str_float", "str_decimal"):
        return _text(name, data)
    if name == "json":
        return json.loads(data)
    if name == "pil":
        return pil_image(data)[0]
    if name == "pkl":
        return load(data)
    if name in ("jpeg_array", "jpegarray"):
        return listed(data)
    if name in ("list[jpeg]", "list[png]"):
        return listed(data, 4)
    if name == "list[pil]":
        return [pil_image(one)[0] for one in listed(data, 4)]
    raise ValueError(f"the encoding {encoding[:80]!r} is not known here")


def _scalar(code: str, data: bytes) -> Any:
    if len(data) != np.dtype(code).itemsize:
        raise ValueError(f"a number of {np.dtype(code).itemsize} bytes has {len(data):,}")
    return np.frombuffer(data, code)[0].item()


def _text(name: str, data: bytes) -> Any:
    text = data.decode("utf-8")
    if name == "str_int" and len(text) < _LONGEST_NUMBER:
        return int(text)
    return float(text) if name == "str_float" else text


def array_of(data: bytes, options: str) -> Array:
    """An array whose type and shape stand in the encoding ("uint8:32,32,3"), or before its values: the type in a byte;
    the number of axes and the width of their lengths in a byte; the lengths. Raises ValueError."""
    stated, _, lengths = options.partition(":")
    at = 0
    if stated:
        dtype = _dtype(stated)
    else:
        if not data or data[0] not in _CODES:
            raise ValueError("the type of an array is none that MDS has")
        dtype, at = np.dtype(_CODES[data[0]]), 1
    if lengths:
        shape = tuple(int(length) for length in lengths.split(",")[:64])
    else:
        axes, width = (data[at] >> 2, 1 << (data[at] & 3)) if at < len(data) else (0, 1)
        end = at + 1 + axes * width
        if end > len(data):
            raise ValueError("an array is cut short in its shape")
        shape = tuple(int.from_bytes(data[place : place + width], "little") for place in range(at + 1, end, width))
        at = end
    if min(shape, default=0) < 1 or math.prod(shape) * dtype.itemsize != len(data) - at:
        raise ValueError(f"{len(data) - at:,} bytes are no {dtype} array of shape {shape}")
    return np.frombuffer(data, dtype, offset=at).reshape(shape)


def _dtype(name: str) -> np.dtype[Any]:
    if name not in _SCALARS or name == "int":
        raise ValueError(f"{name[:40]!r} is no type of arrays in MDS")
    return np.dtype(_SCALARS[name])
