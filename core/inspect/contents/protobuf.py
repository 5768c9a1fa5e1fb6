"""Messages in protocol buffers' wire format, field by field, without anybody's schema.

A field is a varint of number << 3 | type; type 0 is a varint, 1 eight bytes, 2 a length and bytes, 5 four bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5
MOST_FIELDS = 1 << 20

Fields = dict[int, list[tuple[int, Any]]]
"""Number of a field -> its values in order, each with its type."""


def fields_of(data: bytes, most: int = MOST_FIELDS) -> Fields | None:
    """The fields of a message of `most` fields; None where the bytes are none."""
    found: Fields = {}
    at = count = 0
    try:
        while at < len(data):
            tag, at = _varint(data, at)
            number, kind = tag >> 3, tag & 7
            value, at = _value(data, at, kind)
            count += 1
            if number == 0 or number > 1 << 16 or count > most:
                return None
            found.setdefault(number, []).append((kind, value))
    except (IndexError, ValueError):
        return None
    return found


def _value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind == VARINT:
        return _varint(data, at)
    length = {EIGHT: 8, FOUR: 4}.get(kind)
    if kind == BYTES:
        length, at = _varint(data, at)
    if length is None or at + length > len(data):
        raise ValueError("no field")
    return data[at : at + length], at + length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
        if shift > 63:
            raise ValueError("no varint")


def signed(number: int) -> int:
    """A varint as the int32 or int64 that it is."""
    return number - (1 << 64) if number >= 1 << 63 else number


def integer(fields: Fields, number: int, default: int = 0) -> int:
    """The last value of an integer field."""
    values = [value for kind, value in fields.get(number, ()) if kind == VARINT]
    return signed(values[-1]) if values else default


def integers(fields: Fields, number: int) -> list[int]:
    """A repeated integer field, packed or not. Raises ValueError where it is none."""
    found: list[int] = []
    for kind, value in fields.get(number, ()):
        if kind == VARINT:
            found.append(signed(value))
        elif kind == BYTES:
            at = 0
            try:
                while at < len(value):
                    one, at = _varint(value, at)
                    found.append(signed(one))
            except IndexError:
                raise ValueError("a packed field breaks off") from None
    return found


def numbers(fields: Fields, number: int, dtype: str) -> np.ndarray[Any, Any]:
    """A repeated field of floats ("<f4") or doubles ("<f8"), packed or not."""
    data = b"".join(value for kind, value in fields.get(number, ()) if kind != VARINT)
    width = np.dtype(dtype).itemsize
    return np.frombuffer(data[: len(data) // width * width], dtype)


def blobs(fields: Fields, number: int) -> list[bytes]:
    return [value for kind, value in fields.get(number, ()) if kind == BYTES]
