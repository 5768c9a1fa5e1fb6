"""Fields as plain JSON, to be read: short values as they are, a text with shape and size in the place of long ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...pickles import PickledObject
from ..contents import Content
from ..values import text_of

MOST_FIELDS = 256
MOST_ITEMS, MOST_TEXT, DEEPEST = 64, 2000, 5
MOST_TOTAL = 1 << 16
"""Characters of all fields of a record together; what comes then is told by its size alone."""


def as_plain(fields: Mapping[str, Any], images: Mapping[str, Content]) -> dict[str, Any]:
    """All fields of a record by name. Images are told by encoding, shape and size."""
    told: dict[str, Any] = {}
    left = MOST_TOTAL
    for name, value in list(fields.items())[:MOST_FIELDS]:
        said = image_text(images[name]) if name in images else plain_value(value)
        size = len(str(said))
        told[str(name)] = said if size <= left else f"{size:,} characters"
        left -= size if size <= left else 0
    if len(fields) > MOST_FIELDS:
        told["…"] = f"{len(fields) - MOST_FIELDS:,} more fields"
    return told


def image_text(content: Content) -> str:
    """ "jpeg, 32 × 32 × 3, 1,024 bytes"."""
    shape = "" if content.shape is None else " × ".join(map(str, content.shape))
    return ", ".join(filter(None, (content.encoding, shape, f"{len(content.payload):,} bytes")))


def plain_value(value: Any, depth: int = 0) -> Any:
    """One value. Nothing is longer than the limits above."""
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, np.generic):
        return value.item() if value.dtype.kind in "biufU" else str(value)[:MOST_TEXT]
    if isinstance(value, bytes | bytearray | memoryview):
        return _bytes(bytes(value[:MOST_TEXT]), len(value))
    if isinstance(value, str):
        return value if len(value) <= MOST_TEXT else f"{value[:MOST_TEXT]}… ({len(value):,} characters)"
    if isinstance(value, PickledObject):
        return {"class": value.class_name, "state": plain_value(value.state, depth + 1)}
    if depth >= DEEPEST and isinstance(value, Mapping | list | tuple | set | frozenset):
        return "…"
    if isinstance(value, Mapping):
        return {_name(name): plain_value(one, depth + 1) for name, one in list(value.items())[:MOST_ITEMS]}
    if isinstance(value, list | tuple | set | frozenset):
        return _list(list(value), depth)
    return value if isinstance(value, bool | int | float | None) else str(value)[:MOST_TEXT]


def _array(array: np.ndarray[Any, Any]) -> Any:
    if array.size <= MOST_ITEMS and array.dtype.kind in "biufU":
        return array.item() if array.ndim == 0 else array.tolist()
    return f"{array.dtype} array of shape {array.shape}"


def _bytes(data: bytes, size: int) -> str:
    text = text_of(data.rstrip(b"\x00")) if data else None
    if text is None:
        return f"{size:,} bytes"
    return text if size <= MOST_TEXT else f"{text}… ({size:,} bytes)"


def _list(values: list[Any], depth: int) -> Any:
    told = [plain_value(one, depth + 1) for one in values[:MOST_ITEMS]]
    return told if len(values) <= MOST_ITEMS else [*told, f"… {len(values):,} in all"]


def _name(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)[:MOST_TEXT]
