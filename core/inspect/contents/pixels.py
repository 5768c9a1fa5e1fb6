"""Bare pixels: nothing says their shape, so it is guessed, and said that it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import arrays
from ..values import pictures_wanted
from .content import Content
from .smoothness import roughness

SMALLEST = 64
"""Bytes of the smallest block that is taken for an image: 8 x 8."""

MOST_CLASSES = 1 << 16
"""Bytes before an image that are a larger number are a length, a checksum or a time, and no class."""


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
    guess = number_before(value[:before])
    text = f"{told}, nor that {before} bytes before it are a label" if guess is not None else told
    drawn = arrays.to_rgb(array) if pictures_wanted() else None
    return Content("pixels", "raw", value[before:], drawn, shape, text=text, is_image=True, array=array, guess=guess)


def number_before(data: bytes) -> int | None:
    """The number of a class in 1, 2, 4 or 8 bytes, in either order of bytes; None where it is too large for one."""
    if len(data) not in (1, 2, 4, 8):
        return None
    number = min(int.from_bytes(data, "little"), int.from_bytes(data, "big"))
    return number if number < MOST_CLASSES else None


def _ordered(flat: np.ndarray[Any, Any], shape: tuple[int, int, int]) -> tuple[np.ndarray[Any, Any], str]:
    """The pixels with the order of axes in which neighbours differ least."""
    height, width, channels = shape
    interleaved = flat.reshape(shape)
    planes = flat.reshape(channels, height, width).transpose(1, 2, 0)
    if channels > 1 and roughness(planes) < roughness(interleaved):
        return np.ascontiguousarray(planes), "plane after plane"
    return interleaved, "one after the other"
