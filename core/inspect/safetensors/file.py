"""Read-only access to the arrays of a safetensors file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ...base.errors import InputError
from ...base.units import counted
from ...formats.maps import mapped
from ..display import Choice
from ..hdf5.origins import parameters_by_name
from ..named_arrays.array import MOST_BYTES, MemoryArray, NamedArray, Values
from ..named_arrays.read_cost import read_cost_of
from ..records import ReadCost
from .header import LONGEST_HEADER, SafetensorsHeader, Tensor, header_of, length_of, values_of


class SafetensorsFile:
    """Its tensors as named arrays; those of a dtype that NumPy has not are told in words."""

    kind: ClassVar[str] = "safetensors"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.choice = Choice()
        self.doubts: dict[str, str] = {}
        self.read_cost: ReadCost | None = None
        self._map = mapped(path)
        memory = memoryview(self._map)
        self.size = len(memory)
        self.header = _header(path, memory)
        tensors = self.header.tensors
        self.arrays: Sequence[NamedArray] = [_array(one, memory, self.header.start) for one in tensors if one.dtype]
        self.others: Mapping[str, Any] = {
            one.name: f"an array of {one.code}, shape {one.shape}, which NumPy has no type for"
            for one in tensors
            if not one.dtype
        }
        self.said = f"the header of a safetensors file with {counted(len(tensors), 'tensor')}"
        self.model = _model(self.header)

    def structure(self) -> Mapping[str, Any]:
        """The tensors and where they lie, counted from the beginning of the file; the writer's metadata."""
        start = self.header.start
        return {
            "tensors": [
                {
                    "name": one.name,
                    "dtype": one.code,
                    "shape": list(one.shape),
                    "offset": start + one.begin,
                    "bytes": one.end - one.begin,
                }
                for one in self.header.tensors[:1_000]
            ],
            "tensors_total": len(self.header.tensors),
            "metadata": {name[:200]: text[:1_000] for name, text in list(self.header.metadata.items())[:100]},
            "header_bytes": start,
            "file_bytes": self.size,
            **read_cost_of(self),
        }

    def warnings(self) -> list[str]:
        return list(self.header.problems[:20])

    def close(self) -> None:
        """The map goes with the last array that refers to it."""


def _header(path: Path, memory: memoryview) -> SafetensorsHeader:
    head = bytes(memory[:9])
    length = length_of(head, len(memory))
    if length is not None and length > LONGEST_HEADER:
        raise InputError(f"the header of {path} has {length:,} bytes; {LONGEST_HEADER:,} at most are read here")
    header = None if length is None else header_of(bytes(memory[: 8 + length]), len(memory))
    if header is None:
        raise InputError(f"{path} is damaged: its header is no JSON that names arrays with dtype, shape and place")
    return header


def _array(tensor: Tensor, memory: memoryview, start: int) -> NamedArray:
    if tensor.code == "BF16":
        return _BrainFloats(tensor, memory, start)
    return MemoryArray(tensor.name, values_of(tensor, memory, start))


class _BrainFloats(NamedArray):
    """bfloat16 numbers, which become float32 where they are read."""

    def __init__(self, tensor: Tensor, memory: memoryview, start: int) -> None:
        super().__init__(tensor.name, tensor.shape, np.dtype(np.float32), tensor.end - tensor.begin)
        count = math.prod(tensor.shape)
        halves = np.frombuffer(memory, "<u2", count, start + tensor.begin) if count else np.zeros(0, "<u2")
        self._halves = halves.reshape(tensor.shape)

    def rows(self, axis: int, start: int, stop: int) -> Values:
        return _widened(self._halves[(slice(None),) * axis + (slice(start, stop),)])

    def first(self, count: int) -> Values:
        return _widened(self._halves.reshape(-1)[:count])


def _widened(halves: Values) -> Values:
    if halves.size * 4 > MOST_BYTES:
        raise ValueError(f"{halves.size:,} numbers are more than are read at once here")
    return (halves.astype(np.uint32) << 16).view(np.float32)


def _model(header: SafetensorsHeader) -> str | None:
    """How it is told that these are the weights of a model: their names, or who wrote them."""
    names = [tensor.name for tensor in header.tensors if tensor.dtype]
    named = parameters_by_name(names)
    if named is not None:
        return f"its tensors are {named}"
    written = header.metadata.get("format")
    floats = all(tensor.code in ("F16", "BF16", "F32", "F64", "") for tensor in header.tensors)
    if written in ("pt", "tf", "flax", "np", "mlx") and floats and len(names) > 1:
        return f"its metadata has the format {written!r}, which those who save models write, and all tensors are floats"
    return None
