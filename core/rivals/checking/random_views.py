"""Views that `train224` makes: parts of their own samples, of the sizes and places asked for, new each time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..handed import Handed
from .crops import FITS, contrast, locate
from .reference import Reference, as_pixels, mean_pixels
from .refused import RivalRefused
from .views import Expected, random_boxes
from .whole_images import READINGS

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

PLAIN = 8.0
"""Steps of 0..255: a view of less contrast (sky, a wall) fits many places."""

UNFOUND = 0.1
"""Of the views: as many may be found nowhere (the pattern of a grating fits in many places, one photo in 300)."""

FEWEST = 24
"""Views or samples from which on statistics of them are judged."""

FEW = 3
"""Candidates that are tried where it is only a question of what to say."""

FROZEN = 0.2
"""Of the samples: as many views that are the same in two epochs are no chance."""

STRAY = 4.0
"""Views of other samples are 7 to 20 times as far from what is expected as views of their own, batch by batch of 32
photos; honest ones 0.5 to 1.4 times."""

MOVED = (0.6, 1.5)
"""How far a sample's view moves from one epoch to the next, over what random crops move: of honest ones 0.9 to 1.1 (300
photos), 0 where the same part is shown, 0.5 where crops have half of the image at least."""


def compare_looked_views(handed: Handed, looked: Sequence[int], reference: Reference) -> int:
    """The views kept whole, of samples `looked`: found in them, or in others, or nowhere. Returns how many could be
    looked for. Raises RivalRefused."""
    areas, unfound, compared, expected = [], [], 0, []
    for number, (image, sample) in enumerate(zip(handed.looked, looked, strict=True)):
        view = as_pixels(image)
        if contrast(view) < PLAIN:
            continue
        smalls = reference.small_versions(sample)
        found = max((locate(view, small) for small in smalls), key=lambda one: one.fit)
        compared += 1
        if found.fit >= FITS:
            areas.append(found.area)
            boxes = random_boxes(smalls[0].shape[0], smalls[0].shape[1], 200, np.random.default_rng(sample))
            expected.append(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1).mean())
        else:
            unfound.append(number)
        if len(unfound) > max(UNFOUND * compared, 2):
            break
    if len(unfound) > max(UNFOUND * compared, 1):
        raise RivalRefused(_reason(handed, looked, unfound, reference))
    _check_areas(np.array(areas), np.array(expected))
    return compared


def _check_areas(areas: Array, expected: Array) -> None:
    """Their mean, against crops whose share is drawn from 0.08 to 1 (standard deviation 0.27)."""
    if len(areas) < FEWEST:
        return
    allowed = 0.03 + 4 * 0.27 / np.sqrt(len(areas))
    if abs(areas.mean() - expected.mean()) > allowed or areas.std() < 0.1:
        raise RivalRefused(
            f"its crops show {areas.mean():.0%} of the image on average (standard deviation {areas.std():.2f}), where "
            f"those that were asked for show {expected.mean():.0%} (0.27)"
        )


def compare_view_means(handed: Handed, epochs: Sequence[Indices], samples: Indices, expected: Expected) -> int:
    """The mean colours of all views of `samples`, of which `expected` tells what they should be. Returns how many views
    that were. Raises RivalRefused."""
    order = np.concatenate(list(epochs))
    places = np.full(int(order.max()) + 1, -1)
    places[samples] = np.arange(len(samples))
    given = mean_pixels(handed.means)
    at = places[order]
    distances = np.where(at >= 0, ((given - expected.means[at]) ** 2).sum(1), 0)
    spread = np.where(at >= 0, expected.variances[at], 0)
    _check_strays(handed, distances, spread)
    if len(epochs) > 1 and len(samples) >= FEWEST:
        start = len(epochs[0])
        one, other = (np.zeros((len(samples), 3)) for _ in range(2))
        for target, part in ((one, slice(0, start)), (other, slice(start, start + len(epochs[1])))):
            there = at[part] >= 0
            target[at[part][there]] = given[part][there]
        _check_moved(np.sqrt(((one - other) ** 2).sum(1)), expected)
    return int(np.count_nonzero(at >= 0))


def _check_strays(handed: Handed, distances: Array, spread: Array) -> None:
    """Batch by batch (of small ones several together), whether views are as near to their samples as crops are."""
    ends = np.cumsum(handed.sizes)
    groups, start = [], 0
    for end in ends:
        if np.count_nonzero(spread[start:end]) >= FEWEST or end == ends[-1]:
            groups.append((start, int(end)))
            start = int(end)
    if len(groups) > 1 and np.count_nonzero(spread[groups[-1][0] :]) < FEWEST:
        groups[-2:] = [(groups[-2][0], groups[-1][1])]
    strays = [first for first, end in groups if distances[first:end].sum() > STRAY * spread[first:end].sum()]
    if strays:
        raise RivalRefused(
            f"the views in {len(strays):,} of {len(groups):,} batches are not of their samples: their mean colours are "
            f"those of others"
        )


def _check_moved(moved: Array, expected: Expected) -> None:
    """Between two epochs."""
    movable = expected.moves > 1.0  # a plain surface does not change with the crop
    if np.count_nonzero(movable) < FEWEST:
        return
    frozen = float(np.mean(moved[movable] < 1e-3))
    if frozen > FROZEN:
        raise RivalRefused(f"{frozen:.0%} of the samples are shown by the same view in two epochs")
    ratio = float(moved[movable].sum() / expected.moves[movable].sum())
    if not MOVED[0] <= ratio <= MOVED[1]:
        raise RivalRefused(
            f"its views differ {ratio:.2f} times as much from epoch to epoch as random crops that show 8% to 100% do"
        )


def _reason(handed: Handed, looked: Sequence[int], unfound: Sequence[int], reference: Reference) -> str:
    """What some of the views that were not found are instead."""
    for number in unfound[:2]:
        image, sample = handed.looked[number], looked[number]
        small = reference.small(sample)
        for words, undo in READINGS:
            undone = undo(image)
            if (
                words != "mirrored"
                and undone.shape == image.shape
                and locate(as_pixels(undone), small, FEW).fit >= FITS
            ):
                return f"hands out images {words}"
        for scale in (255.0, 1.0):
            if locate(image * scale, small, FEW).fit >= FITS:
                return (
                    "hands out images not normalised as asked: its numbers go from "
                    f"{image.min():.3g} to {image.max():.3g}"
                )
        view = as_pixels(image)
        for other in dict.fromkeys(looked):
            if other != sample and locate(view, reference.small(other), FEW).fit >= FITS:
                return f"hands out sample {sample} with the pixels of sample {other}"
    return f"{len(unfound)} of the views looked at show no part of their samples (sample {looked[unfound[0]]})"
