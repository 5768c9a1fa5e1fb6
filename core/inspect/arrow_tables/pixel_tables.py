"""Tables of pixels: one column for each (`label, pixel0, ..., pixel783`), or numbers in text ("70 80 82 ...").

How many there are tells the shape: a square image of one or three channels; nothing says so, and it is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from .. import arrays

SMALLEST = 64
KNOWN = {137 * 236: (137, 236, 1)}
"""Tables of images that are not square: Kaggle's Bengali graphemes."""

_NUMBERED = re.compile(r"^(.*?)(\d+)$")
_CROSSED = re.compile(r"^(\d+)x(\d+)$")
_LIST = re.compile(r"^\s*\d{1,3}(?:[\s,]+\d{1,3}){63,}\s*$")


@dataclass(frozen=True)
class PixelColumns:
    """names: the columns, one for each pixel, in order; shape: (height, width, channels)."""

    names: tuple[str, ...]
    shape: tuple[int, int, int]

    @property
    def called(self) -> str:
        return f"{self.names[0]} to {self.names[-1]}"


def pixel_columns(schema: pa.Schema) -> PixelColumns | None:
    """The columns of numbers whose names count up (`pixel0`, `pixel1`, ...; `1x1`, `1x2`, ...), where there are as many
    as a square image has pixels."""
    columns = [column.name for column in schema if is_number(column.type)]
    if len(columns) < SMALLEST or len(set(schema.names)) != len(schema.names):
        return None
    names = _crossed(columns) or _counted(columns)
    shape = KNOWN.get(len(names)) or arrays.shape_of(len(names)) if names else None
    return None if shape is None else PixelColumns(tuple(names), shape)


def _counted(columns: Sequence[str]) -> list[str]:
    """The longest series of one name with numbers from 0 or 1 on."""
    series: dict[str, dict[int, str]] = {}
    for name in columns:
        found = _NUMBERED.match(name)
        if found is not None and len(found[2]) < 10:
            series.setdefault(found[1], {})[int(found[2])] = name
    numbered = max(series.values(), key=len, default={})
    order = sorted(numbered)
    whole = len(order) >= SMALLEST and order[0] in (0, 1) and order[-1] - order[0] == len(order) - 1
    return [numbered[number] for number in order] if whole else []


def _crossed(columns: Sequence[str]) -> list[str]:
    found = {(int(match[1]), int(match[2])): match[0] for match in map(_CROSSED.match, columns) if match is not None}
    return [found[place] for place in sorted(found)] if len(found) >= SMALLEST else []


def is_number(kind: pa.DataType) -> bool:
    """Whether a column has numbers."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def image_of(values: np.ndarray[Any, Any], shape: tuple[int, int, int]) -> np.ndarray[Any, Any]:
    """Pixels as an image: uint8 where all are whole and fit, channels last; of planes and interleaved channels those in
    which neighbours are more alike."""
    from ..contents.smoothness import roughness

    if values.size and np.isfinite(values).all() and values.min() >= 0 and values.max() <= 255:
        whole = values.astype(np.uint8)
        values = whole if (whole == values).all() else values
    height, width, channels = shape
    if channels == 1:
        return values.reshape(height, width)
    planes = values.reshape(channels, height, width).transpose(1, 2, 0)
    interleaved = values.reshape(shape)
    return planes if roughness(planes) < roughness(interleaved) else interleaved


def from_text(text: Any) -> np.ndarray[Any, Any] | None:
    """The image in a text of numbers from 0 to 255 with spaces or commas between; None for any other text."""
    if not isinstance(text, str) or len(text) < 2 * SMALLEST or not _LIST.match(text):
        return None
    values = np.array(re.split(r"[\s,]+", text.strip()), np.int64)
    shape = arrays.shape_of(len(values))
    return None if shape is None or values.max() > 255 else image_of(values, shape)
