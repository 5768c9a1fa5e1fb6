"""How bare pixels become a picture, tried out with pixels of our own.

Which of an array's channels are red, green and blue, whether planes follow each other, whether blue comes before red:
code for many kinds of files decides that, some of it by looking at how the values vary. So it is given two pictures of
ours, smooth ones, once interleaved and once as planes. Where it takes both alike, it takes all of them so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ...base.contracts import Pixels
from .form import PIXELS, ImageForm

MOST_TRIED = 1 << 26
"""Bytes of an image that is tried out."""

Bytes = npt.NDArray[np.uint8]


def as_rgb(values: npt.NDArray[Any]) -> Pixels | None:
    """Values of 8 bits, uint8 (height, width, 1 or 3), as a picture; None for any other."""
    if values.dtype != np.uint8 or values.ndim != 3 or not values.size or values.shape[2] not in (1, 3):
        return None
    return np.repeat(values, 3, axis=2) if values.shape[2] == 1 else values


def form_of(data: Bytes, drawn: Pixels | None, known: Iterable[ImageForm] = ()) -> ImageForm | None:
    """The form in which these bytes, uint8 (n,), are just this picture, (height, width, 3); None where none is.

    Grey pictures look alike in many; `known` forms come first, then the usual one.
    """
    if drawn is None or drawn.ndim != 3 or drawn.shape[2] != 3 or not drawn.size:
        return None
    height, width, _ = drawn.shape
    channels, rest = divmod(len(data), height * width)
    if rest or not 1 <= channels <= 1 << 10:
        return None
    usual = [ImageForm(PIXELS, height, width)] if channels == 3 else []
    likely = next((form for form in (*known, *usual) if fits(form, data, drawn)), None)
    return likely or _searched(data, drawn, channels)


def fits(form: ImageForm, data: Bytes, drawn: Pixels) -> bool:
    """Whether these bytes are this picture in this form."""
    if not form.is_pixels or form.size != len(data) or drawn.shape[:2] != (form.height, form.width):
        return False
    return np.array_equal(taken_as(form, data), drawn)


def taken_as(form: ImageForm, data: Bytes) -> Pixels:
    """Bare pixels, uint8 (form.size,), as RGB (height, width, 3)."""
    if form.planar:
        planes = data.reshape(form.channels, form.height, form.width)
        return np.stack([planes[band] for band in form.bands], axis=2)
    image = data.reshape(form.height, form.width, form.channels)
    return image if form.is_plain else np.ascontiguousarray(image[:, :, list(form.bands)])


def _searched(data: Bytes, drawn: Pixels, channels: int) -> ImageForm | None:
    height, width, _ = drawn.shape
    for planar in (False, True) if channels > 1 else (False,):
        image = data.reshape(height, width, channels)
        planes = data.reshape(channels, height, width) if planar else np.moveaxis(image, 2, 0)
        bands = [_among(planes, drawn[:, :, colour]) for colour in range(3)]
        if None not in bands:
            chosen = cast("tuple[int, int, int]", tuple(bands))
            return ImageForm(PIXELS, height, width, channels, planar, chosen)
    return None


def _among(planes: Bytes, wanted: Bytes) -> int | None:
    """Which of the planes, (channels, height, width), is this one."""
    return next((number for number, plane in enumerate(planes) if np.array_equal(plane, wanted)), None)


def form_tried(shape: tuple[int, int, int], draw: Callable[[Bytes], Pixels | None]) -> ImageForm | None:
    """The form of all images of (height, width, channels) values that `draw` makes pictures of.

    None where they are no bare pixels, or not all of one form. `draw` may raise ValueError.
    """
    height, width, channels = shape
    if not 0 < height * width * channels <= MOST_TRIED:
        return None
    found: set[ImageForm | None] = set()
    for planar in (False, True):
        image = _picture(height, width, channels)
        data = np.ascontiguousarray(image if planar else np.moveaxis(image, 0, 2)).reshape(-1)
        try:
            found.add(form_of(data, draw(data)))
        except ValueError:
            return None
    return found.pop() if len(found) == 1 else None


def _picture(height: int, width: int, channels: int) -> Bytes:
    """Planes, uint8 (channels, height, width): smooth, no two alike, none like itself upside down or mirrored."""
    rows, columns, planes = np.mgrid[0:height, 0:width, 0:channels]
    noise: npt.NDArray[Any] = np.random.default_rng(7).integers(0, 4, rows.shape)
    values = 23 + 2 * rows + 3 * columns + 37 * planes + noise
    return np.ascontiguousarray(np.moveaxis(values, 2, 0)).astype(np.uint8)
