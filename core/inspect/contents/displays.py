"""The displays of values that are no arrays of one dataset but entries: those of one type and one number of channels
share one, measured over some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from core.inspect.bands import Hints
from core.inspect.contents.content import Content
from core.inspect.display import Choice, Display, Drawn
from core.inspect.display_range import MOST_VALUES, Array, thinned

SAMPLED = 9
"""Entries that are looked at."""


class Displays:
    """`sample` reads some contents, spread over the entries, when the first picture is drawn."""

    def __init__(self, sample: Callable[[], Iterable[Content]], hints: Hints | None = None) -> None:
        self._sample = sample
        self._hints = hints or Hints()
        self._arrays: list[Array] | None = None
        self._displays: dict[tuple[tuple[str, int], tuple[str, ...]], Display] = {}

    def drawn(self, content: Content, choice: Choice) -> tuple[Drawn | None, str | None]:
        """(picture, problem): both None for a content that is no array."""
        if content.array is None:
            return None, None
        kind = _kind(content.array)
        key = kind, content.bands
        if key not in self._displays:
            alike = [array for array in self._read() if _kind(array) == kind] or [content.array]
            hints = replace(self._hints, names=content.bands) if content.bands else self._hints
            self._displays[key] = Display(lambda: alike, hints)
        try:
            return self._displays[key].draw(content.array, choice), None
        except ValueError as error:
            return None, str(error)

    def _read(self) -> list[Array]:
        """The arrays among the sample, no more of each than is looked at."""
        if self._arrays is None:
            found = (content.array for content in self._sample())
            self._arrays = [_small(array) for array in found if array is not None and array.size]
        return self._arrays


def _small(array: Array) -> Array:
    return np.array(thinned(array, MOST_VALUES // SAMPLED))


def _kind(array: Array) -> tuple[str, int]:
    """The type of the numbers, whatever their byte order, and how many channels there are."""
    return f"{array.dtype.kind}{array.dtype.itemsize}", array.shape[2] if array.ndim == 3 else 1
