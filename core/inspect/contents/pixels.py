"""Bare pixels: nothing says their shape, so it is guessed, and said that it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.inspect import arrays
from core.inspect.contents.content import Content

SMALLEST = 64
"""Bytes of the smallest block that is taken for an image: 8 x 8."""


def read(value: bytes) -> Content | None:
    """A square image, alone or behind a label of 1, 2, 4 or 8 bytes (CIFAR's own records have one or two)."""
    for before in (0, 1, 2, 4, 8):
        shape = arrays.shape_of(len(value) - before) if len(value) >= SMALLEST + before else None
        if shape is not None:
            return _image(value, before, shape)
    return None


def _image(value: bytes, before: int, shape: tuple[int, int, int]) -> Content:
    array, order = _ordered(np.frombuffer(value, np.uint8, offset=before), shape)
    height, width, channels = shape
    told = f"taken for a square image of {height} x {width} pixels, {channels} values each, {order}; nothing says so"
    label = int.from_bytes(value[:before], "little") if before else None
    text = f"{told}, nor that {before} bytes before it are a label" if before else told
    drawn = arrays.to_rgb(array)
    return Content("pixels", "raw", value[before:], drawn, shape, label=label, text=text, is_image=True, array=array)


def _ordered(flat: np.ndarray[Any, Any], shape: tuple[int, int, int]) -> tuple[np.ndarray[Any, Any], str]:
    """The pixels with the order of axes in which neighbours differ least."""
    height, width, channels = shape
    interleaved = flat.reshape(shape)
    planes = flat.reshape(channels, height, width).transpose(1, 2, 0)
    if channels > 1 and _roughness(planes) < _roughness(interleaved):
        return np.ascontiguousarray(planes), "plane after plane"
    return interleaved, "one after the other"


def _roughness(image: np.ndarray[Any, Any]) -> float:
    """How much neighbouring pixels differ on average."""
    wide = image.astype(np.int16)
    return float(np.abs(np.diff(wide, axis=0)).mean() + np.abs(np.diff(wide, axis=1)).mean())
