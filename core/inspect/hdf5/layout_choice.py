"""Which axes of a dataset are height, width, channels and samples: what the file says, else its shape and its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from ...images.bands import MOST_BANDS
from . import described
from . import layouts as hdf5_layouts
from . import spec as hdf5_spec
from .facts import Facts, look, role
from .file import Hdf5File
from .name_hints import BESIDE, has, words

FAMILY = 3
"""Datasets of one shape from which they are taken for images of bands."""

FRAMES = frozenset(
    ("video", "videos", "clip", "clips", "frames", "movie", "movies", "volume", "volumes", "vol", "stack", "stacks")
)
"""Words of arrays whose third axis counts frames or slices."""

_PLURALS = frozenset(
    (
        "images", "imgs", "pictures", "photos", "frames", "slices", "faces", "digits", "inputs", "patches", "crops",
        "x", "samples",
    )
)  # fmt: skip


def many_layout(facts: Facts, looked: Sequence[Facts]) -> str | None:
    """The layout of several images; an array of three axes may be a single one in colour as well."""
    told = described.layout(facts)
    if told is not None:
        return told if "N" in told else None
    if not 3 <= len(facts.shape) <= 5:
        return None
    frames = not FRAMES.isdisjoint(words(facts.called))
    if len(facts.shape) > 3:
        return hdf5_layouts.many(facts.shape, facts.matlab, frames or _has_map_of_all(facts))
    colour = single_layout(facts)
    if colour is None or (not is_said(facts) and _is_many(facts, colour, looked)):
        return hdf5_layouts.many(facts.shape, facts.matlab)
    return None


def single_layout(facts: Facts) -> str | None:
    """The layout of one image; None where its shape is none of an image."""
    told = described.layout(facts)
    if told is not None:
        return told if told != described.NO_PICTURE and "N" not in told else None
    told = hdf5_spec.layout(facts.attributes, len(facts.shape))
    if told is not None:
        return told
    if described.is_cube(facts):
        return hdf5_layouts.cube(facts.shape, facts.matlab)
    return hdf5_layouts.single(facts.shape, facts.matlab) or _one_of_a_family(facts)


def is_said(facts: Facts) -> bool:
    """Whether the file says that an array of three axes is one image."""
    return hdf5_spec.layout(facts.attributes, 3) is not None or described.is_cube(facts)


def _one_of_a_family(facts: Facts) -> str | None:
    """Bands first, where several datasets have the very same shape: scans differ in their number of slices."""
    shape = facts.shape
    banded = len(shape) == 3 and not facts.matlab and 4 < shape[0] < MOST_BANDS and 2 * shape[0] < min(shape[1:])
    if not banded or not FRAMES.isdisjoint(words(facts.called)):
        return None
    family = _index(facts.file).alike[role(facts.name), shape, facts.dtype.str]
    return "CHW" if family >= FAMILY and not _has_map_of_all(facts) else None


@dataclass
class _Index:
    """What lies in a file, for questions that are asked of every dataset of it.

    alike: how many datasets have a role, shape and type; maps: those that lie beside images, by group and shape.
    """

    alike: Counter[Any] = field(default_factory=Counter)
    maps: dict[Any, list[str]] = field(default_factory=dict)


_indices: WeakKeyDictionary[Any, _Index] = WeakKeyDictionary()


def _index(file: Hdf5File) -> _Index:
    if file not in _indices:
        index = _Index()
        for facts in look(file):
            if len(facts.shape) >= 3:
                index.alike[role(facts.name), facts.shape, facts.dtype.str] += 1
                if has(facts.called, BESIDE):
                    index.maps.setdefault((facts.group, facts.shape), []).append(facts.name)
        _indices[file] = index
    return _indices[file]


def _has_map_of_all(facts: Facts) -> bool:
    """Whether a map of classes beside it has the same axes, all of them: then none counts channels."""
    return any(name != facts.name for name in _index(facts.file).maps.get((facts.group, facts.shape), ()))


def _is_many(facts: Facts, colour: str, looked: Sequence[Facts]) -> bool:
    """Whether an array that could be one image in colour is several grey ones: 3 x H x W with a plural or 3 labels.

    Of bands, which are more, the same holds wherever their axis is, and slices are several as well.
    """
    count = facts.shape[colour.index("C")]
    bands = count not in hdf5_layouts.CHANNELS
    if bands and (not FRAMES.isdisjoint(words(facts.called)) or _has_map_of_all(facts)):
        return True
    if colour.index("C") != 0 and not _narrow(facts.shape, colour) and not bands:
        return False
    count = count if bands else facts.shape[0]
    labelled = any(
        other.shape in ((count,), (count, 1), (1, count)) and other.label_rank and other.group == facts.group
        for other in looked
    )
    return labelled or not _PLURALS.isdisjoint(words(facts.leaf))


def _narrow(shape: tuple[int, ...], layout: str) -> bool:
    return min(shape[layout.index("H")], shape[layout.index("W")]) < hdf5_layouts.LEAST
