"""How a beton begins (ffcv/types.py, ffcv/fields), little-endian:

uint16 version (2), uint16 fields, uint32 bytes of a page, uint64 samples, uint64 place of the allocation table
a field: uint8 type, 16 bytes of name, 1024 bytes of arguments
a sample's metadata, all fields side by side, each aligned as in C
pages of data from the next multiple of a page on
the allocation table, up to the end: uint64 sample, uint64 place, uint64 bytes, as often as there is data
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..values import dtype_called

HEADER = struct.Struct("<HHIQQ")
FIELD = 1 + 16 + 1024
MOST_FIELDS = 1024
LONGEST_DESCRIPTION = 1024 - 264

FLOAT, INT, IMAGE, BYTES, ARRAY, JSON, TENSOR, CUSTOM = 0, 1, 2, 3, 4, 5, 6, 255
NAMES = {FLOAT: "float", INT: "int", IMAGE: "image", BYTES: "bytes", ARRAY: "ndarray", JSON: "json", TENSOR: "tensor",
         CUSTOM: "custom"}  # fmt: skip
JPEG, RAW = 0, 1

_METADATA: dict[int, Any] = {
    FLOAT: "<f8",
    INT: "<i8",
    IMAGE: [("mode", "u1"), ("width", "<u2"), ("height", "<u2"), ("ptr", "<u8")],
    BYTES: [("ptr", "<u8"), ("size", "<u8")],
    ARRAY: "<u8",
    JSON: [("ptr", "<u8"), ("size", "<u8")],
    TENSOR: "<u8",
}

ALLOCATION = np.dtype([("sample", "<u8"), ("ptr", "<u8"), ("size", "<u8")])


@dataclass(frozen=True, slots=True)
class BetonField:
    """A field; dtype, shape: of the arrays of one."""

    name: str
    type: int
    dtype: np.dtype[Any] | None = None
    shape: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of an array."""
        return 0 if self.dtype is None else math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True, slots=True)
class BetonHeader:
    """What stands in front. table: where the allocation table begins, 0 where it was never written."""

    fields: tuple[BetonField, ...]
    page: int
    samples: int
    table: int

    @property
    def start(self) -> int:
        """Where the metadata begins."""
        return HEADER.size + FIELD * len(self.fields)

    @property
    def metadata(self) -> np.dtype[Any]:
        """Of one sample. Raises ValueError for fields of a type of their own, whose metadata nobody tells."""
        custom = [field.name for field in self.fields if field.type not in _METADATA]
        if custom:
            told = f"{', '.join(custom[:5])}: fields of a type of their own, whose metadata the file does not describe"
            raise ValueError(told)
        return np.dtype([("", np.dtype(_METADATA[field.type])) for field in self.fields], align=True)


def count_of_fields(head: bytes) -> int | None:
    """The number of fields of a file that begins as a beton does; None for any other."""
    if len(head) < HEADER.size:
        return None
    version, fields, page, _, _ = HEADER.unpack_from(head)
    if version != 2 or not 0 < fields <= MOST_FIELDS or page < 1 << 12 or page & (page - 1):
        return None
    return int(fields)


def fields_begin(head: bytes) -> bool:
    """Whether the first field behind the header is one: a type, and a name of printable characters and zeros."""
    kind, name = head[HEADER.size : HEADER.size + 1], head[HEADER.size + 1 : HEADER.size + 17]
    text = name.rstrip(b"\0")
    return len(name) == 16 and kind[0] in NAMES and bool(text) and all(32 <= byte < 127 for byte in text)


def header_of(head: bytes, size: int) -> BetonHeader:
    """Header and fields. Raises ValueError where they do not lie in the file."""
    count = count_of_fields(head)
    if count is None or HEADER.size + FIELD * count > len(head):
        raise ValueError("its header and fields do not lie in it")
    _, _, page, samples, table = HEADER.unpack_from(head)
    names: dict[str, int] = {}
    fields = []
    for number in range(count):
        start = HEADER.size + FIELD * number
        field = _field(head[start], head[start + 1 : start + 17], head[start + 17 : start + FIELD])
        names[field.name] = names.get(field.name, 0) + 1
        again = names[field.name]
        fields.append(
            field if again == 1 else BetonField(f"{field.name}[{again}]", field.type, field.dtype, field.shape)
        )
    if table > size:
        raise ValueError(f"its allocation table is said to begin at byte {table:,} of {size:,}: it was cut short")
    return BetonHeader(tuple(fields), page, samples, table)


def _field(kind: int, name: bytes, arguments: bytes) -> BetonField:
    text = name.partition(b"\0")[0].decode("utf-8", "replace")
    if kind not in NAMES:
        raise ValueError(f"the type {kind} of its field {text!r} is none that FFCV has")
    if kind not in (ARRAY, TENSOR):
        return BetonField(text, kind)
    return BetonField(text, kind, *_array(arguments, text))


def _array(arguments: bytes, name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """uint64 shape[32] with zeros behind, uint64 length of a text, the text: [["", "<i4"]]."""
    lengths = struct.unpack_from("<33Q", arguments)
    shape, length = list(lengths[:32]), lengths[32]
    while shape and not shape[-1]:
        shape.pop()
    try:
        described = json.loads(arguments[264 : 264 + min(length, LONGEST_DESCRIPTION)])
        code = described[0][1] if len(described) == 1 and len(described[0]) == 2 else None
        dtype = dtype_called(code if isinstance(code, str) else None)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        raise ValueError(f"the type of the arrays {name!r} is none that is read here") from None
    if not shape or not dtype.itemsize or math.prod(shape) * dtype.itemsize > 1 << 32:
        raise ValueError(f"the shape {shape} of the arrays {name!r} cannot be")
    return dtype, tuple(shape)
