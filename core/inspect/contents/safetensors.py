"""safetensors as one value: its arrays and its metadata as named fields (`inspect.safetensors.header`)."""

from __future__ import annotations

from typing import Any

from ..safetensors.header import Tensor, header_of, values_of
from .content import Content
from .objects import of_object

_LONGEST_HEADER = 1 << 20


def read(value: bytes) -> Content | None:
    """The image, or the bands, among the arrays. Raises ValueError where header and bytes do not agree."""
    header = header_of(value[: 8 + _LONGEST_HEADER], len(value))
    if header is None or not (header.tensors or header.problems):
        return None
    if header.problems:
        raise ValueError(header.problems[0])
    fields: dict[str, Any] = {tensor.name: _array(tensor, value, header.start) for tensor in header.tensors}
    fields |= {name: text for name, text in header.metadata.items() if name not in fields}
    return of_object("safetensors", fields, value)


def _array(tensor: Tensor, value: bytes, start: int) -> Any:
    return values_of(tensor, memoryview(value), start) if tensor.dtype else f"an array of {tensor.code}"
