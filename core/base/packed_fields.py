"""The further values of a sample as one piece of bytes: what is compared when a store is checked, and how LMDB keeps
them.

uint32 (little-endian) length of the header | header | arrays and images, end to end. The header is JSON in UTF-8: an
object with `values` (name -> text, number, list or object) and, where there are some, `parts` ([name, kind, bytes] of
each array and image in order). An array is an .npy file. A sample without values is no bytes at all.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from . import checksums
from .contracts import Field, FieldLayout, FieldValue
from .field_values import ARRAY, IMAGE, INTEGER, JSON, MOST_ARRAY_BYTES, NUMBER, TEXT, array_bytes, array_of
from .strict_json import dumps

_LENGTH = struct.Struct("<I")
Fields = Sequence[Field] | Sequence[FieldLayout]


def normal(values: Mapping[str, FieldValue], fields: Iterable[Field | FieldLayout]) -> dict[str, FieldValue]:
    """The values in the order of `fields`, each of its kind. None, an empty text and no bytes are no value; texts lose
    zero characters, which HDF5 and C cannot hold."""
    found: dict[str, FieldValue] = {}
    for field in fields:
        value = values.get(field.name)
        if value is not None:
            value = _of_kind(value, field.kind)
        if value is not None and not (field.kind in (TEXT, IMAGE) and not value):
            found[field.name] = value
    return found


def _of_kind(value: Any, kind: str) -> FieldValue:
    if kind == ARRAY:
        array = np.ascontiguousarray(value)  # a single number has one axis, as in the index
        return array.astype(array.dtype.newbyteorder("<"), copy=False)
    if kind == TEXT:
        return value.replace("\0", "") if "\0" in value else value  # type: ignore[no-any-return]
    if kind == INTEGER:
        return int(value)
    return float(value) if kind == NUMBER else value


def packed(values: Mapping[str, FieldValue], fields: Iterable[Field | FieldLayout]) -> bytes:
    """Raises ValueError for a value that is none of its field's kind."""
    plain: dict[str, Any] = {}
    parts: list[tuple[str, str, int]] = []
    data: list[bytes] = []
    kinds = {field.name: field.kind for field in fields}
    for name, value in normal(values, fields).items():
        if isinstance(value, np.ndarray | bytes):
            data.append(value if isinstance(value, bytes) else array_bytes(value))
            parts.append((name, kinds[name], len(data[-1])))
        else:
            plain[name] = value
    if not plain and not parts:
        return b""
    header = dumps({"values": plain, "parts": parts} if parts else {"values": plain}).encode()
    return b"".join([_LENGTH.pack(len(header)), header, *data])


def unpacked(data: bytes, fields: Iterable[Field | FieldLayout]) -> dict[str, FieldValue]:
    """What `packed` was given, of these fields. Raises ValueError for bytes that are not its."""
    if not data:
        return {}
    kinds = {field.name: field.kind for field in fields}
    try:
        at = _LENGTH.size + _LENGTH.unpack_from(data)[0]
        told = json.loads(data[_LENGTH.size : at].decode("utf-8"))
        found = {name: value for name, value in told["values"].items() if kinds.get(name) not in (None, ARRAY, IMAGE)}
        for name, kind, size in told.get("parts", ()):
            if type(size) is not int or not 0 <= size <= min(len(data) - at, MOST_ARRAY_BYTES):
                raise ValueError("a value does not fit")
            part = data[at : at + size]
            at += size
            if kinds.get(name) == kind:
                found[name] = array_of(part) if kind == ARRAY else part
    except (LookupError, TypeError, AttributeError, struct.error) as error:
        raise ValueError(f"its further values are damaged ({type(error).__name__})") from None
    return {field.name: found[field.name] for field in fields if field.name in found}


def checksum(values: Mapping[str, FieldValue], fields: Iterable[Field | FieldLayout]) -> int:
    """XXH3-64 of the values as they are packed, an unsigned integer."""
    return checksums.of_bytes(packed(values, fields))


def json_text(value: FieldValue, kind: str) -> str:
    """A text, or a JSON value as text."""
    return dumps(value) if kind == JSON else str(value)


def from_text(text: str, kind: str) -> FieldValue:
    """What `json_text` was given; None for no text. Raises ValueError."""
    if not text:
        return None
    return json.loads(text) if kind == JSON else text
