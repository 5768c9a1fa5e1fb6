"""Msgpack, and the arrays that msgpack-numpy keeps in it, as tensorpack writes its datapoints.

The specification: one byte says the type and often the length, then come the bytes. msgpack-numpy writes an array as a
map of nd (true), type (the dtype), kind, shape and data; a scalar likewise with nd false.
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np

from ..values import dtype_called
from .content import Content
from .objects import of_object

MOST_VALUES = 1 << 20
DEEPEST = 32

_FIXED = {
    0xCA: ">f",
    0xCB: ">d",
    0xCC: ">B",
    0xCD: ">H",
    0xCE: ">I",
    0xCF: ">Q",
    0xD0: ">b",
    0xD1: ">h",
    0xD2: ">i",
    0xD3: ">q",
}
_STRINGS = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_BYTES = {0xC4: 1, 0xC5: 2, 0xC6: 4}
_EXTENSIONS = {0xC7: 1, 0xC8: 2, 0xC9: 4}
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_LISTS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_CONTAINERS = (*range(0x80, 0xA0), *_LISTS, *_MAPS)


def read(value: bytes) -> Content | None:
    """A list or a map that takes up the whole value; single numbers and strings are anything."""
    if not value or value[0] not in _CONTAINERS:
        return None
    try:
        unpacker = Unpacker(value)
        thing = unpacker.value()
    except (_NotMsgpack, struct.error, IndexError):
        return None
    if unpacker.at != len(value):
        return None
    if isinstance(thing, np.ndarray):
        thing = [thing]
    return of_object("msgpack", thing, value) if thing else None


class _NotMsgpack(Exception):
    """The bytes are of another kind, or more than one wants to read."""


class Unpacker:
    """Reads one value after the other, within bounds of number and depth."""

    def __init__(self, data: bytes) -> None:
        self.at = 0
        self._data = data
        self._left = MOST_VALUES

    def value(self, depth: int = 0) -> Any:
        self._left -= 1
        if depth > DEEPEST or self._left < 0:
            raise _NotMsgpack
        kind = self._number(1)
        if kind < 0x80 or kind >= 0xE0:
            return kind if kind < 0x80 else kind - 0x100
        if kind < 0x90 or kind in _MAPS:
            return self._map(kind & 0xF if kind < 0x90 else self._number(_MAPS[kind]), depth)
        if kind < 0xA0 or kind in _LISTS:
            return [self.value(depth + 1) for _ in range(kind & 0xF if kind < 0xA0 else self._number(_LISTS[kind]))]
        if kind in _CONSTANTS:
            return _CONSTANTS[kind]
        if kind in _FIXED:
            form = struct.Struct(_FIXED[kind])
            return form.unpack(self._take(form.size))[0]
        return self._bytes(kind)

    def _bytes(self, kind: int) -> Any:
        if kind < 0xC0 or kind in _STRINGS:
            data = self._take(kind & 0x1F if kind < 0xC0 else self._number(_STRINGS[kind]))
            try:
                return data.decode("utf-8")
            except UnicodeDecodeError:
                return data  # written by an old msgpack, whose strings and bytes were one
        if kind in _BYTES:
            return self._take(self._number(_BYTES[kind]))
        length = _FIXED_EXTENSIONS.get(kind) or (self._number(_EXTENSIONS[kind]) if kind in _EXTENSIONS else None)
        if length is None:
            raise _NotMsgpack
        self._take(1)
        return self._take(length)

    def _map(self, count: int, depth: int) -> Any:
        made: dict[Any, Any] = {}
        for _ in range(count):
            key = self.value(depth + 1)
            if not isinstance(key, str | bytes | int | float | bool | None):
                raise _NotMsgpack
            made[key.decode("utf-8", "replace") if isinstance(key, bytes) else key] = self.value(depth + 1)
        return _array(made) if "nd" in made else _plain_array(made) if made.keys() >= _ARRAY else made

    def _take(self, count: int) -> bytes:
        if self.at + count > len(self._data):
            raise _NotMsgpack
        self.at += count
        return self._data[self.at - count : self.at]

    def _number(self, width: int) -> int:
        return int.from_bytes(self._take(width), "big")


_ARRAY = {"dtype", "shape", "data"}


def _plain_array(made: dict[Any, Any]) -> Any:
    """An array that is a map of dtype, shape and data, as ml-pyxis and others write it; the map where it is none."""
    code = made["dtype"].decode("ascii", "replace") if isinstance(made["dtype"], bytes) else made["dtype"]
    if not isinstance(code, str) or not isinstance(made["data"], bytes) or not isinstance(made["shape"], list):
        return made
    try:
        return _array({"nd": True, "type": code, "shape": made["shape"], "data": made["data"]})
    except ValueError:
        return made


def _array(made: dict[Any, Any]) -> Any:
    """What msgpack-numpy wrote as a map. Raises ValueError for objects and for sizes that do not agree."""
    data, code = made.get("data"), made.get("type")
    code = code.decode("ascii", "replace") if isinstance(code, bytes) else code
    if not isinstance(data, bytes) or not isinstance(code, str):
        return made
    if made.get("kind") in (b"O", "O") or "O" in code:
        raise ValueError("refused: an array of Python objects (a pickle), which are not read")
    dtype = dtype_called(code)
    shape = made.get("shape", []) if made["nd"] else [1]
    if not isinstance(shape, list) or len(shape) > 32 or any(type(n) is not int or n < 0 for n in shape):
        raise ValueError("an array whose shape is none")
    if math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError(f"an array of {dtype} and shape {tuple(shape)} whose bytes are not as many")
    array = np.frombuffer(data, dtype).reshape(shape)
    return array if made["nd"] else array[0]
