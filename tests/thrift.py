"""Thrift's compact protocol, as far as a Parquet footer needs it, to write one with other numbers.

Source: thrift-compact-protocol.md. A struct is {field: (type, value)}; a list's value is (type of its items, items).
"""

from __future__ import annotations

from typing import Any, BinaryIO

TRUE, FALSE, I8, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
Struct = dict[int, tuple[int, Any]]


def read_struct(file: BinaryIO) -> Struct:
    """The struct that begins there."""
    fields: Struct = {}
    number = 0
    while (head := file.read(1)[0]) != 0:
        kind = head & 15
        number = number + (head >> 4) if head >> 4 else _zigzag(_varint(file))
        fields[number] = kind, _value(file, kind)
    return fields


def written(fields: Struct) -> bytes:
    """A struct's bytes."""
    made, last = bytearray(), 0
    for number, (kind, value) in sorted(fields.items()):
        made.append((number - last) << 4 | kind)
        made += _bytes_of(kind, value)
        last = number
    return bytes(made) + b"\0"


def _value(file: BinaryIO, kind: int) -> Any:
    if kind in (TRUE, FALSE):
        return None
    if kind in (I16, I32, I64):
        return _zigzag(_varint(file))
    if kind == BINARY:
        return file.read(_varint(file))
    if kind == STRUCT:
        return read_struct(file)
    assert kind == LIST, f"type {kind}"
    head = file.read(1)[0]
    count = head >> 4 if head >> 4 != 15 else _varint(file)
    return head & 15, [_value(file, head & 15) for _ in range(count)]


def _bytes_of(kind: int, value: Any) -> bytes:
    if kind in (TRUE, FALSE):
        return b""
    if kind in (I16, I32, I64):
        return _as_varint(value << 1 ^ value >> 63)
    if kind == BINARY:
        return _as_varint(len(value)) + value
    if kind == STRUCT:
        return written(value)
    inner, items = value
    return bytes([0xF0 | inner]) + _as_varint(len(items)) + b"".join(_bytes_of(inner, item) for item in items)


def _varint(file: BinaryIO) -> int:
    number = shift = 0
    while True:
        byte = file.read(1)[0]
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number


def _as_varint(number: int) -> bytes:
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    return bytes(made) + bytes([number])


def _zigzag(number: int) -> int:
    return number >> 1 ^ -(number & 1)
