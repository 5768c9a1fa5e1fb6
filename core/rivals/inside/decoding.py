"""From stored bytes to pixels: the decoders that a rival may take, and which of them is the fastest.

Each takes bytes (or a view of them) and gives uint8 (H, W, 3), RGB. What a fast library cannot turn into RGB by itself
(JPEGs in CMYK, PNGs with a palette, transparency or 16 bits) Pillow decodes, as a careful user would have it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from importlib.util import find_spec
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Decoder = Callable[[Any], Pixels]


def _with_pillow(data: Any) -> Pixels:
    from PIL import Image

    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


def _with_simplejpeg(data: Any) -> Pixels:
    import simplejpeg

    try:
        pixels: Pixels = simplejpeg.decode_jpeg(data)
    except ValueError:
        return _with_pillow(data)
    return pixels


def _with_imagecodecs(data: Any) -> Pixels:
    import imagecodecs

    # of its PNG decoders libspng is the fastest
    decode = imagecodecs.spng_decode if bytes(data[:4]) == b"\x89PNG" else imagecodecs.jpeg8_decode
    pixels: Pixels = decode(data)
    plain = pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
    return pixels if plain else _with_pillow(data)


def _with_opencv(data: Any) -> Pixels:
    import cv2

    how = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    pixels: Pixels | None = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    return pixels if pixels is not None else _with_pillow(data)


DECODERS: dict[str, Decoder] = {
    "pillow": _with_pillow,
    "simplejpeg": _with_simplejpeg,
    "imagecodecs": _with_imagecodecs,
    "opencv": _with_opencv,
}
"""By the name of their library, which is imported where a decoder is first called."""

FASTEST = {"jpeg": "simplejpeg", "png": "imagecodecs"}
"""libjpeg-turbo's own interface for JPEG, libspng for PNG."""


def decoder(name: str) -> Decoder:
    """The decoder of a library: "pillow", "simplejpeg" (JPEG alone), "imagecodecs" or "opencv". Raises KeyError."""
    return DECODERS[name]


@cache
def fastest_decoder(encoding: str) -> Decoder:
    """The fastest decoder of "jpeg" or "png" that is installed here, Pillow's where none else is. Raises KeyError for
    another encoding."""
    name = FASTEST[encoding]
    return DECODERS[name if find_spec(name) is not None else "pillow"]


def stored_decoder(encoding: str, shape: tuple[int, int] | None, decode: Decoder | None = None) -> Decoder:
    """What turns a stored sample into pixels: bare pixels of `shape` (H, W) as they are, images with `decode`, or with
    the fastest decoder. It travels through pickle."""
    if encoding == "raw":
        assert shape is not None
        return partial(_bare, shape=shape)
    return decode or fastest_decoder(encoding)


def _bare(data: Any, shape: tuple[int, int]) -> Pixels:
    return np.frombuffer(data, np.uint8).reshape(*shape, 3)
