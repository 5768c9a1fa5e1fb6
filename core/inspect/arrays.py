"""Any array that holds an image as RGB uint8 (height, width, 3), by the rule of `core.pixels`.

That rule speaks of image files. An array says less of itself, so this is added: channels are the axis of length 1, 2, 3
or 4 (the last where two would do), integers wider than 16 bits that stay within 0..255 are taken as they are, floats
within [0, 1] are scaled by 255 and floats within [-1, 1] moved there first.
"""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np
from PIL import Image

from core import pixels
from core.contracts import Pixels

Array = np.ndarray[Any, Any]

CHANNELS = (1, 2, 3, 4)


def to_rgb(values: Array) -> Pixels:
    """One image of shape (H, W), (H, W, C) or (C, H, W) as RGB uint8. Raises ValueError for anything else."""
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{values.dtype} values are no pixels")
    image = scaled(channels_last(values))
    if image.shape[2] == 1:
        return np.ascontiguousarray(np.repeat(image, 3, axis=2))
    if image.shape[2] == 3:
        return np.ascontiguousarray(image)
    return pixels.to_rgb(Image.fromarray(image, "LA" if image.shape[2] == 2 else "RGBA"))


def channels_last(values: Array) -> Array:
    """A view of shape (H, W, C)."""
    if values.size == 0 or values.ndim not in (2, 3):
        raise ValueError(f"an array of shape {values.shape} is no image")
    if values.ndim == 2:
        return values[:, :, None]
    if values.shape[2] in CHANNELS:
        return values
    if values.shape[0] in CHANNELS:
        return values.transpose(1, 2, 0)
    raise ValueError(f"an array of shape {values.shape} has no axis of 1 to 4 channels")


def scaled(values: Array) -> Array:
    """The values as uint8, scaled from the range of their type or, where that says nothing, of the values."""
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    wide = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = _range(values.dtype, float(wide.min()), float(wide.max()))
    return np.asarray(np.clip(np.rint((wide - low) * (255.0 / (high - low))), 0, 255), dtype=np.uint8)


def _range(dtype: np.dtype[Any], lowest: float, highest: float) -> tuple[float, float]:
    """Which values stand for black and white."""
    if dtype == np.uint16:
        return 0.0, 65535.0
    if dtype.kind == "f" and highest <= 1.0:
        return (-1.0, 1.0) if -1.0 <= lowest < 0.0 else (0.0, 1.0) if lowest >= 0.0 else (lowest, max(highest, 0.0))
    if lowest >= 0.0:
        return 0.0, 255.0 if highest <= 255.0 else 65535.0 if dtype.kind != "f" and highest <= 65535.0 else highest
    return lowest, highest if highest > lowest else lowest + 1.0


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
