"""TFRecord files as strangers write them, made here."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.formats.tfrecord.example import BYTES_LIST, FLOAT_LIST, INT64_LIST, message, written
from core.formats.tfrecord.records import footer_of, header_of


def feature(value: Any) -> bytes:
    """A `tf.train.Feature` of one value or of several: bytes, text, whole numbers (packed) or floats."""
    values = value if isinstance(value, list) else [value]
    if all(isinstance(one, bytes | str) for one in values):
        content = b"".join(message(1, one.encode() if isinstance(one, str) else one) for one in values)
        return message(BYTES_LIST, content)
    if all(isinstance(one, int) for one in values):
        return message(INT64_LIST, message(1, b"".join(written(one % 2**64) for one in values)))
    return message(FLOAT_LIST, message(1, struct.pack(f"<{len(values)}f", *values)))


def features(named: Mapping[str, Any]) -> bytes:
    return b"".join(message(1, message(1, name.encode()) + message(2, feature(one))) for name, one in named.items())


def example(**named: Any) -> bytes:
    """`image__encoded=...` stands for "image/encoded"."""
    return message(1, features({name.replace("__", "/"): value for name, value in named.items()}))


def sequence(context: Mapping[str, Any], lists: Mapping[str, Sequence[Any]]) -> bytes:
    listed = b"".join(
        message(1, message(1, name.encode()) + message(2, b"".join(message(1, feature(step)) for step in steps)))
        for name, steps in lists.items()
    )
    return message(1, features(context)) + message(2, listed)


def tensor(array: np.ndarray[Any, Any], code: int) -> bytes:
    """As `tf.io.serialize_tensor` writes it; `code`: the number of its type in types.proto."""
    shape = b"".join(message(2, b"\x08" + written(length)) for length in array.shape)
    return b"\x08" + written(code) + message(2, shape) + message(4, array.tobytes())


def record(data: bytes) -> bytes:
    return header_of(len(data)) + data + footer_of(data)


def write(path: Path, records: Iterable[bytes]) -> Path:
    path.write_bytes(b"".join(map(record, records)))
    return path
