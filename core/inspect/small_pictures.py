"""Records whose pictures fit a square, for those who see them small: photographs are decoded no larger than that takes.

A JPEG of 12 megapixels is decoded at an eighth of its size in a quarter of the time. So records are read without their
photographs (`values.photographs_later`), which are then decoded from the records' `file`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, cast

import numpy as np
from PIL import Image

from ..base.contracts import Pixels
from ..images.pixels import BadImage, decode
from .records import NamedImage, Record
from .values import photographs_later

T = TypeVar("T", Record, NamedImage)

Shapes = list[list[int] | None]

JPEG = b"\xff\xd8\xff"


def read_small(read: Callable[[], Record], box: int) -> tuple[Record, Shapes]:
    """The record that `read` gives, with pixels that fit a square of `box` pixels (they are never made larger), and the
    shapes that its pictures have in full, the main one's first. Raises what `read` does."""
    try:
        with photographs_later():
            record = read()
        return _made_small(record, box)
    except BadImage:
        return _made_small(read(), box)  # which says what is wrong with it


def _made_small(record: Record, box: int) -> tuple[Record, Shapes]:
    main, shape = _small(record, box)
    further = [_small(image, box) for image in record.images]
    return replace(main, images=tuple(image for image, _ in further)), [shape, *(shape for _, shape in further)]


def _small(one: T, box: int) -> tuple[T, list[int] | None]:
    """A record or a further image made small, and the shape of its whole picture; one that was left undecoded is
    decoded. Raises BadImage."""
    if one.pixels is not None:
        return replace(one, pixels=fitted(one.pixels, box)), list(one.pixels.shape)
    if one.problem is not None or one.file is None or one.shape is None or bytes(one.file[: len(JPEG)]) != JPEG:
        return one, None
    return replace(one, pixels=fitted(decode(one.file, edge=box), box)), list(one.shape)


def fitted(pixels: Pixels, box: int) -> Pixels:
    """The pixels, made smaller where they exceed the box; never larger. Bilinear; what is much larger is first reduced
    by averages of whole squares."""
    height, width, _ = pixels.shape
    scale = box / max(height, width)
    if scale >= 1:
        return pixels
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return cast("Pixels", np.array(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)))
