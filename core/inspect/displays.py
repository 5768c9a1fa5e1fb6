"""The displays of images that are no arrays of one dataset but values, files or records: those of one type and one
number of channels share one, measured over some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np

from ..base.errors import FormatMattersError
from ..images.bands import NOTHING, Hints
from .display import Choice, Display, Drawn
from .display_range import MOST_VALUES, Array, evenly, thinned

SAMPLED = 9
"""Values that are looked at."""

UNREADABLE = (FormatMattersError, ValueError, IndexError, OSError, KeyError, TypeError, RuntimeError)


class Displays:
    """`sample` reads the arrays, (H, W) or (H, W, C), of some values when the first picture is drawn; None for a value
    that is no array."""

    def __init__(self, sample: Callable[[], Iterable[Array | None]], hints: Hints = NOTHING) -> None:
        self._sample = sample
        self._hints = hints
        self._arrays: list[Array] | None = None
        self._displays: dict[tuple[tuple[str, int], tuple[str, ...]], Display] = {}

    @classmethod
    def spread(cls, length: int, read: Callable[[int], Array | None], hints: Hints = NOTHING) -> Displays:
        """Those of `length` values of which `read` gives the array; it may raise what broken values make it raise."""

        def sample() -> Iterator[Array | None]:
            for place in evenly(length, SAMPLED):
                with suppress(*UNREADABLE):
                    yield read(place)

        return cls(sample, hints)

    def draw(self, array: Array, choice: Choice, names: tuple[str, ...] = ()) -> Drawn:
        """One image; `names` are those of its channels, where it has some. Raises what `Display.draw` does."""
        kind = _kind(array)
        key = kind, names
        if key not in self._displays:
            alike = [other for other in self._read() if _kind(other) == kind]
            self._displays[key] = Display(lambda: alike, replace(self._hints, names=names) if names else self._hints)
        return self._displays[key].draw(array, choice)

    def _read(self) -> list[Array]:
        """The arrays of the sample, no more of each than is looked at."""
        if self._arrays is None:
            self._arrays = [_small(array) for array in self._sample() if array is not None and array.size]
        return self._arrays


def _small(array: Array) -> Array:
    return np.array(thinned(array, MOST_VALUES // SAMPLED))


def _kind(array: Array) -> tuple[str, int]:
    """The type of the numbers, whatever their byte order, and how many channels there are."""
    return f"{array.dtype.kind}{array.dtype.itemsize}", array.shape[2] if array.ndim == 3 else 1
