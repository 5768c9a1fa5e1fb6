"""How the values of a dataset become pixels: its axes, the range that stands for black to white, its palette."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.contracts import Pixels
from core.inspect import arrays
from core.inspect.hdf5 import layouts as hdf5_layouts
from core.inspect.hdf5 import spec as hdf5_spec
from core.inspect.hdf5.facts import Facts

GUESSED_FROM = 5
"""Images that are looked at to tell what their values mean."""

DARK = 0.02
"""Floats that stay below this are a measurement in units of its own: as 0 to 1 they would all be black."""


@dataclass(frozen=True, slots=True)
class Range:
    """The values that stand for black and white, and how that is said; None: each image by its own values."""

    low: float
    high: float
    words: str


def guess(images: Sequence[arrays.Array]) -> Range | None:
    """The range of values of some images that belong together; None where their type says it already."""
    if (
        not images
        or images[0].dtype.kind not in "iuf"
        or (images[0].dtype.itemsize == 1 and images[0].dtype.kind == "u")
    ):
        return None
    if images[0].dtype.kind == "u" and images[0].dtype.itemsize == 2:
        return Range(0, 65535, "16-bit values, scaled to 8")
    finite = [values[np.isfinite(values)] if values.dtype.kind == "f" else values.reshape(-1) for values in images]
    lows, highs = ([float(method(values)) for values in finite if values.size] for method in (np.min, np.max))
    return _range(min(lows), max(highs)) if lows else None


def _range(low: float, high: float) -> Range:
    if 0 <= low < high < DARK:
        return Range(0, high, f"values 0 to {high:g} are stretched to black and white")
    if high <= 1.0 and low >= -1.0:
        return Range(0, 1, "values 0 to 1 are black to white") if low >= 0 else Range(-1, 1, "values -1 to 1 likewise")
    if low >= 0 and high <= 255:
        return Range(0, 255, "values 0 to 255 are taken as they are")
    return Range(low, high, f"values {low:g} to {high:g} are stretched to black and white")


@dataclass(frozen=True)
class Look:
    """How the images of one dataset are shown: `layout` is the axes of one image in the order of the file."""

    facts: Facts
    layout: str
    range: Range | None = None

    def pixels(self, values: arrays.Array) -> Pixels:
        """RGB uint8 (H, W, 3). Raises ValueError for what is none."""
        image = native(hdf5_layouts.upright(values, self.layout))
        image = hdf5_spec.coloured(self.facts.file, image, self.facts.attributes)
        if self.range is not None and image.dtype != np.uint8 and image.dtype != np.bool_:
            image = _scaled(image, self.range)
        return arrays.to_rgb(image)


def look_of(facts: Facts, layout: str, first: Callable[[int], list[arrays.Array]]) -> Look:
    """`first(n)` reads a few images, to tell what their values mean."""
    told = hdf5_spec.limits(facts.attributes)
    if told is not None and facts.dtype != np.uint8:
        return Look(facts, layout, Range(*told, f"IMAGE_MINMAXRANGE says that {told[0]:g} is black, {told[1]:g} white"))
    plain = facts.dtype.kind == "b" or (facts.dtype.kind == "u" and facts.dtype.itemsize == 1)
    return Look(facts, layout, None if plain else guess(first(GUESSED_FROM)))


def native(values: arrays.Array) -> arrays.Array:
    """The same values in this machine's byte order."""
    return values if values.dtype.isnative else values.astype(values.dtype.newbyteorder("="))


def _scaled(values: arrays.Array, range: Range) -> Any:
    """The values as uint8; an image that is far out of the range goes by its own values."""
    wide = np.nan_to_num(values.astype(np.float32), nan=range.low, posinf=range.high, neginf=range.low)
    slack = (range.high - range.low) / 2
    if float(wide.min()) < range.low - slack or float(wide.max()) > range.high + slack:
        return arrays.scaled(values)
    wide -= np.float32(range.low)
    wide *= np.float32(255.0 / (range.high - range.low or 1.0))
    return np.clip(np.rint(wide, out=wide), 0, 255, out=wide).astype(np.uint8)
