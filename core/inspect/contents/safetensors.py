"""safetensors: the length of a header (uint64, little-endian), the header in JSON, and the bytes of its arrays.

The header says of each array its dtype ("U16"), its shape, and where its bytes begin and end behind the header;
`__metadata__` is text of the writer's own (the format's README).
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from .content import Content
from .objects import of_object

_LONGEST_HEADER = 1 << 20
_DTYPES = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4", "U64": "<u8",
    "I64": "<i8", "F16": "<f2", "BF16": "<u2", "F32": "<f4", "F64": "<f8",
}  # fmt: skip


def read(value: bytes) -> Content | None:
    """The image, or the bands, among the arrays. Raises ValueError where header and bytes do not agree."""
    header = header_of(value)
    if header is None:
        return None
    metadata = header.pop("__metadata__", None)
    start = 8 + int.from_bytes(value[:8], "little")
    fields: dict[str, Any] = {name: _array(name, told, value, start) for name, told in header.items()}
    if isinstance(metadata, dict):
        fields |= {str(name): text for name, text in metadata.items() if name not in fields}
    return of_object("safetensors", fields, value)


def header_of(value: bytes) -> dict[str, Any] | None:
    """The header, None where these bytes begin otherwise."""
    length = int.from_bytes(value[:8], "little")
    if value[8:9] != b"{" or not 2 <= length <= min(len(value) - 8, _LONGEST_HEADER):
        return None
    try:
        header = json.loads(value[8 : 8 + length])
    except (ValueError, RecursionError):
        return None
    told = [one for name, one in header.items() if name != "__metadata__"] if isinstance(header, dict) else []
    alike = told and all(isinstance(one, dict) and {"dtype", "shape", "data_offsets"} <= one.keys() for one in told)
    return header if alike else None


def _array(name: str, told: dict[str, Any], value: bytes, start: int) -> Any:
    shape, offsets, code = told["shape"], told["data_offsets"], _DTYPES.get(str(told["dtype"]))
    numbers = [*shape, *offsets] if isinstance(shape, list) and isinstance(offsets, list) else [-1]
    if any(type(number) is not int or number < 0 for number in numbers) or len(offsets) != 2 or len(shape) > 32:
        raise ValueError(f"the header of this safetensors is none where it tells of {name[:80]!r}")
    if code is None:
        return f"an array of {str(told['dtype'])[:20]}"
    begin, end = offsets
    if end - begin != math.prod(shape) * np.dtype(code).itemsize or start + end > len(value):
        raise ValueError(f"the array {name[:80]!r} of this safetensors has not the bytes that its shape says")
    array = np.frombuffer(value[start + begin : start + end], code).reshape(shape)
    return (array.astype(np.uint32) << 16).view(np.float32) if told["dtype"] == "BF16" else array
