"""What a value turned out to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...base.contracts import Buffer, Pixels
from ...images.bands import channel_axis
from .. import arrays
from ..records import Label, Vector
from ..values import pictures_wanted

MOST_NUMBERS = 1 << 20
"""Numbers of a vector that are handed on to be drawn."""


@dataclass(frozen=True, slots=True)
class Content:
    """A value: what kind it is, how its image is encoded, and the image, label, text or vector in it.

    is_image: whether it is meant to be an image, even where that is broken; None where a broken value may be anything.
    shape, dtype: of the array as it is stored; pixels: RGB uint8 (height, width, 3), as this value alone tells them;
    label: what the value states; guess: what may be a label, though nothing says so;
    bands: the names of the array's channels, where they have some;
    array: the numbers that are drawn, (H, W) or (H, W, C), for the display of the whole dataset (`display.Display`),
    None where the pixels are all there is to say.
    file: the bytes of the image file that it is, or that is inside it; fields: what plain data holds beside the image,
    by name.
    """

    kind: str
    encoding: str
    payload: Buffer
    pixels: Pixels | None = None
    shape: tuple[int, ...] | None = None
    dtype: str = "uint8"
    label: Label = None
    text: str | None = None
    values: Vector | None = None
    problem: str | None = None
    is_image: bool | None = False
    array: np.ndarray[Any, Any] | None = None
    guess: Label = None
    bands: tuple[str, ...] = ()
    file: Buffer | None = None
    fields: Mapping[str, Any] | None = None

    def inside(self, kind: str, *, label: Label = None, prefix: str | None = None) -> Content:
        """The same, found inside a value of another kind."""
        encoding = f"{prefix or kind}+{self.encoding}" if prefix != "" else self.encoding
        return replace(self, kind=kind, encoding=encoding, label=self.label if label is None else label)


def of_array(
    kind: str,
    array: np.ndarray[Any, Any],
    payload: Buffer,
    *,
    encoding: str = "raw",
    label: Label = None,
    certain: bool = False,
) -> Content:
    """An array as what it looks like: an image, a vector, or numbers to be read. `certain`: its name says that it is an
    image; others but bytes must vary like one."""
    seen = Content(kind, encoding, payload, shape=tuple(map(int, array.shape)), dtype=str(array.dtype), label=label)
    if _may_be_image(array):
        try:
            image = arrays.channels_last(np.squeeze(array) if array.ndim > 3 else array)
            doubt = None if certain or array.dtype.kind == "b" or array.dtype == np.uint8 else _doubt(image)
            if doubt is not None:
                return replace(seen, encoding="array", text=f"{_numbers_text(array)}; no picture: {doubt}")
            drawn = arrays.to_rgb(image) if pictures_wanted() else None
            return replace(seen, pixels=drawn, is_image=True, array=image)
        except ValueError as error:
            return replace(seen, problem=str(error), is_image=True)
    if array.dtype.kind in "biuf" and array.size > 1 and max(array.shape) == array.size:
        vector = np.asarray(array.reshape(-1)[:MOST_NUMBERS], np.float64)
        return replace(seen, encoding="vector", values=vector, text=vector_text(array))
    return replace(seen, encoding="array", text=_numbers_text(array))


def _doubt(image: np.ndarray[Any, Any]) -> str | None:
    """Why numbers (H, W, C) are no picture."""
    from ..hdf5 import nature

    return nature.doubt([image[:, :, 0] if image.shape[2] == 1 else image], False)


def _numbers_text(array: np.ndarray[Any, Any]) -> str:
    numbers = str(array.reshape(-1)[:32].tolist())[:2000]
    return f"{array.dtype} array of shape {array.shape}: {numbers}"


def vector_text(array: np.ndarray[Any, Any]) -> str:
    """The first numbers of a vector, to be read."""
    numbers = ", ".join(f"{number:g}" for number in array.reshape(-1)[:64].tolist())
    return f"{array.size:,} numbers of {array.dtype}: {numbers}{', ...' if array.size > 64 else ''}"


def _may_be_image(array: np.ndarray[Any, Any]) -> bool:
    """Two axes longer than one, perhaps one of channels or bands (or leading axes of length one)."""
    if array.dtype.kind not in "biuf":
        return False
    shape = [length for length in array.shape if length > 1] if array.ndim > 3 else list(array.shape)
    if len(shape) == 2:
        return min(shape) > 3 and array.ndim != 1
    return len(shape) == 3 and channel_axis(tuple(shape)) is not None
