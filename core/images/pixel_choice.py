"""What a person may ask of the pixels of a dataset: which values are black and white, and which bands are shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ..base.errors import InputError
from ..base.units import counted
from . import bands as bands_of
from .value_range import DARK, FULL, Bounds, ValueRange, as_number, bounds

DATASET, AS_IS = "dataset", "as-is"

Extremes = Mapping[str, tuple[float, float]]
"""Kind of samples ("byte", "integer", "float") -> the least and the largest of a dataset's."""

_AS_IS = {
    "integer": (FULL, (-(2**15), 2**15 - 1), (0, 2**31 - 1), (-(2**31), 2**31 - 1), (0, 2**32 - 1)),
    "float": ((0, 1), (-1, 1), (0, 255), FULL),
}
"""What types usually stand for; the first that holds all values is taken."""

LEAST = 1e-30
"""Of the distance between black and white."""

_NOUNS = {"integer": "more than 8 bits a sample", "float": "floating-point samples"}


def parsed_range(text: str) -> str | tuple[float, float]:
    """ "dataset", "as-is", or black and white like "0:4095". Raises ValueError."""
    if text in (DATASET, AS_IS):
        return text
    low, colon, high = text.partition(":")
    try:
        limits = float(low), float(high)
    except ValueError:
        limits = (0.0, 0.0)
    if not colon or not math.isfinite(limits[1] - limits[0]) or limits[1] - limits[0] < LEAST:
        raise ValueError(f"{text!r} is no range: give dataset, as-is, or black and white like 0:4095")
    return limits


@dataclass(frozen=True, slots=True)
class PixelChoice:
    """range: `DATASET` (the fewest bits that hold all values), `AS_IS` (what their type stands for), or black and
    white; bands: one or three, counted from 0, or None for those that are usual."""

    range: str | Bounds = DATASET
    bands: tuple[int, ...] | None = None

    @classmethod
    def parsed(cls, range: str = "", bands: str = "") -> PixelChoice:
        """From options; empty ones choose nothing. Raises InputError."""
        try:
            asked = parsed_range(range.strip() or DATASET)
            chosen = bands_of.parsed(bands) if bands.strip() else None
        except ValueError as error:
            raise InputError(str(error)) from None
        return cls(asked if isinstance(asked, str) else (as_number(asked[0]), as_number(asked[1])), chosen)

    def to_json(self) -> dict[str, str]:
        """The options that `parsed` takes."""
        told = self.range if isinstance(self.range, str) else f"{self.range[0]}:{self.range[1]}"
        return {"range": told, "bands": "" if self.bands is None else bands_of.numbered(self.bands)}

    @property
    def stretches_bytes(self) -> bool:
        """Whether samples of 8 bits are asked to become others. A range beyond them is meant for wider ones."""
        return not isinstance(self.range, str) and self.range[1] <= 255 and self.range != (0, 255)

    def of(self, extremes: Extremes) -> ValueRange:
        """How a dataset becomes pixels whose values lie between these."""
        if isinstance(self.range, str):
            found = ValueRange.of(extremes) if self.range == DATASET else _as_is(extremes)
        else:
            black_white = self.range
            found = ValueRange(
                black_white if "integer" in extremes else None,
                black_white if "float" in extremes else None,
                black_white if "byte" in extremes and self.stretches_bytes else None,
            )
        return ValueRange(found.integers, found.floats, found.bytes, self.bands)

    def told(self, extremes: Extremes, counts: Mapping[str, int], bands: Mapping[int, int]) -> list[str]:
        """Sentences about how the images of an import became pixels. counts: images by kind; bands: images by their
        number of bands, where not all are shown."""
        made = self.of(extremes)
        said = [
            self._wide(kind, made, extremes[kind], counts[kind]) for kind in ("integer", "float") if kind in extremes
        ]
        said += self._bytes(made, extremes, counts)
        for count, images in sorted(bands.items()):
            chosen = bands_of.choose(count) if self.bands is None else bands_of.asked(count, self.bands)
            other = "" if self.bands is not None else "; --option bands=3,2,1 chooses others"
            said.append(f"{counted(images, 'image')} with {counted(count, 'band')}: {chosen.words}{other}")
        return said

    def _wide(self, kind: str, made: ValueRange, reach: tuple[float, float], images: int) -> str:
        black, white = (made.integers if kind == "integer" else made.floats) or (0, 1)
        asked = {DATASET: "", AS_IS: ", as their type says"}.get(str(self.range), ", as asked for")
        low, high = reach
        text = (
            f"{counted(images, 'image')} with {_NOUNS[kind]}: the values reach from {low:,.6g} to {high:,.6g}, so "
            f"{black:,} becomes black and {white:,} white, for all of them alike{asked}"
        )
        if self.range != DATASET and (high - black) * 255 <= DARK * (white - black):
            text += "; they look black, --option range=dataset scales them by what they reach"
        return text

    def _bytes(self, made: ValueRange, extremes: Extremes, counts: Mapping[str, int]) -> list[str]:
        _, high = extremes.get("byte", (0, 255))
        if made.bytes is not None:
            images = counted(counts["byte"], "image")
            if self.range == DATASET:
                return [
                    f"{images} of 8 bits hold only the values 0 and 1 (masks?): 1 becomes white; --option range=as-is "
                    "keeps the numbers"
                ]
            black, white = made.bytes
            return [f"{images} of 8 bits: {black:,} becomes black and {white:,} white, as asked for"]
        if high <= DARK:
            return [
                f"the 8-bit images hold no value above {high:g} of 255: kept as they are, they look black (label "
                f"masks?); --option range=0:{max(high, 1):g} makes the largest white"
            ]
        return []


NO_CHOICE = PixelChoice()


def _as_is(extremes: Extremes) -> ValueRange:
    made = {kind: _of_type(kind, *extremes[kind]) for kind in ("integer", "float") if kind in extremes}
    return ValueRange(made.get("integer"), made.get("float"))


def _of_type(kind: str, low: float, high: float) -> Bounds:
    usual = (pair for pair in _AS_IS[kind] if pair[0] <= low and high <= pair[1])
    return next(usual, bounds(low, high))
