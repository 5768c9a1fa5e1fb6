"""Which values are drawn as black and white: the range of a dataset, the same for all its images.

A value v is drawn as clip(round(255 * (v - low) / (high - low)), 0, 255); NaN as black. (low, high) come from a sample
of the dataset's images, at most `MOST_VALUES` of their values, without NaN, infinities and the value that stands for
"no data":

- Where the values fill a usual range, that range is taken, so that such images keep their exact values: 0 to 255,
  0 to 65,535, 0 to 1 or -1 to 1. Filled: the highest (of -1 to 1 the lowest as well) is beyond the middle. For uint8,
  a quarter is enough, since dark photographs are meant to be dark.
- Few different values (a mask, a map of classes): from the lowest to the highest, 0 being black. A mark of 255 for
  "ignore" beside small class numbers is not counted.
- Everything else: from the 0.1th to the 99.9th percentile, so that a few hot pixels do not make the rest black.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

MOST_VALUES = 1 << 20
"""Values that are looked at, of all images of the sample together."""

PERCENTILES = (0.1, 99.9)

FEW = 64
"""Different values up to which an array of whole numbers is taken for a map of classes."""

DARK = 63
"""uint8 that never exceeds this is drawn by its own range: as it is, it would be black."""

IGNORED = 255
"""What maps of classes have where there is no class."""

NO_DATA = (-9999.0, -32768.0, -99999.0)
"""What maps of measurements have where nothing was measured; also anything below `-LOWEST`."""

LOWEST = 1e30

STRIP = 1 << 22
"""Numbers that are drawn at a time: as floats they are four or eight times as large as the picture."""

Told = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Range:
    """The values that are drawn as black and white, and how that is said. `words` is "" where nothing is changed."""

    low: float
    high: float
    words: str = ""


EIGHT_BITS = Range(0.0, 255.0)


class Ranges:
    """The ranges of one dataset, measured over a sample when one is first asked for.

    `sample` reads some of the images: numbers of any shape. `told`: black and white as the file itself tells them.
    `no_data`: the value that the file says is none.
    """

    def __init__(
        self, sample: Callable[[], Iterable[Array]], told: Told | None = None, no_data: float | None = None
    ) -> None:
        self._sample = sample
        self._told = told
        self._no_data = no_data

    @cached_property
    def _images(self) -> list[Array]:
        return [image for image in self._sample() if image.size]

    @cached_property
    def _values(self) -> Array:
        return sampled(self._images, self._no_data)

    @cached_property
    def of_dataset(self) -> Range:
        """The dataset's own range."""
        if self._told is not None:
            low, high = self._told
            return Range(low, high, f"{_drawn(low, high)}, as the file says")
        count = len(self._images)
        return measured(self._values, f"{count} image{'s' if count != 1 else ''}")

    @cached_property
    def as_is(self) -> Range:
        """The range that the type of the values stands for."""
        return of_type(self._values)


def sampled(images: Sequence[Array], no_data: float | None = None) -> Array:
    """Some of the values, evenly spread, without those that say nothing; in the type of the images."""
    if not images:
        return np.empty(0, np.uint8)
    values = np.concatenate([thinned(image, MOST_VALUES // len(images)).reshape(-1) for image in images])
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    return _without_no_data(values, no_data)


def evenly(total: int, count: int) -> list[int]:
    """At most so many of the positions 0 <= i < total, evenly spread, first and last among them."""
    count = min(count, total)
    return [place * (total - 1) // max(count - 1, 1) for place in range(count)]


def thinned(image: Array, most: int) -> Array:
    """An image (H, W, ...) of at most about so many pixels: every second, third, ... row and column of a larger one."""
    step = max(int(np.ceil((image.shape[0] * image.shape[1] / max(most, 1)) ** 0.5)), 1)
    return image[::step, ::step]


def _without_no_data(values: Array, no_data: float | None) -> Array:
    if values.dtype.kind not in "if" or values.size == 0:
        return values
    if no_data is not None and np.isfinite(no_data):
        kept = values[values != no_data]
    else:
        kept = values[~(np.isin(values, NO_DATA) | (values < np.float64(-LOWEST)))]
        if kept.size and float(kept.min()) < 0:  # then such a number may be one of the others
            return values[values >= np.float64(-LOWEST)] if values.dtype.kind == "f" else values
    return kept if kept.size else values


def measured(values: Array, of: str) -> Range:
    """The range by the rule of this module. `of`: how many images the values are from, as it is said."""
    if values.size == 0 or values.dtype.kind == "b":
        return Range(0.0, 1.0)
    lowest, highest = float(values.min()), float(values.max())
    if values.dtype == np.uint8:
        return EIGHT_BITS if highest > DARK and not _ignored(values) else _own(values, lowest, highest, of)
    usual = _usual(values, lowest, highest)
    return usual if usual is not None else _own(values, lowest, highest, of)


def _usual(values: Array, lowest: float, highest: float) -> Range | None:
    """A usual range that the values fill."""
    top = float(np.percentile(values, PERCENTILES[1]))
    if values.dtype.kind == "f":
        if lowest >= 0 and highest <= 1:
            return Range(0, 1, _drawn(0, 1)) if top > 0.5 else None
        if lowest >= -1 and highest <= 1:
            return Range(-1, 1, _drawn(-1, 1)) if top > 0.5 and lowest < -0.5 else None
    if lowest >= 0 and highest <= 255:
        return Range(0, 255, _drawn(0, 255)) if top > 127 and not _is_few(values) else None
    if values.dtype == np.uint16 and top > 32767:
        return Range(0, 65535, _drawn(0, 65535))
    return None


def _own(values: Array, lowest: float, highest: float, of: str) -> Range:
    """From the lowest to the highest of few values, else between the percentiles."""
    if _is_few(values):
        low, high = min(lowest, 0.0), highest
        marked = _ignored(values)
        if marked:
            high = float(values[values < IGNORED].max())
        low, high = _apart(low, high)
        ignored = f"; {IGNORED} is white as well" if marked else ""
        return Range(low, high, f"{_drawn(low, high)}: all values of {of} of this dataset{ignored}")
    low, high = (float(value) for value in np.percentile(values, PERCENTILES))
    if high <= low:
        low, high = lowest, highest
    low, high = _apart(low, high)
    middle = f"{PERCENTILES[1] - PERCENTILES[0]:.1f} % of the values of {of} of this dataset"
    return Range(low, high, f"{_drawn(low, high)}: {middle}")


def _drawn(low: float, high: float) -> str:
    return f"values from {low:.5g} to {high:.5g} are drawn as black to white"


def _apart(low: float, high: float) -> Told:
    """Two different numbers; 0 is black where there is but one."""
    if low < high:
        return low, high
    return (0.0, high) if high > 0 else (low, low + 1.0)


def _is_few(values: Array) -> bool:
    """Whether these are whole numbers of few different values."""
    if values.dtype.kind == "f" and not np.array_equal(values[:4096], np.rint(values[:4096])):
        return False
    found = np.unique(values)
    return len(found) <= FEW and bool(np.array_equal(found, np.rint(found)))


def _ignored(values: Array) -> bool:
    """Whether these are small class numbers and the mark for "ignore"."""
    if values.dtype.kind not in "iu" or values.max() != IGNORED:
        return False
    found = np.unique(values)
    return 2 < len(found) <= FEW and bool(found[-2] < FEW)


def of_type(values: Array) -> Range:
    """What the type stands for, as far as it stands for anything: the values drawn as they are."""
    dtype = values.dtype
    lowest, highest = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    low, high = 0.0, 1.0
    if dtype.kind == "f":
        low, high = (low, high) if lowest >= 0 and highest <= 1 else (-1.0, 1.0)
        low, high = (low, high) if lowest >= -1 and highest <= 1 else (0.0, 255.0)
        low, high = (low, high) if low <= lowest and highest <= high else _apart(lowest, highest)
    elif dtype.kind in "iu":
        low, high = _of_integers(dtype, lowest, highest)
    if dtype == np.uint8:
        return EIGHT_BITS
    return Range(low, high, "" if dtype.kind == "b" else f"{_drawn(low, high)}: as they are")


def _of_integers(dtype: np.dtype[Any], lowest: float, highest: float) -> Told:
    """The whole type, but for wide and signed ones that hold no more than 8 or 16 bits."""
    limits = np.iinfo(dtype)
    if lowest < 0:
        return float(limits.min), float(limits.max)
    fewer = [255.0] if dtype.kind == "i" or dtype.itemsize > 2 else []
    fewer += [65535.0] if dtype.itemsize > 2 else []
    return 0.0, next((most for most in fewer if highest <= most), float(limits.max))


def drawn(values: Array, range: Range) -> Array:
    """Numbers of any shape as uint8; uint8 that fills its range is returned as it is."""
    if values.dtype == np.uint8 and (range.low, range.high) == (0, 255):
        return values
    if values.dtype == np.bool_ and (range.low, range.high) == (0, 1):
        return values.astype(np.uint8) * np.uint8(255)
    painted = np.empty(values.shape, np.uint8)
    step = max(STRIP // max(values[:1].size, 1), 1) if values.ndim else 1
    for row in builtins.range(0, len(values) if values.ndim else 0, step):
        painted[row : row + step] = _scaled(values[row : row + step], range)
    return painted if values.ndim else _scaled(values, range)


def _scaled(values: Array, range: Range) -> Array:
    kept = np.float32 if values.dtype.itemsize <= (4 if values.dtype.kind == "f" else 2) else np.float64
    wide: Any = values.astype(kept)
    with np.errstate(over="ignore", invalid="ignore"):
        wide -= kept(range.low)
        wide *= kept(255.0 / (range.high - range.low or 1.0))
    np.nan_to_num(wide, copy=False, nan=0.0, posinf=255.0, neginf=0.0)
    return np.asarray(np.clip(np.rint(wide, out=wide), 0, 255, out=wide), dtype=np.uint8)
