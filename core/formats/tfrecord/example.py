"""TensorFlow's Example and SequenceExample, read without TensorFlow and made without it
(tensorflow/core/example/example.proto and feature.proto).

Example: features = 1. Features: feature = 1, a map (key = 1, value = 2). Feature is one of bytes_list = 1, float_list =
2, int64_list = 3; each list: value = 1, repeated, numbers packed or not. SequenceExample: context = 1 (Features),
feature_lists = 2. FeatureLists: feature_list = 1, a map; FeatureList: feature = 1, repeated.

In protocol buffers a field is a varint of number << 3 | type; type 0 is a varint, 1 eight bytes, 2 a length and so many
bytes, 5 four bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5
BYTES_LIST, FLOAT_LIST, INT64_LIST = 1, 2, 3
MOST_FEATURES = 1 << 12
MOST_VALUES = 1 << 16
"""Entries of a list of bytes; steps of a list of features."""

_MOST_NAME = 1 << 12

Span = tuple[int, int]
"""(start, end) inside the message."""


class Feature(NamedTuple):
    """The values of one feature.

    kind: `BYTES_LIST`, `FLOAT_LIST`, `INT64_LIST`, or 0 where it is empty; spans: where the values of a list of bytes
    lie; numbers: float32 (n,) or int64 (n,), else None.
    """

    kind: int
    spans: tuple[Span, ...] = ()
    numbers: npt.NDArray[np.float32] | npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        """How many values it has."""
        return len(self.spans) if self.numbers is None else len(self.numbers)


class Sequence(NamedTuple):
    """A SequenceExample: its `context`, and its lists of features, a feature a step."""

    context: dict[str, Feature]
    lists: dict[str, list[Feature]]


def features_of(data: bytes) -> dict[str, Feature]:
    """The features of an Example by name. Raises ValueError for bytes that are none."""
    found: dict[str, Feature] = {}
    for number, kind, start, end in fields(data, 0, len(data)):
        if number == 1 and kind == BYTES:
            found |= _features(data, start, end)
        else:
            raise ValueError(f"an Example has no field {number}")
    return found


def sequence_of(data: bytes) -> Sequence:
    """The parts of a SequenceExample that has lists of features. Raises ValueError for bytes that are none."""
    made = Sequence({}, {})
    for number, kind, start, end in fields(data, 0, len(data)):
        if number == 1 and kind == BYTES:
            made.context.update(_features(data, start, end))
        elif number == 2 and kind == BYTES:
            for name, (at, stop) in _entries(data, start, end):
                made.lists[name] = [_feature(data, *step) for step in _messages(data, at, stop, 1)]
        else:
            raise ValueError(f"a SequenceExample has no field {number}")
    if not made.lists:
        raise ValueError("no lists of features")
    return made


def _features(data: bytes, start: int, end: int) -> dict[str, Feature]:
    return {name: _feature(data, *span) for name, span in _entries(data, start, end)}


def _entries(data: bytes, start: int, end: int) -> Iterator[tuple[str, Span]]:
    """A map's entries: the name, and where the value lies."""
    for entry, (at, stop) in enumerate(_messages(data, start, end, 1)):
        if entry >= MOST_FEATURES:
            raise ValueError(f"more than {MOST_FEATURES:,} features")
        name, value = "", (stop, stop)
        for number, kind, begin, finish in fields(data, at, stop):
            if kind != BYTES or number not in (1, 2):
                raise ValueError("an entry of a map has a name and a value")
            if number == 2:
                value = (begin, finish)
            elif finish - begin > _MOST_NAME:
                raise ValueError("the name of a feature is longer than any")
            else:
                name = data[begin:finish].decode("utf-8", "replace")
        yield name, value


def _messages(data: bytes, start: int, end: int, wanted: int) -> Iterator[Span]:
    """Where the values of a repeated field lie, in a message that has no other field."""
    for count, (number, kind, at, stop) in enumerate(fields(data, start, end)):
        if number != wanted or kind != BYTES:
            raise ValueError(f"field {number} stands where {wanted} is repeated")
        if count >= MOST_VALUES:
            raise ValueError(f"more than {MOST_VALUES:,} values")
        yield at, stop


def _feature(data: bytes, start: int, end: int) -> Feature:
    made = Feature(0)
    for number, kind, at, stop in fields(data, start, end):
        if kind != BYTES or not BYTES_LIST <= number <= INT64_LIST:
            raise ValueError(f"a feature has no field {number}")
        if number == BYTES_LIST:
            made = Feature(number, tuple(_messages(data, at, stop, 1)))
        elif number == FLOAT_LIST:
            made = Feature(number, numbers=_floats(data, at, stop))
        else:
            made = Feature(number, numbers=_integers(data, at, stop))
    return made


def _floats(data: bytes, start: int, end: int) -> npt.NDArray[np.float32]:
    parts = []
    for number, kind, at, stop in fields(data, start, end):
        if number != 1 or kind not in (BYTES, FOUR) or (stop - at) % 4:
            raise ValueError("a list of floats holds nothing but those")
        parts.append(data[at:stop])
    return np.frombuffer(b"".join(parts), "<f4")


def _integers(data: bytes, start: int, end: int) -> npt.NDArray[np.int64]:
    parts = []
    for number, kind, at, stop in fields(data, start, end):
        if number != 1 or kind not in (BYTES, VARINT):
            raise ValueError("a list of integers holds nothing but those")
        parts.append(data[at:stop])
    return varints(b"".join(parts))


def varints(data: bytes) -> npt.NDArray[np.int64]:
    """Varints side by side: int64 (n,). Raises ValueError where the last one breaks off or one is too long."""
    if len(data) <= 16:
        found, at = [], 0
        while at < len(data):
            number, at = varint(data, at, len(data))
            found.append(number - (1 << 64) if number >= 1 << 63 else number)
        return np.array(found, np.int64)
    octets = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(octets < 0x80)
    if not len(ends) or ends[-1] != len(octets) - 1:
        raise ValueError("a list of integers breaks off")
    starts = np.concatenate(([0], ends[:-1] + 1))
    if int((ends - starts).max()) > 9:
        raise ValueError("an integer has more than ten bytes")
    places = np.arange(len(octets)) - np.repeat(starts, ends - starts + 1)
    return np.add.reduceat((octets & np.uint64(0x7F)) << (7 * places).astype(np.uint64), starts).view(np.int64)


def fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """The fields of the message that lies at data[at:end]: (number, type, start, end) of each value, where a varint is
    the bytes that it is written in. Raises ValueError where a field does not fit into the message."""
    while at < end:
        tag = data[at]
        at += 1
        if tag >= 0x80:
            tag, at = varint(data, at - 1, end)
        kind = tag & 7
        if kind == BYTES:
            length, at = varint(data, at, end)
            stop = at + length
        elif kind == VARINT:
            _, stop = varint(data, at, end)
        elif kind == FOUR:
            stop = at + 4
        elif kind == EIGHT:
            stop = at + 8
        else:
            raise ValueError(f"no field has type {kind}")
        if stop > end or not tag >> 3:
            raise ValueError("a field reaches beyond its message")
        yield tag >> 3, kind, at, stop
        at = stop


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """(number, where it ends), below 2^64. Raises ValueError where it does not end in time."""
    number = shift = 0
    while at < end:
        octet = data[at]
        at += 1
        number |= (octet & 0x7F) << shift
        if octet < 0x80:
            return number & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if shift > 63:
            break
    raise ValueError("a number breaks off")


# ---------------------------------------------------------------- making one


def written(number: int) -> bytes:
    """A number from 0 on as a varint."""
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)


def message(number: int, content: bytes) -> bytes:
    """A field of bytes."""
    return written(number << 3 | BYTES) + written(len(content)) + content


def entry(name: str, value: bytes | int) -> bytes:
    """One feature of one value, as the map `Features` has it."""
    content = message(1, written(value) if isinstance(value, int) else value)
    feature = message(INT64_LIST if isinstance(value, int) else BYTES_LIST, content)
    return message(1, message(1, name.encode()) + message(2, feature))


def before_bytes(name: str, size: int) -> bytes:
    """What stands in `entry(name, value)` before a value of `size` bytes, with which the entry ends."""
    tag = written(1 << 3 | BYTES)
    made = tag + written(size)
    for field, before in ((BYTES_LIST, b""), (2, message(1, name.encode())), (1, b"")):
        made = before + written(field << 3 | BYTES) + written(len(made) + size) + made
    return made
