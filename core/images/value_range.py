"""Which values of a dataset's images stand for black and white, where samples are wider than 8 bits.

Cameras and scanners keep 10 or 12 bits in files of 16. Scaled as 16 bits they are black, and what each image reaches
says nothing of the next one, so one rule holds for a whole dataset: black is 0, white is the largest number of the
fewest bits that hold all of its values (1,000 -> 10 bits -> 1,023). Negative values move black to minus the smallest
power of two that holds them. Floats are bounded alike, with [0, 1] the narrowest. Samples of 8 bits stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..base.errors import InputError
from ..base.units import counted

Bounds = tuple[int, int]
"""(black, white)."""

FULL: Bounds = (0, 0xFFFF)
"""What integers are scaled from where no dataset says otherwise."""

DARK = 31
"""Of 255: where no value of 8 bits is above this, a person sees black."""


class Values(NamedTuple):
    """The values of one image: `kind` is "byte" (8 bits or fewer), "integer" or "float"; the least and the largest."""

    kind: str
    low: float
    high: float


@dataclass(frozen=True)
class ValueRange:
    """Black and white of a dataset's wide integers and of its floats; None where each image is judged by itself.

    >>> ValueRange.of({"integer": (0, 4002)}).integers
    (0, 4095)
    """

    integers: Bounds | None = None
    floats: Bounds | None = None

    @classmethod
    def of(cls, extremes: Mapping[str, tuple[float, float]]) -> ValueRange:
        """The range for images whose values lie between these (low, high), by kind."""
        return cls(
            **{
                name: bounds(*extremes[kind])
                for name, kind in (("integers", "integer"), ("floats", "float"))
                if kind in extremes
            }
        )

    @property
    def is_default(self) -> bool:
        return self == ValueRange()

    def to_json(self) -> dict[str, list[int]]:
        """What `from_json` reads; empty for the default."""
        given = {"integers": self.integers, "floats": self.floats}
        return {name: list(pair) for name, pair in given.items() if pair is not None}

    @classmethod
    def from_json(cls, told: Any) -> ValueRange:
        """Raises InputError for what `to_json` does not write."""
        try:
            pairs = {name: (int(low), int(high)) for name, (low, high) in dict(told or {}).items()}
            made = cls(**pairs)
        except (TypeError, ValueError) as error:
            raise InputError(f"not a range of values: {str(told)[:80]} ({error})") from None
        if any(low >= high for low, high in pairs.values()):
            raise InputError(f"not a range of values: {str(told)[:80]}")
        return made


DEFAULT = ValueRange()


def bounds(low: float, high: float) -> Bounds:
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


def told(extremes: Mapping[str, tuple[float, float]], counts: Mapping[str, int]) -> list[str]:
    """Sentences about how the values of an import were read; `counts` are images by kind."""
    said = []
    for kind, noun in (("integer", "more than 8 bits a sample"), ("float", "floating-point samples")):
        if kind in extremes:
            low, high = extremes[kind]
            black, white = bounds(low, high)
            said.append(
                f"{counted(counts[kind], 'image')} with {noun}: the values reach from {low:,.6g} to {high:,.6g}, so "
                f"{black:,} becomes black and {white:,} white, for all of them alike"
            )
    low, high = extremes.get("byte", (0, 255))
    if high <= DARK:
        said.append(
            f"the 8-bit images hold no value above {high:g} of 255: kept as they are, they look black (label masks?)"
        )
    return said
