"""TensorFlow's Example: a message of named features, each a list of bytes, floats or integers (example.proto).

Example: features = 1. Features: feature = 1 (map: key = 1, value = 2). Feature: bytes_list = 1, float_list = 2,
int64_list = 3; each list: value = 1 (repeated).
"""

from __future__ import annotations

from typing import Any

from ..values import text_of
from .content import Content
from .objects import of_object
from .protobuf import blobs, fields_of, integers, numbers

MOST_FEATURES = 4096


def read(value: bytes) -> Content | None:
    outer = fields_of(value) if value[:1] == b"\x0a" else None
    if not outer or set(outer) != {1} or len(outer[1]) != 1:
        return None
    inner = fields_of(blobs(outer, 1)[0], MOST_FEATURES) if blobs(outer, 1) else None
    if not inner or set(inner) != {1}:
        return None
    named: dict[str, Any] = {}
    for blob in blobs(inner, 1):
        pair = fields_of(blob)
        if not pair or not set(pair) <= {1, 2} or not blobs(pair, 1):
            return None
        named[blobs(pair, 1)[0].decode("utf-8", "replace")] = _feature((blobs(pair, 2) or [b""])[0])
    return of_object("tf_example", named, value) if named else None


def _feature(data: bytes) -> Any:
    """The values of a feature; the only one of a list of one."""
    feature = fields_of(data) or {}
    values: list[Any] = []
    for kind, found in feature.items():
        for blob in (value for _, value in found if isinstance(value, bytes)):
            inner = fields_of(blob) or {}
            if kind == 1:
                values += blobs(inner, 1)
            elif kind == 2:
                values += numbers(inner, 1, "<f4").tolist()
            elif kind == 3:
                values += integers(inner, 1)
    if len(values) == 1:
        text = text_of(values[0]) if isinstance(values[0], bytes) and len(values[0]) < 256 else None
        return values[0] if text is None else text
    return values
