"""Which values of a dataset's images stand for black and white, and which bands are shown.

Cameras and scanners keep 10 or 12 bits in files of 16. Scaled as 16 bits they are black, and what each image reaches
says nothing of the next one, so one rule holds for a whole dataset: black is 0, white is the largest number of the
fewest bits that hold all of its values (1,000 -> 10 bits -> 1,023). Negative values move black to minus the smallest
power of two that holds them. Floats are bounded alike, with [0, 1] the narrowest. Samples of 8 bits stay as they are,
unless none of the dataset is above 1: then 1 is white.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..base.errors import InputError

Bounds = tuple[float, float]
"""(black, white)."""

FULL: Bounds = (0, 0xFFFF)
"""What integers are scaled from where no dataset says otherwise."""

DARK = 31
"""Of 255: where no value of 8 bits is above this, a person sees black."""


class Values(NamedTuple):
    """The values of one image: `kind` is "byte" (8 bits or fewer), "integer" or "float"; the least and the largest.

    `bands`: how many bands it has, where not all of them are shown; else 0.
    """

    kind: str
    low: float
    high: float
    bands: int = 0


@dataclass(frozen=True)
class ValueRange:
    """Black and white of a dataset's wide integers, of its floats (None: each image is judged by itself) and of its
    bytes (None: they stay as they are); `bands`: one or three that are shown, counted from 0 (None: the usual ones).

    >>> ValueRange.of({"integer": (0, 4002)}).integers
    (0, 4095)
    """

    integers: Bounds | None = None
    floats: Bounds | None = None
    bytes: Bounds | None = None
    bands: tuple[int, ...] | None = None

    @classmethod
    def of(cls, extremes: Mapping[str, tuple[float, float]]) -> ValueRange:
        """The range for images whose values lie between these (low, high), by kind."""
        masks = extremes.get("byte", (0, 0))[1] == 1
        return cls(
            bounds(*extremes["integer"]) if "integer" in extremes else None,
            bounds(*extremes["float"]) if "float" in extremes else None,
            (0, 1) if masks else None,
        )

    @property
    def is_default(self) -> bool:
        return self == ValueRange()

    @property
    def changes_bytes(self) -> bool:
        """Whether images of 8 bits become other pixels than decoders of their format give."""
        return self.bytes is not None or self.bands is not None

    def to_json(self) -> dict[str, list[float]]:
        """What `from_json` reads; empty for the default. Bands count from 1, as people do."""
        given = {"integers": self.integers, "floats": self.floats, "bytes": self.bytes}
        told: dict[str, list[float]] = {name: list(pair) for name, pair in given.items() if pair is not None}
        return told if self.bands is None else told | {"bands": [band + 1 for band in self.bands]}

    @classmethod
    def from_json(cls, told: Any) -> ValueRange:
        """Raises InputError for what `to_json` does not write."""
        try:
            given = dict(told or {})
            bands = given.pop("bands", None)
            chosen = None if bands is None else tuple(int(band) - 1 for band in bands)
            pairs: dict[str, Any] = {name: (as_number(low), as_number(high)) for name, (low, high) in given.items()}
            made = cls(**pairs, bands=chosen)
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(f"not a range of values: {str(told)[:80]} ({error})") from None
        no_bands = chosen is not None and (len(chosen) not in (1, 3) or min(chosen) < 0)
        if no_bands or any(low >= high for low, high in pairs.values()):
            raise InputError(f"not a range of values: {str(told)[:80]}")
        return made


def as_number(value: Any) -> float:
    """A finite number, as an integer where it is one. Raises ValueError and TypeError."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is no finite number")
    return int(value) if number.is_integer() else number


DEFAULT = ValueRange()


def bounds(low: float, high: float) -> tuple[int, int]:
    """(black, white) for values from `low` to `high`.

    >>> bounds(0, 1), bounds(0, 3.0), bounds(5, 200), bounds(-1024, 3071)
    ((0, 1), (0, 3), (0, 255), (-1024, 4095))
    """
    black = 0 if low >= 0 else -_power(-low)
    white = _power(high + 1) - 1 if high > 0 else 0
    return black, max(white, black + 1)


def _power(value: float) -> int:
    """The smallest power of two that is not below `value`."""
    whole = int(value) + (value > int(value))
    return 1 << max(whole - 1, 0).bit_length()
