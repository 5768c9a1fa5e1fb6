"""Values of LitData's items by the names of its serializers (litdata/streaming/serializers.py)."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np

from ..arrays import Array
from ..contents.pickled import load
from ..shard_tables.values import listed, pil_image
from .nested import nested

IMAGE_FILES = frozenset(("jpeg", "image", "tifffile", "tiff"))
IMAGES = IMAGE_FILES | {"pil", "jpeg_array"}

BFLOAT16 = "bfloat16"
_TORCH = ("<f4", "<f4", "<f8", "<f8", "<c8", "<c8", "<c16", "<c16", "<f2", "<f2", BFLOAT16, "u1", "i1", "<i2", "<i2",
          "<i4", "<i4", "<i8", "<i8", "?", "<u2")  # fmt: skip
"""PyTorch's types by their numbers (`_TORCH_DTYPES_MAPPING`)."""

_NUMPY = ("i1", "<i2", "<i4", "<i8", "u1", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16", "?")
"""NumPy's types by their numbers, as they are with NumPy 2 (`_NUMPY_DTYPES_MAPPING`)."""

MOST_AXES = 32


def name_of(data_format: str) -> str:
    """ "jpeg", "image", "no_header_tensor", ... of an entry of `data_format`, which may have an option behind it."""
    return data_format.partition(":")[0]


def decoded(data_format: str, data: bytes) -> Any:
    """A value as plain data: image files and other media as bytes, Pillow's images and arrays as arrays. Pickles are
    not executed.

    Raises ValueError (InputError for a pickle) where it is none.
    """
    name, _, option = data_format.partition(":")
    if name in ("int", "float"):
        return _number(name, data)
    if name == "bool":
        return bool(data[0]) if len(data) == 1 else _misfit("bool", data)
    if name in ("str", "text"):
        return data.decode("utf-8")
    if name == "pil":
        return pil_image(data)[0]
    if name == "jpeg_array":
        return listed(data)
    if name in ("no_header_tensor", "no_header_numpy"):
        return _flat(_TORCH if name == "no_header_tensor" else _NUMPY, option, data)
    if name in ("tensor", "numpy"):
        return tensor_of(data) if name == "tensor" else _array("<", _NUMPY, data)
    if name == "json":
        return nested(data)
    return load(data) if name == "pickle" else data


def _number(name: str, data: bytes) -> Any:
    if len(data) == 8:
        return struct.unpack("<q" if name == "int" else "<d", data)[0]
    text = data.decode("ascii") if len(data) < 40 else _misfit(name, data)  # versions before 0.2 wrote digits
    return int(text) if name == "int" else float(text)


def _misfit(name: str, data: bytes) -> Any:
    raise ValueError(f"{len(data):,} bytes are no {name}")


def _flat(types: tuple[str, ...], option: str, data: bytes) -> Array:
    if not option.isdigit() or int(option) >= len(types):
        raise ValueError(f"the type {option[:20]!r} of a vector is not known here")
    code = types[int(option)]
    if len(data) % _width(code):
        raise ValueError(f"{len(data):,} bytes are no vector of {code}")
    return _numbers(code, data)


def tensor_of(data: bytes) -> Array:
    """A tensor: uint32 type, number of axes and their lengths, then its values. The header is big-endian since 2024 and
    little-endian before; the values fit to one of them."""
    try:
        return _array(">", _TORCH, data)
    except ValueError as error:
        try:
            return _array("<", _TORCH, data)
        except ValueError:
            raise error from None


def _array(order: str, types: tuple[str, ...], data: bytes) -> Array:
    if len(data) < 8:
        raise ValueError(f"{len(data):,} bytes are no array")
    number, axes = struct.unpack(f"{order}II", data[:8])
    body = 8 + 4 * axes
    if number >= len(types) or axes > MOST_AXES or body > len(data):
        raise ValueError(f"an array of the type {number:,} with {axes:,} axes is not known here")
    shape = struct.unpack(f"{order}{axes}I", data[8:body])
    if math.prod(shape) * _width(types[number]) != len(data) - body:
        raise ValueError(f"{len(data) - body:,} bytes are no {types[number]} array of shape {shape}")
    return _numbers(types[number], data[body:]).reshape(shape)


def _width(code: str) -> int:
    return 2 if code == BFLOAT16 else np.dtype(code).itemsize


def _numbers(code: str, data: bytes) -> Array:
    if code != BFLOAT16:
        return np.frombuffer(data, code)
    return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)  # the upper half of a float32
