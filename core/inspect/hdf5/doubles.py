"""Pictures that are no further samples: the next frame beside each frame, smaller copies, thumbnails, maps of labels.

They are named, but not counted. Where the layouts come from: robomimic's `next_obs`, BigDataViewer's and Imaris's
resolution levels, AnnData's `hires` and `lowres`, CREMI's `volumes/raw` and `volumes/labels`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from .. import arrays
from . import nature
from .facts import Facts, facts_of
from .file import Hdf5File
from .name_hints import BESIDE, surely_images, words

NEXT = re.compile(r"next[_-]?", re.IGNORECASE)

LEVEL_WORDS = frozenset(
    (
        "resolution", "resolutions", "level", "levels", "scale", "scales", "pyramid", "mip", "res", "zoom",
        "downsample", "downsampled", "hires", "lowres", "fullres",
    )
)  # fmt: skip
"""Words of a part of a path that counts the levels of a pyramid."""

SIZES = frozenset(("hires", "lowres", "fullres", "full", "large", "medium", "small", "high", "low", "original"))
"""Words that stand for a size where no number does."""

THUMBNAILS = frozenset(("thumbnail", "thumbnails", "thumb", "thumbs", "preview", "previews", "overview"))

MOST_LEVELS = 12
COPY = 0.9
"""Correlation from which on a smaller picture is taken for a copy of a larger one."""


def doubles(file: Hdf5File, names: Sequence[str]) -> dict[str, str]:
    """Those of some datasets that are no samples of their own, by name, and why in a few words; never all of them."""
    found = _next_frames(file, names)
    found |= _thumbnails([name for name in names if name not in found])
    found |= _levels(file, [name for name in names if name not in found])
    return found


def _next_frames(file: Hdf5File, names: Iterable[str]) -> dict[str, str]:
    """The same frames one step later: next_obs beside obs."""
    found: dict[str, str] = {}
    for name in names:
        parts = name.split("/")
        for place, part in enumerate(parts):
            start = NEXT.match(part)
            twin = "/".join([*parts[:place], part[start.end() :], *parts[place + 1 :]]) if start is not None else ""
            if twin and twin in file.datasets and _shape(file, twin) == _shape(file, name):
                found[name] = f"the same as {twin}, one step later"
    return found


def _thumbnails(names: Sequence[str]) -> dict[str, str]:
    small = [name for name in names if not THUMBNAILS.isdisjoint(words(name))]
    return dict.fromkeys(small, "a thumbnail") if len(small) < len(names) else {}


def _levels(file: Hdf5File, names: Sequence[str]) -> dict[str, str]:
    """Smaller copies of the same picture: paths that differ in one part, a number or a word for a size."""
    series: dict[tuple[int, str], list[str]] = {}
    for name in names:
        parts = name.split("/")
        for place, part in enumerate(parts):
            pattern = re.sub(r"\d+", "#", part)
            pattern = "#" if part.lower() in SIZES else pattern
            if "#" in pattern:
                key = "/".join([*parts[:place], pattern, *parts[place + 1 :]])
                series.setdefault((place, key), []).append(name)
    found: dict[str, str] = {}
    for (place, _), members in series.items():
        if 2 <= len(members) <= MOST_LEVELS:
            found |= _copies(file, members, place)
    return found


def _copies(file: Hdf5File, members: Sequence[str], place: int) -> dict[str, str]:
    """The members that are smaller copies of the largest; none where sizes or values say otherwise."""
    facts = [one for name in members if (one := facts_of(file, name)) is not None and one.is_numbers]
    facts.sort(key=lambda one: int(np.prod(one.shape, dtype=np.float64)), reverse=True)
    if len(facts) < len(members) or not all(map(_is_smaller, facts[1:], facts)):
        return {}
    largest = facts[0]
    told = all(not LEVEL_WORDS.isdisjoint(words(one.name.split("/")[place])) for one in facts)
    if not told and not all(_is_copy(one, largest) for one in facts[1:]):
        return {}
    return {one.name: f"a smaller copy of {largest.name}" for one in facts[1:]}


def _is_smaller(small: Facts, large: Facts) -> bool:
    """Whether two axes or more are shorter by the same factor, and the others are no longer."""
    if len(small.shape) != len(large.shape) or min(small.shape, default=0) < 1:
        return False
    factors = sorted((whole / part for whole, part in zip(large.shape, small.shape, strict=True)), reverse=True)
    return len(factors) > 1 and factors[1] >= 1.4 and factors[1] >= 0.7 * factors[0] and factors[-1] >= 1


def _is_copy(small: Facts, large: Facts) -> bool:
    """Whether the smaller one looks like the larger one, by the picture in the middle of each."""
    one, other = _middle(small), _middle(large)
    if one is None or other is None or min(one.shape) < 2 or one.ndim != 2 or other.ndim != 2:
        return one is not None and other is not None and one.size == 1
    rows = (np.arange(one.shape[0]) * other.shape[0]) // one.shape[0]
    columns = (np.arange(one.shape[1]) * other.shape[1]) // one.shape[1]
    step = _steps(one.shape, other.shape)
    reduced = np.mean([other[np.ix_(np.minimum(rows + down, other.shape[0] - 1),
                                    np.minimum(columns + across, other.shape[1] - 1))]
                       for down in range(step[0]) for across in range(step[1])], axis=0)  # fmt: skip
    return nature.correlation(nature.finite(one, None), nature.finite(reduced, None)) >= COPY


def _steps(small: tuple[int, ...], large: tuple[int, ...]) -> tuple[int, int]:
    """Over how many rows and columns a mean is taken, a few at most."""
    return min(max(large[0] // small[0], 1), 4), min(max(large[1] // small[1], 1), 4)


def _middle(facts: Facts) -> arrays.Array | None:
    """One picture (H, W) of a dataset of any axes; None where it cannot be read."""
    try:
        if len(facts.shape) < 3:
            return facts.file.rows(facts.dataset, 0, facts.shape[0])
        colour = len(facts.shape) == 3 and facts.shape[-1] in (1, 3, 4)
        start, stop = (0, facts.shape[0]) if colour else (facts.shape[0] // 2, facts.shape[0] // 2 + 1)
        values = facts.file.rows(facts.dataset, start, stop)
    except ValueError:
        return None
    values = values if colour else values[0]
    while values.ndim > 2:
        values = values[..., 0] if values.shape[-1] in (1, 3, 4) else values[len(values) // 2]
    return values


def _shape(file: Hdf5File, name: str) -> tuple[int, ...] | None:
    facts = facts_of(file, name)
    return None if facts is None else facts.shape


# ---------------------------------------------------------------- what is said of them


def beside_words(file: Hdf5File, names: Sequence[str]) -> str:
    """What lies beside the images and is not counted, and why where that is known; "" where nothing does."""
    if not names:
        return ""
    told = [f"{name} ({file.beside[name]})" if name in file.beside else name for name in names[:6]]
    verb = "lies" if len(names) == 1 else "lie"
    more = f" and {len(names) - 6:,} more" if len(names) > 6 else ""
    return f"; {', '.join(told)}{more} {verb} beside and {'is' if len(names) == 1 else 'are'} not counted"


# ---------------------------------------------------------------- maps of labels


def lies_beside(path: str) -> bool:
    """Whether a dataset, or the group it lies in, is called like a mask, a map of labels or of depth."""
    group, _, leaf = path.rpartition("/")
    if not BESIDE.isdisjoint(words(leaf)):
        return True
    return not BESIDE.isdisjoint(words(group.rpartition("/")[2])) and not surely_images(leaf)


def maps_of_labels(first: Mapping[str, arrays.Array]) -> list[str]:
    """The datasets, of which each has a first picture, that are maps of labels of another one of the same size."""
    maps = [name for name, image in first.items() if nature.is_a_map_of_labels(image)]
    photographs = {image.shape[:2] for name, image in first.items() if name not in maps}
    return [name for name in maps if first[name].shape in photographs]
