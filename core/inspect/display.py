"""How the arrays of one dataset are drawn as pictures, the same way for all of them: which bands, and which range.

`Display` belongs to a dataset; `Choice` is what a person asks for instead of what it would do. See `bands` and
`display_range` for the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..base.contracts import Pixels
from ..images import bands as bands_of
from ..images.bands import NOTHING, Bands, Hints
from ..images.pixel_choice import AS_IS, DATASET, parsed_range
from .display_range import MOST_VALUES, Array, Range, Ranges, Told, drawn, sampled, thinned

NO_RANGE = "none"
"""Asked for by whoever wants the numbers themselves: no picture is drawn."""

ALL_BANDS: tuple[int, ...] = ()
"""Asked for, with `NO_RANGE`, by whoever chooses among the bands later."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked for. range: `DATASET` (its own), `AS_IS` (its type's), (black, white) or `NO_RANGE`; bands: one
    or three, counted from 0, or None for those that the file or a usual order names; channels: of how many they are the
    choice, images with more or fewer keeping theirs (None: of any number)."""

    range: str | Told = DATASET
    bands: tuple[int, ...] | None = None
    channels: int | None = None

    @classmethod
    def parsed(cls, range: str | None, bands: str | None) -> Choice:
        """From the command line: "dataset", "as-is" or "LOW:HIGH"; "4,3,2", counted from 1. Raises ValueError."""
        chosen = None if bands is None else bands_of.parsed(bands)
        return cls(DATASET if range is None else parsed_range(range), chosen)

    def to_json(self) -> dict[str, Any]:
        told = self.range if isinstance(self.range, str) else list(self.range)
        bands = None if self.bands is None else list(self.bands)
        return {"range": told, "bands": bands, "channels": self.channels}

    @classmethod
    def from_json(cls, told: Any) -> Choice:
        """None is the default. Raises ValueError for what is none."""
        if told is None:
            return cls()
        range, bands = told["range"], told["bands"]
        return cls(
            _told_range(range),
            None if bands is None else tuple(map(int, bands)),
            told["channels"],
        )


def _told_range(told: Any) -> str | Told:
    if told == NO_RANGE:
        return NO_RANGE
    return parsed_range(told) if isinstance(told, str) else (float(told[0]), float(told[1]))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture, RGB uint8 (height, width, 3), and how it came about.

    notes: sentences to be read beside it, none where nothing was chosen; low, high: the values that are black and
    white; bands: the channels drawn, counted from 0, of `count`; names: those of all channels, where they have some;
    values: the numbers of these bands as they lie in the file, upright, (height, width, 1 or 3) of their own type.
    """

    pixels: Pixels
    notes: tuple[str, ...]
    low: float
    high: float
    bands: tuple[int, ...]
    count: int
    names: tuple[str, ...] = ()
    values: Array | None = None

    @property
    def numbers(self) -> Array:
        """What the picture was drawn from; the picture itself where that is all there is."""
        return self.pixels if self.values is None else self.values

    def to_json(self) -> dict[str, Any]:
        told = {"range": [self.low, self.high], "bands": list(self.bands), "channels": self.count}
        return {**told, "names": list(self.names)} if self.names else told


class Display:
    """The way in which the images of one dataset are drawn.

    sample: reads a few of its images, (H, W) or (H, W, C), spread over the dataset. told, no_data: what the file says
    of its range, see `Ranges`. white_is_zero: its lowest values are white. notes: what else is to be said.
    """

    def __init__(
        self,
        sample: Callable[[], Iterable[Array]],
        hints: Hints = NOTHING,
        *,
        told: Told | None = None,
        no_data: float | None = None,
        white_is_zero: bool = False,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.hints = hints
        self.notes = notes
        self._read = sample
        self._told = told
        self._no_data = no_data
        self._inverted = white_is_zero
        self._sample: list[Array] | None = None
        self._ranges: dict[tuple[int, ...], Ranges] = {}

    @property
    def described(self) -> tuple[Any, ...]:
        """All that is known without the sample: displays that are alike in this draw alike images alike."""
        return self.hints, self.notes, self._told, self._no_data, self._inverted

    def draw(self, image: Array, choice: Choice | None = None) -> Drawn:
        """One image (H, W) or (H, W, C). Raises ValueError for what cannot be drawn, and for bands that it has not."""
        choice = choice or Choice()
        values = native(image if image.ndim == 3 else image[:, :, None])
        if values.ndim != 3 or values.size == 0 or values.dtype.kind not in "biuf":
            raise ValueError(f"{image.dtype} values of shape {image.shape} are no picture")
        if choice.range == NO_RANGE:
            return self._undrawn(values, choice)
        if not self._images():  # none of the sample can be read: then it goes by this one
            self._sample = [thinned(values, MOST_VALUES)]
        bands = self._bands(values.shape[2], choice)
        range = self._range(bands, choice)
        painted = drawn(_of_bands(values, bands), range)
        painted = np.subtract(255, painted, dtype=np.uint8) if self._inverted else painted
        if bands.alpha is not None:
            painted = over_white(painted, values[:, :, bands.alpha])
        pixels = np.repeat(painted, 3, axis=2) if painted.shape[2] == 1 else painted
        notes = (*self.notes, *filter(None, (bands.words, range.words)))
        count = values.shape[2]
        names = self.hints.all_names if len(self.hints.all_names) == count else ()
        return Drawn(np.ascontiguousarray(pixels), notes, range.low, range.high, bands.chosen, count, names)

    def _undrawn(self, values: Array, choice: Choice) -> Drawn:
        """The numbers of the chosen bands alone, what is transparent in them over white, white where white is zero; of
        `ALL_BANDS` the numbers as they lie."""
        nothing = np.empty((0, 0, 3), np.uint8)
        if choice.bands == ALL_BANDS:
            every = negative(values) if self._inverted else values
            return Drawn(nothing, (), 0, 0, tuple(range(values.shape[2])), values.shape[2], values=every)
        bands = self._bands(values.shape[2], choice)
        chosen = _of_bands(values, bands)
        if bands.alpha is not None:
            chosen = over_white(chosen, values[:, :, bands.alpha])
        if self._inverted:
            chosen = negative(chosen)
        notes = (bands.words,) if bands.words else ()
        return Drawn(nothing, notes, 0, 0, bands.chosen, values.shape[2], values=chosen)

    def _bands(self, count: int, choice: Choice) -> Bands:
        if choice.bands is not None and choice.channels in (None, count):
            return bands_of.asked(count, choice.bands)
        return bands_of.choose(count, self.hints, count == bands_of.MOST_CHANNELS and self._signed)

    @cached_property
    def _signed(self) -> bool:
        values = sampled(self._images(), self._no_data)
        return values.size > 0 and bool(values.min() < 0)

    def _range(self, bands: Bands, choice: Choice) -> Range:
        if not isinstance(choice.range, str):
            low, high = choice.range
            return Range(low, high, f"values from {low:g} to {high:g} are drawn as black to white: as asked for")
        ranges = self._ranges.get(bands.chosen)
        if ranges is None:
            ranges = Ranges(lambda: self._of(bands.chosen), self._told, self._no_data)
            self._ranges[bands.chosen] = ranges
        return ranges.as_is if choice.range == AS_IS else ranges.of_dataset

    def _of(self, chosen: tuple[int, ...]) -> list[Array]:
        """The chosen bands of the sample, those images that have them."""
        most = max(chosen)
        images = [image if image.ndim == 3 else image[:, :, None] for image in self._images()]
        return [_picked(image, chosen) for image in images if image.shape[2] > most]

    def _images(self) -> list[Array]:
        """The sample, of which no more is kept than is looked at."""
        if self._sample is None:
            read = [native(image) for image in self._read() if image.ndim in (2, 3) and image.dtype.kind in "biuf"]
            most = MOST_VALUES // max(len(read), 1)
            self._sample = [thinned(image, most).copy() for image in read]
        return self._sample


def _picked(values: Array, chosen: tuple[int, ...]) -> Array:
    """Some bands of an image (H, W, C), without a copy where they follow each other."""
    first, step = chosen[0], (chosen[1] - chosen[0] if len(chosen) > 1 else 1)
    stop = first + step * len(chosen)
    if step == 0 or tuple(range(first, stop, step)) != chosen:
        return values[:, :, list(chosen)]
    return values[:, :, first : stop if stop >= 0 else None : step]


def native(values: Array) -> Array:
    """The same values in this machine's byte order."""
    return values if values.dtype.isnative else values.astype(values.dtype.newbyteorder("="))


def _of_bands(values: Array, bands: Bands) -> Array:
    """The chosen channels of an image (H, W, C); a list of axes would copy."""
    every = list(bands.chosen) == [*range(values.shape[2])]
    return values if every else values[:, :, list(bands.chosen)]


def over_white(colours: Array, alpha: Array) -> Array:
    """(H, W, C) with a declared transparency (H, W), 0 to the most of its type (floats: 1), laid over white, which is
    the most of the colours' type."""
    share = np.clip(np.nan_to_num(alpha.astype(np.float64)) / _most(alpha.dtype), 0, 1)[:, :, None]
    laid = colours * share + _most(colours.dtype) * (1 - share)
    return np.asarray(laid if colours.dtype.kind == "f" else np.rint(laid), dtype=colours.dtype)


def negative(values: Array) -> Array:
    """Numbers whose lowest are white, turned round within their type; floats by their sign."""
    if values.dtype.kind == "b":
        return ~values
    return -values if values.dtype.kind == "f" else np.asarray(np.invert(values), dtype=values.dtype)


def _most(dtype: np.dtype[Any]) -> float:
    return 1.0 if dtype.kind in "fb" else float(np.iinfo(dtype).max)
