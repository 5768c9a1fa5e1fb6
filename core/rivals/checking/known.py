"""`Known`: the samples of a comparison, decoded once for all rivals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from random import SystemRandom
from time import thread_time

import numpy as np
import numpy.typing as npt

from ...loading.decode import turbo
from ..exported import Exported
from ..inside.samples import Samples
from .crops import Array
from .reference import Reference
from .views import Expected, expected_views

MOST_SAMPLES = 10_000
MOST_PIXELS = 300_000_000
"""Of the samples whose mean colours are compared: about three seconds of decoding. They are drawn for every run."""


OF_TURBO, OF_PILLOW = 0.12, 0.02
"""Of the processor time of decoding with libjpeg-turbo, or with Pillow where that is not installed and for PNG: nobody
makes a batch in less. For CIFAR that is about 2 us; our own fast loader takes 6.4 and 13, of raw pixels 1.5."""

MOMENT = 0.2
"""Seconds that decoding is measured for."""


@dataclass(frozen=True)
class DrawnSamples:
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
    def decoded_bytes(self) -> float:
        """Of all samples' pixels, by some of them."""
        drawn = self._shuffled()[:100]
        return float(np.mean([self.reference.pixels(index).nbytes for index in drawn])) * len(self.samples)

    @cached_property
    def least_cpu_s(self) -> float:
        """Processor seconds below which nobody decodes a sample; 0 where there is nothing to decode."""
        if self.samples.encoding == "raw":
            return 0.0
        least, done, began = 0.0, 0, thread_time()
        for index in self._shuffled():
            start = thread_time()
            plain = turbo(self.samples[index][0]) is None
            if plain:
                self.reference.pixels(index)
            least += (OF_PILLOW if plain else OF_TURBO) * (thread_time() - start)
            done += 1
            if thread_time() - began > MOMENT:
                break
        return least / done

    @cached_property
    def whole(self) -> DrawnSamples:
        chosen, means, pixels = [], [], 0
        for index in self._shuffled():
            decoded = self.reference.pixels(index)
            chosen.append(index)
            means.append(decoded.mean((0, 1)))
            pixels += decoded.size // 3
            if pixels > MOST_PIXELS:
                break
        return DrawnSamples(np.array(chosen, np.int64), np.array(means))

    @cached_property
    def views(self) -> DrawnSamples:
        chosen, smalls = self._shuffled()[: MOST_SAMPLES // 10], []
        for index in chosen:
            smalls.append(self.reference.small(index))
        expected = expected_views(smalls, np.random.default_rng())
        return DrawnSamples(np.array(chosen, np.int64), expected.means, expected)

    def like(self, colour: Array, count: int = 5) -> list[int]:
        """The samples whose mean colours are the nearest to one, (3,) of 0..255."""
        distances = np.abs(self.whole.means - colour).max(1)
        return [int(self.whole.samples[place]) for place in np.argsort(distances)[:count]]

    def _shuffled(self) -> list[int]:
        """Which no rival can foresee."""
        order = list(range(len(self.samples)))
        SystemRandom().shuffle(order)
        return order[:MOST_SAMPLES]
