"""Arrays as pictures where nothing but the one array is known, their bytes, and labels in arrays.

Channels are the axis of length 1, 2, 3 or 4 (the last where two would do), else one of up to 16 bands beside two longer
axes. Which are drawn, and by which range, is the rule of `display`, for this one array.
"""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np

from ..base.contracts import Pixels
from ..images.bands import MOST_BANDS, channel_axis
from ..images.pixel_choice import AS_IS, DATASET
from .display import Choice, Display

Array = np.ndarray[Any, Any]


def to_rgb(values: Array) -> Pixels:
    """One image of shape (H, W), (H, W, C) or (C, H, W) as RGB uint8, uint8 as it is, all else by its own range.

    Raises ValueError for anything else.
    """
    image = channels_last(values)
    choice = Choice(AS_IS if image.dtype == np.uint8 else DATASET)
    return Display(lambda: [image]).draw(image, choice).pixels


def channels_last(values: Array) -> Array:
    """A view of shape (H, W, C). Raises ValueError for what is no image by its shape."""
    if values.size == 0 or values.ndim not in (2, 3):
        raise ValueError(f"an array of shape {values.shape} is no image")
    if values.ndim == 2:
        return values[:, :, None]
    axis = channel_axis(values.shape)
    if axis is None:
        raise ValueError(f"an array of shape {values.shape} has no axis of 1 to {MOST_BANDS} channels")
    return values if axis == 2 else values.transpose(1, 2, 0)


def flat(values: Array) -> memoryview:
    """The array's bytes in order of its axes, without a copy where it lies like that."""
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8).data


def shape_of(count: int) -> tuple[int, int, int] | None:
    """(H, W, C) of a square image that has this many values, RGB before greyscale; None where there is none."""
    for channels in (3, 1, 4):
        side = isqrt(count // channels)
        if side > 0 and side * side * channels == count:
            return side, side, channels
    return None


def label_of(value: Any) -> int | str | None:
    """A label from whatever holds one: a number, a one-hot vector, text, an array of one; None where it is none."""
    if isinstance(value, str | None):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").rstrip("\x00")
    if isinstance(value, int | float | np.generic | np.ndarray):
        return _label_of_array(np.asarray(value))
    return _label_of_array(np.asarray(value)) if isinstance(value, list | tuple) and value else str(value)[:200]


def _label_of_array(values: Array) -> int | str | None:
    if values.dtype.hasobject:
        return str(values.reshape(-1)[:8].tolist())[:200] if values.size else None
    if values.size == 1:
        only = values.reshape(-1)[0]
        if values.dtype.kind in "biu" or (values.dtype.kind == "f" and float(only).is_integer()):
            return int(only)
        if values.dtype.kind in "fc":
            return str(only.item()) if np.isfinite(only) else None
        return label_of(only.item())
    if values.dtype.kind in "biuf" and values.ndim == 1 and np.count_nonzero(values) == 1 and values.max() == 1:
        return int(values.argmax())
    return None if values.size == 0 else str(values.reshape(-1)[:8].tolist())
