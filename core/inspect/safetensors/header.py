"""The header of a safetensors file (https://github.com/huggingface/safetensors, README, "Format").

A uint64 (little-endian) with the length of the header, the header in JSON, then the bytes of the arrays. The header
says of each array its dtype ("U16"), its shape, and where its bytes begin and end behind the header; `__metadata__` is
text of the writer's own. The arrays lie without overlap and without gaps.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

LONGEST_HEADER = 1 << 24
"""16 MiB are read as JSON; the format allows 100 MB."""

DTYPES: Mapping[str, str] = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4", "U64": "<u8",
    "I64": "<i8", "F16": "<f2", "BF16": "<u2", "F32": "<f4", "F64": "<f8",
}  # fmt: skip
"""BF16 is kept as the upper halves of float32 numbers."""

_MOST_TOLD = 8


@dataclass(frozen=True, slots=True)
class Tensor:
    """An array: `dtype` as NumPy has it, "" for one that it has not; bytes begin..end behind the header."""

    name: str
    code: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class SafetensorsHeader:
    """What is sound of it. start: where the arrays' bytes begin; problems: of the tensors that are left out, and of how
    the others lie, in sentences."""

    start: int
    tensors: Sequence[Tensor]
    metadata: Mapping[str, str]
    problems: Sequence[str]


def length_of(head: bytes, size: int) -> int | None:
    """Bytes of the header of a file of `size` bytes; None where it cannot be one."""
    length = int.from_bytes(head[:8], "little")
    return length if head[8:9] == b"{" and 2 <= length <= size - 8 else None


def header_of(head: bytes, size: int) -> SafetensorsHeader | None:
    """The header of a file of `size` bytes that begins with `head`; None where it is none, or longer than that."""
    length = length_of(head, size)
    if length is None or len(head) < 8 + length:
        return None
    try:
        told = json.loads(head[8 : 8 + length])
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    metadata = told.pop("__metadata__", {})
    if not all(isinstance(one, dict) and {"dtype", "shape", "data_offsets"} <= one.keys() for one in told.values()):
        return None
    texts = {str(name): str(text) for name, text in metadata.items()} if isinstance(metadata, dict) else {}
    tensors: list[Tensor] = []
    problems: list[str] = []
    for name, one in told.items():
        try:
            tensors.append(_tensor(name, one, size - 8 - length))
        except ValueError as error:
            problems.append(str(error))
    problems += _misplaced(tensors, size - 8 - length) if not problems else []
    return SafetensorsHeader(8 + length, tensors, texts, problems)


def _tensor(name: str, told: Mapping[str, Any], size: int) -> Tensor:
    """Raises ValueError where its numbers are none, or its bytes are not there."""
    shape, offsets, code = told["shape"], told["data_offsets"], str(told["dtype"])[:20]
    numbers = [*shape, *offsets] if isinstance(shape, list) and isinstance(offsets, list) else [-1]
    if any(type(number) is not int or number < 0 for number in numbers) or len(offsets) != 2 or len(shape) > 32:
        raise ValueError(f"the header tells shape and place of {name[:80]!r} in numbers that are none")
    begin, end = offsets
    if not begin <= end <= size:
        raise ValueError(f"{name[:80]!r} lies at bytes {begin:,} to {end:,} of {size:,} that are there")
    dtype = DTYPES.get(code, "")
    if dtype and end - begin != math.prod(shape) * np.dtype(dtype).itemsize:
        raise ValueError(f"{name[:80]!r} has {end - begin:,} bytes, which its shape {shape} of {code} does not take")
    return Tensor(name, code, dtype, tuple(shape), begin, end)


def _misplaced(tensors: Sequence[Tensor], size: int) -> list[str]:
    """Arrays that overlap, and bytes that belong to none."""
    problems: list[str] = []
    reached = 0
    for tensor in sorted(tensors, key=lambda tensor: (tensor.begin, tensor.end)):
        if tensor.begin < reached:
            problems.append(f"{tensor.name[:80]!r} begins at byte {tensor.begin:,}, inside of another array")
        elif tensor.begin > reached:
            problems.append(f"{tensor.begin - reached:,} bytes before {tensor.name[:80]!r} belong to no array")
        reached = max(reached, tensor.end)
    if reached < size:
        problems.append(f"{size - reached:,} bytes at the end belong to no array")
    return problems[:_MOST_TOLD]


def values_of(tensor: Tensor, memory: memoryview, start: int) -> npt.NDArray[Any]:
    """The numbers of a tensor whose `dtype` NumPy has, a view where they lie as NumPy has them."""
    count = math.prod(tensor.shape)
    array = np.frombuffer(memory, tensor.dtype, count, start + tensor.begin) if count else np.zeros(0, tensor.dtype)
    array = array.reshape(tensor.shape)
    return (array.astype(np.uint32) << 16).view(np.float32) if tensor.code == "BF16" else array
