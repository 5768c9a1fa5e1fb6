"""How random the views of samples are: their mean colours against those of crops that we draw."""

from __future__ import annotations

from math import log
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .crops import Array, cell_means, integral

DRAWS = 48
"""Crops that are drawn of each sample."""


class Expected(NamedTuple):
    """Of the views of n samples: the mean of their mean colours (n, 3) of 0..255; its variance, summed over the
    channels; and how far two views of a sample are apart on average."""

    means: Array
    variances: Array
    moves: Array


def expected_views(smalls: list[npt.NDArray[np.uint8]], random: np.random.Generator) -> Expected:
    """What `train224` makes of samples, uint8 (h, w, 3) each."""
    means, (variances, moves) = np.zeros((len(smalls), 3)), np.zeros((2, len(smalls)))
    for number, small in enumerate(smalls):
        boxes = random_boxes(small.shape[0], small.shape[1], DRAWS, random)
        drawn = cell_means(integral(small), boxes, 1)[:, 0, 0]
        means[number], variances[number] = drawn.mean(0), drawn.var(0, ddof=1).sum()
        moves[number] = np.sqrt(((drawn[::2] - drawn[1::2]) ** 2).sum(1)).mean()
    return Expected(means, variances, moves)


def random_boxes(height: int, width: int, count: int, random: np.random.Generator) -> Array:
    """Boxes as torchvision's RandomResizedCrop draws them: (count, 4), top, left, bottom, right in shares."""
    areas = random.uniform(0.08, 1, (count, 10))
    ratios = np.exp(random.uniform(log(3 / 4), log(4 / 3), (count, 10)))
    wide, high = np.sqrt(areas * ratios * height / width), np.sqrt(areas / ratios * width / height)
    fits = (wide <= 1) & (high <= 1)
    first, rows = fits.argmax(1), np.arange(count)
    sizes = np.stack([high[rows, first], wide[rows, first]], 1)
    sizes[~fits.any(1)] = np.minimum([width / height * 4 / 3, height / width * 4 / 3], 1)
    starts = random.uniform(0, 1, (count, 2)) * (1 - sizes)
    starts[~fits.any(1)] = (1 - sizes[~fits.any(1)]) / 2
    return np.concatenate([starts, starts + sizes], 1)
