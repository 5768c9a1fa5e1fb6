"""PyTorch's tensors in pickles, as arrays: what `torch.save` and `pickle.dumps(tensor)` name, answered without PyTorch.

A tensor is a storage (numbers of one type, side by side), an offset, a shape and strides, all counted in numbers. The
storage is named by a persistent id ("storage", its class, its key, its place, its length), and its bytes lie outside
of the pickle (`torch/serialization.py`), or come with it where a tensor is pickled by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .plain import Budget, UnsafePickle, over_the_limit

MAX_BYTES = 1 << 28
"""256 MiB: a tensor whose strides are 0 is as large as its shape says, and lies nowhere."""

DTYPES: Mapping[str, str] = {
    "Float": "<f4",
    "Double": "<f8",
    "Half": "<f2",
    "BFloat16": "bfloat16",
    "Byte": "u1",
    "Untyped": "u1",
    "Char": "i1",
    "Short": "<i2",
    "Int": "<i4",
    "Long": "<i8",
    "Bool": "?",
    "ComplexFloat": "<c8",
    "ComplexDouble": "<c16",
}
"""What precedes "Storage" in the name of a storage's class -> its numbers."""

NAMED: Mapping[str, str] = {
    "float32": "<f4", "float64": "<f8", "float16": "<f2", "bfloat16": "bfloat16", "uint8": "u1", "int8": "i1",
    "int16": "<i2", "int32": "<i4", "int64": "<i8", "bool": "?", "uint16": "<u2", "uint32": "<u4", "uint64": "<u8",
}  # fmt: skip
"""`torch.float32`, ... -> its numbers."""


@dataclass(frozen=True, slots=True)
class Storage:
    """A storage that a pickle refers to: the code of its numbers ("<f4", "bfloat16") and its bytes; None where they are
    not known yet, and its tensors are empty."""

    code: str
    raw: bytes | None

    def numbers(self) -> npt.NDArray[Any]:
        """Those that there are; none where the bytes are not known yet."""
        dtype = np.dtype(_kept_as(self.code))
        raw = self.raw or b""
        return np.frombuffer(raw, dtype, len(raw) // dtype.itemsize)


def bytes_each(code: str) -> int:
    """Bytes of one number."""
    return np.dtype(_kept_as(code)).itemsize


def _kept_as(code: str) -> str:
    return "<u2" if code == "bfloat16" else code


def code_of_class(name: str) -> str | None:
    """The numbers of "torch.FloatStorage", "torch.storage.UntypedStorage", ...; None for any other name."""
    module, _, kind = name.rpartition(".")
    return DTYPES.get(kind.removesuffix("Storage")) if module in ("torch", "torch.storage", "torch.cuda") else None


def rebuilt(arguments: tuple[Any, ...], budget: Budget) -> npt.NDArray[Any]:
    """`torch._utils._rebuild_tensor(storage, offset, shape, strides)`; `_v2` and `_v3` add what is not the numbers'."""
    storage, offset, shape, strides, *_ = arguments
    return _array(storage, storage.code, offset, shape, strides, budget)


def rebuilt_with_dtype(arguments: tuple[Any, ...], budget: Budget) -> npt.NDArray[Any]:
    """`torch._utils._rebuild_tensor_v3`: the storage's numbers have another type, the seventh argument."""
    storage, offset, shape, strides, _, _, dtype, *_ = arguments
    code = NAMED.get(getattr(dtype, "name", "").removeprefix("torch."))
    if code is None:
        raise UnsafePickle("refused: a tensor of a dtype that is not known here")
    return _array(storage, code, offset, shape, strides, budget)


def parameter(arguments: tuple[Any, ...], _: Budget) -> Any:
    """`torch._utils._rebuild_parameter(tensor, ...)`."""
    return arguments[0]


def size(arguments: tuple[Any, ...], _: Budget) -> tuple[Any, ...]:
    """`torch.Size(lengths)`."""
    (lengths,) = arguments
    return tuple(lengths)


def _array(storage: Any, code: str, offset: Any, shape: Any, strides: Any, budget: Budget) -> npt.NDArray[Any]:
    numbers = (offset, *shape, *strides)
    if type(storage) is not Storage or any(type(number) is not int or number < 0 for number in numbers):
        raise UnsafePickle("not a whole pickle: a tensor without storage, shape or strides")
    if storage.raw is None:
        return np.zeros(0, np.uint8)
    dtype = np.dtype(_kept_as(code))
    count = math.prod(shape)
    if len(shape) != len(strides) or len(shape) > 32 or count * dtype.itemsize > MAX_BYTES:
        raise UnsafePickle(over_the_limit(f"a tensor of shape {tuple(shape)!s:.100}"))
    last = offset + sum((length - 1) * stride for length, stride in zip(shape, strides, strict=True))
    if count and (last + 1) * dtype.itemsize > len(storage.raw):
        raise UnsafePickle("not a whole pickle: a tensor goes beyond its storage")
    budget.copied(count * dtype.itemsize)
    if not count:
        return np.zeros(shape, dtype)
    whole = Storage(code, storage.raw).numbers()
    steps = [stride * dtype.itemsize for stride in strides]
    array = np.lib.stride_tricks.as_strided(whole[offset:], shape, steps, writeable=False)
    made = np.ascontiguousarray(array).reshape(shape)
    return (made.astype(np.uint32) << 16).view(np.float32) if code == "bfloat16" else made
