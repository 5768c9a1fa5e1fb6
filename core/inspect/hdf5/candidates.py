"""Which arrays of a file are images: by name, shape, type and, where these do not tell, by their values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from ...images.bands import SENTINEL_2
from .. import arrays
from ..display_range import evenly
from . import described, doubles, nature, origins
from . import layouts as hdf5_layouts
from . import spec as hdf5_spec
from .doubles import lies_beside
from .facts import Facts
from .layout_choice import many_layout
from .name_hints import BESIDE, IMAGE_WORDS, UNLIKELY, has, surely_images
from .rows import Rows

ENOUGH = 3
"""Points from which an array is taken for images without a look at its values."""

MOST_BYTES = 1 << 27
"""Of the blocks that are read to tell what they are."""

SMOOTH = 0.5
"""Correlation of neighbouring pixels from which values look like a picture; noise and embeddings have none."""

MOST_COMPARED = 32
"""Arrays of images whose first ones are compared with each other."""


@dataclass(frozen=True)
class Candidate:
    """An array that may be images: its layout (see `hdf5_layouts`), and how much speaks for it."""

    facts: Facts
    layout: str
    points: int

    @property
    def length(self) -> int:
        """Samples, counting the frames of each."""
        return prod(self.facts.shape[place] for place, axis in enumerate(self.layout) if axis in "NT")

    @property
    def samples(self) -> int:
        return self.facts.shape[self.layout.index("N")]

    @property
    def area(self) -> int:
        return self.facts.shape[self.layout.index("H")] * self.facts.shape[self.layout.index("W")]


def array_candidates(looked: Sequence[Facts]) -> list[Candidate]:
    """The arrays that hold several images."""
    found: list[Candidate] = []
    for facts in looked:
        layout = many_layout(facts, looked)
        if layout is None or not facts.is_numbers:
            continue
        points = _points(facts, layout)
        doubt = _doubt(facts, layout, points)
        if doubt is None and points >= -3:
            found.append(Candidate(facts, layout, points))
        elif doubt is not None:
            facts.file.doubts[facts.name] = doubt
    return found


def _doubt(facts: Facts, layout: str, points: int) -> str | None:
    """Why an array of several images by its shape is none by what the file says, its name and its values."""
    told = hdf5_spec.is_image(facts.attributes) or described.layout(facts) is not None
    refused = None if told else origins.refusal(facts)
    if told or refused is not None:
        return refused
    images = first_images(facts, layout, nature.PROBE)
    if facts.dtype.kind != "b" and facts.dtype != np.uint8:
        return nature.doubt(images, surely_images(facts.called))
    if images and all(nature.is_one_hot(image) for image in images):
        return "its values are zeros and a single one along an axis: letters or classes"
    return None if points >= ENOUGH or _are_smooth(images) else "neighbouring values are not alike"


def _points(facts: Facts, layout: str) -> int:
    """What speaks for an array, added up; negative where more speaks against it."""
    height, width = facts.shape[layout.index("H")], facts.shape[layout.index("W")]
    channels = facts.shape[layout.index("C")] if "C" in layout else 1
    points = 6 if hdf5_spec.is_image(facts.attributes) or described.layout(facts) else 0
    points += 2 * described.is_of_bands(facts) + (channels in SENTINEL_2) - 2 * described.is_radar(facts)
    points += min(facts.rank(IMAGE_WORDS), 2) + (facts.rank(IMAGE_WORDS[:10]) > 0)
    points += 3 if facts.dtype == np.uint8 else 1 if facts.dtype.kind in "b" or facts.dtype == np.uint16 else 0
    points += (min(height, width) >= hdf5_layouts.LEAST) + (height == width) + (channels == 3)
    points -= 5 * has(facts.called, UNLIKELY) + 2 * has(facts.called, BESIDE)
    points -= 4 if min(height, width) < 4 and not facts.rank(IMAGE_WORDS) else 0
    points -= 4 if min(height, width) < hdf5_layouts.LEAST and not surely_images(facts.called) else 0
    return points - 4 * (hdf5_spec.word(facts.attributes.get("CLASS")) == "DIMENSION_SCALE")


def first_images(facts: Facts, layout: str, count: int) -> list[arrays.Array]:
    """A few images, spread over the samples and their frames, upright; none where they cannot be read."""
    axis = layout.index("N")
    frames = prod(hdf5_layouts.frames(facts.shape, layout))
    rows = Rows(facts, axis)
    places = evenly(facts.shape[axis] * frames, min(count, max(MOST_BYTES // rows.block_bytes, 1)))
    found: list[arrays.Array] = []
    for place in places:
        sample, frame = divmod(place, frames)
        try:
            values = rows[sample]
        except ValueError:
            break
        values = hdf5_layouts.frame(values, layout.replace("N", ""), frame)
        found.append(hdf5_layouts.upright(values, hdf5_layouts.of_image(layout)))
    return found


def looks_smooth(facts: Facts, layout: str) -> bool:
    """Whether neighbouring values of the first images are alike, as in pictures."""
    return _are_smooth(first_images(facts, layout, 3))


def _are_smooth(images: Sequence[arrays.Array]) -> bool:
    found = [smoothness(image if image.ndim == 2 else image[:, :, 0]) for image in images]
    return bool(found) and max(found) >= SMOOTH


def smoothness(image: arrays.Array) -> float:
    """The smaller of the correlations of vertical and horizontal neighbours, -1 to 1; 0 where nothing varies."""
    values = nature.finite(image)
    return min(nature.correlation(values[1:], values[:-1]), nature.correlation(values[:, 1:], values[:, :-1]))


def chosen(candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """(images, beside): of arrays that tell of the same samples the likeliest one, and the others.

    Arrays of one group, one split and one length tell of the same samples: image and depth, or the same image in
    several sizes, of which the largest is taken. Doubles (`doubles`) are told beside, and why, in `Hdf5File.beside`.
    """
    images = _likeliest(_single(candidates))
    if 1 < len(images) <= MOST_COMPARED:
        first = {one.facts.name: first_images(one.facts, one.layout, 1) for one in images}
        maps = doubles.maps_of_labels({name: found[0] for name, found in first.items() if found})
        images = [one for one in images if one.facts.name not in maps]
        for name in maps:
            candidates[0].facts.file.beside[name] = "a map of labels"
    return images, [one for one in candidates if one not in images]


def _single(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that are no doubles of others."""
    if len(candidates) < 2:
        return list(candidates)
    file = candidates[0].facts.file
    file.beside |= doubles.doubles(file, [one.facts.name for one in candidates])
    return [one for one in candidates if one.facts.name not in file.beside]


def _likeliest(candidates: Sequence[Candidate]) -> list[Candidate]:
    same: dict[tuple[str, str | None, int], list[Candidate]] = {}
    for candidate in candidates:
        facts = candidate.facts
        same.setdefault((facts.group, facts.split, candidate.samples), []).append(candidate)
    best = {key: max(found, key=_merit) for key, found in same.items()}
    top = max((_merit(candidate)[:2] for candidate in best.values()), default=None)
    return [one for one in best.values() if top is not None and not (lies_beside(one.facts.called) and top[0])]


def _merit(candidate: Candidate) -> tuple[bool, bool, int, int, int]:
    facts = candidate.facts
    return (
        not lies_beside(facts.called),
        candidate.points >= ENOUGH,
        facts.rank(IMAGE_WORDS) if candidate.points >= ENOUGH else 0,
        candidate.points,
        candidate.area,
    )
