"""The looks of datasets that are one image each: those that are alike are drawn by one range, as those of one array."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import prod
from typing import Any

from .. import arrays
from . import layouts as hdf5_layouts
from .facts import Facts, facts_of, role, spread
from .file import Hdf5File
from .pixels import Look, look_of

LOOKED_AT = 32
"""Datasets that are opened to find some of one type and as many channels."""

MOST_BYTES = 1 << 25
"""Of the images that are read to tell what their values mean."""

KEPT = 256


class Looks:
    """`alike` names the datasets that may be drawn as one, some of them, given one."""

    def __init__(self, alike: Callable[[Facts], Iterable[Facts]]) -> None:
        self._alike = alike
        self._displays: dict[Any, Any] = {}

    def look(self, facts: Facts, layout: str) -> Look:
        """How one dataset is shown, `layout` being its axes."""
        look = look_of(facts, layout, lambda count: self._images(facts, layout, count))
        key = (role(facts.name), _kind(facts), look.display.described)
        if len(self._displays) >= KEPT:
            self._displays.clear()
        return replace(look, display=self._displays.setdefault(key, look.display))

    def _images(self, facts: Facts, layout: str, count: int) -> list[arrays.Array]:
        """Some images that are alike, the one itself among them."""
        others = (one for one in self._alike(facts) if one.name != facts.name and len(one.shape) == len(facts.shape))
        found = [one for one in others if _kind(one) == _kind(facts)]
        images: list[arrays.Array] = []
        left = MOST_BYTES
        for one in [facts, *found][:count]:
            left -= prod(one.shape) * one.dtype.itemsize
            if images and left < 0:
                break
            try:
                values = one.cut(one.file.rows(one.dataset, 0, one.shape[0]))
                images.append(hdf5_layouts.upright(values, layout))
            except ValueError:
                continue
        return images


class Families:
    """The datasets of a list by what they are for, as their names say."""

    def __init__(self, file: Hdf5File, names: Sequence[str]) -> None:
        self._file = file
        self._names = names
        self._by_role: dict[Any, list[str]] | None = None

    def alike(self, facts: Facts) -> Iterable[Facts]:
        """Some datasets of the same role."""
        if self._by_role is None:
            self._by_role = {}
            for name in self._names:
                self._by_role.setdefault(role(name), []).append(name)
        names = spread(self._by_role.get(role(facts.name), []), LOOKED_AT)
        return [found for name in names if (found := facts_of(self._file, name)) is not None and found.shape]


def _kind(facts: Facts) -> tuple[str, int, int]:
    """The type of the values, whatever their byte order, and how many channels there may be."""
    return facts.dtype.kind, facts.dtype.itemsize, min(facts.shape, default=0) if len(facts.shape) == 3 else 1
