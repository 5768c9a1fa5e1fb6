"""Images of Pillow that were pickled: [info, mode, (width, height), palette, pixels, ...] is their state
(`PIL.Image.Image.__getstate__`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import pickles
from ..arrays import Array

_TYPES = {"L": ("u1", 1), "P": ("u1", 1), "RGB": ("u1", 3), "RGBA": ("u1", 4), "LA": ("u1", 2), "YCbCr": ("u1", 3),
          "CMYK": ("u1", 4), "I": ("<i4", 1), "F": ("<f4", 1), "I;16": ("<u2", 1), "HSV": ("u1", 3)}  # fmt: skip


def pil_image(thing: pickles.PickledObject) -> Array | None:
    """The pixels (H, W) or (H, W, C) as they are drawn; None where it is no image of Pillow's.

    Raises ValueError where its pixels are not as many as its size says.
    """
    state = thing.state.get("state")
    if not isinstance(state, list) or len(state) < 5 or not isinstance(state[1], str):
        return None
    _, mode, size, palette, data, *_ = state
    if not isinstance(data, bytes) or not _is_size(size):
        return None
    return bare_image(mode, (size[0], size[1]), data, palette)


def bare_image(mode: str, size: tuple[int, int], data: bytes, palette: Any = None) -> Array | None:
    """The pixels of an image of Pillow's from its mode, (width, height) and bytes; None for a mode not known here.

    Raises ValueError where its pixels are not as many as its size says.
    """
    width, height = size
    if mode not in _TYPES and mode != "1":
        return None
    code, channels = _TYPES.get(mode, ("u1", 1))
    row = (width + 7) // 8 if mode == "1" else width * channels * np.dtype(code).itemsize
    if len(data) != row * height or not data:
        raise ValueError(f"an image of {width} x {height} pixels of mode {mode} with {len(data):,} bytes")
    if mode in ("RGB", "L", "I", "F", "I;16"):
        return np.frombuffer(data, code).reshape((height, width, channels) if channels > 1 else (height, width))
    return _bits(size, data) if mode == "1" else _through_pillow(mode, size, palette, data)


def _is_size(size: Any) -> bool:
    return isinstance(size, tuple | list) and len(size) == 2 and all(type(side) is int and side > 0 for side in size)


def _bits(size: Any, data: bytes) -> Array:
    from PIL import Image

    return np.asarray(Image.frombytes("1", tuple(size), data).convert("L"))


def _through_pillow(mode: str, size: Any, palette: Any, data: bytes) -> Array:
    from PIL import Image

    from ...images.pixels import to_rgb

    image = Image.frombytes(mode, tuple(size), data)
    if mode == "P" and palette:
        image.putpalette(palette)
    return to_rgb(image)
