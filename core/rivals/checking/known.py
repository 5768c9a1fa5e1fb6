"""`Known`: the samples of a comparison, decoded once for all rivals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from random import SystemRandom

import numpy as np
import numpy.typing as npt

from ..exported import Exported
from ..inside.samples import Samples
from .crops import Array
from .reference import Reference
from .views import Expected, expected_views

MOST_SAMPLES = 10_000
MOST_PIXELS = 300_000_000
"""Of the samples whose mean colours are compared: about three seconds of decoding. They are drawn for every run."""


@dataclass(frozen=True)
class Drawn:
    """Samples that were drawn to be compared, int64 (n,), and their mean colours (n, 3) of 0..255, or their views'."""

    samples: npt.NDArray[np.int64]
    means: Array
    views: Expected | None = None


class Known:
    """What several rivals are compared with, decoded once."""

    def __init__(self, exported: Exported) -> None:
        self.samples = Samples(exported.folder)
        self.classes = exported.classes
        self.reference = Reference(self.samples)

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the first sample, and so of all that are handed out without a transform."""
        height, width = self.reference.pixels(0).shape[:2]
        return height, width

    @cached_property
    def whole(self) -> Drawn:
        chosen, means, pixels = [], [], 0
        for index in self._shuffled():
            decoded = self.reference.pixels(index)
            chosen.append(index)
            means.append(decoded.mean((0, 1)))
            pixels += decoded.size // 3
            if pixels > MOST_PIXELS:
                break
        return Drawn(np.array(chosen, np.int64), np.array(means))

    @cached_property
    def views(self) -> Drawn:
        chosen, smalls = self._shuffled()[: MOST_SAMPLES // 10], []
        for index in chosen:
            smalls.append(self.reference.small(index))
        expected = expected_views(smalls, np.random.default_rng())
        return Drawn(np.array(chosen, np.int64), expected.means, expected)

    def like(self, colour: Array, count: int = 5) -> list[int]:
        """The samples whose mean colours are the nearest to one, (3,) of 0..255."""
        distances = np.abs(self.whole.means - colour).max(1)
        return [int(self.whole.samples[place]) for place in np.argsort(distances)[:count]]

    def _shuffled(self) -> list[int]:
        """Which no rival can foresee."""
        order = list(range(len(self.samples)))
        SystemRandom().shuffle(order)
        return order[:MOST_SAMPLES]
