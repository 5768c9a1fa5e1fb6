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
    if mode == "1":
        return _bits(size, data)
    if mode not in _TYPES or not isinstance(data, bytes) or not isinstance(size, tuple | list) or len(size) != 2:
        return None
    code, channels = _TYPES[mode]
    array = np.frombuffer(data, code)
    if array.size != size[0] * size[1] * channels:
        raise ValueError(f"an image of {size[0]} x {size[1]} pixels of mode {mode} with {len(data):,} bytes")
    array = array.reshape(size[1], size[0], channels) if channels > 1 else array.reshape(size[1], size[0])
    if mode in ("RGB", "L", "I", "F", "I;16"):
        return array
    return _through_pillow(mode, size, palette, data)


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
