"""A batch that several threads fill, each a run of its samples.

Random transforms depend on the seed, the epoch and the sample alone, so that the cuts do not show in the pixels.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from .batch_sampler import BatchSpec
from .collate import BufferPool
from .normalise import Images
from .pipeline import Laps

LEAST = 1 << 18
"""Bytes of a batch below which a part is not worth its call."""

LARGE = 1 << 23
"""Bytes from which on a batch is always cut: several of them in the making would not fit into any cache."""


class Made(NamedTuple):
    """A batch on the host; `laps` are summed over its parts."""

    spec: BatchSpec
    images: Images
    laps: Laps


def parts_of(size: int, idle: int, threads: int) -> int:
    """How many parts a batch of so many bytes is cut into, where `idle` of `threads` have nothing else to do."""
    wanted = threads if size >= LARGE else idle
    return max(min(size // LEAST, wanted), 1)


class SlicedBatch:
    """See `core.loading.executors.Work`. The batch's memory is taken when the first part begins."""

    def __init__(
        self, spec: BatchSpec, parts: int, pool: BufferPool, fill: Callable[[BatchSpec, Images], Laps]
    ) -> None:
        """`fill` writes the samples of a spec into as many rows. More parts than samples are not made."""
        self.parts = max(min(parts, len(spec.indices)), 1)
        self._spec, self._pool, self._fill = spec, pool, fill
        self._images: Images | None = None
        self._laps: dict[int, Laps] = {}
        self._lock = threading.Lock()

    def do(self, part: int) -> None:
        count = len(self._spec.indices)
        rows = slice(count * part // self.parts, count * (part + 1) // self.parts)
        spec = self._spec._replace(indices=self._spec.indices[rows])
        self._laps[part] = self._fill(spec, self._memory()[rows])

    def made(self) -> Made:
        images, self._images = self._memory(), None
        laps: dict[str, float] = {}
        for part in range(self.parts):
            for stage, seconds in self._laps[part].items():
                laps[stage] = laps.get(stage, 0.0) + seconds
        return Made(self._spec, images, laps)

    def _memory(self) -> Images:
        with self._lock:
            if self._images is None:
                self._images = self._pool.take(len(self._spec.indices))
            return self._images
