"""Shape and type of bare pixels that are kept in entries of their own: "17_shape" and "17_dtype" beside "17"."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from ..contents.named import as_dtype, as_shape
from ..contents.unpacked import thing_of
from ..values import text_of

_SHAPE_WORDS = re.compile(rb"(?i)shape|size|dims?(?![a-z])")
_DTYPE_WORDS = re.compile(rb"(?i)d_?type")

Values = Mapping[bytes, Sequence[tuple[bytes, bytes]]]
"""Role of a key -> (identity, value) of the entries sampled."""


def shape_in(value: bytes) -> tuple[int, ...] | None:
    """The shape that a value is: as JSON, text, a pickle, `.npy`, or whole numbers in binary."""
    text = text_of(value)
    found = as_shape(thing_of(value)) if text is None else as_shape(text)
    if found is not None or text is not None:
        return found
    for width in (4, 8):
        if len(value) in (2 * width, 3 * width):
            found = as_shape(np.frombuffer(value, f"<i{width}"))
            if found is not None and max(found) < 1 << 20:
                return found
    return None


def dtype_in(value: bytes) -> str | None:
    """The type of numbers that a value names."""
    text = text_of(value)
    thing = thing_of(value) if text is None else text.strip().strip('"')
    return as_dtype(thing)


def roles_with_shapes(values: Values) -> tuple[bytes, bytes, bytes | None] | None:
    """(role of the pixels, role of their shapes, role of their types or None), where the sizes of the former agree
    with the latter; None where there are none such."""
    shapes = [role for role in values if _SHAPE_WORDS.search(role)]
    dtype = next((role for role in values if _DTYPE_WORDS.search(role)), None)
    for shape_role in shapes:
        told = {identity: shape_in(value) for identity, value in values[shape_role]}
        for role in values:
            if role not in (shape_role, dtype) and _agree(values[role], told):
                return role, shape_role, dtype
    return None


def _agree(found: Sequence[tuple[bytes, bytes]], told: Mapping[bytes, tuple[int, ...] | None]) -> bool:
    """Whether the values are as long as arrays of these shapes."""
    pairs = [(len(value), shape) for identity, value in found if (shape := told.get(identity)) is not None]
    fitting = [size for size, shape in pairs if size in [math.prod(shape) * width for width in (1, 2, 4, 8)]]
    return len(pairs) > 1 and 2 * len(fitting) > len(pairs)
