"""Bare pixels of one shape."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from ...base.contracts import Extents, Shape
from ..batch_sampler import BatchSpec
from ..kernels import raw_batch, raw_views
from ..normalise import Images
from ..pipeline import Laps, StagedPipeline, Stopwatch
from .locate import Interleave, Locate
from .memory import axes_of, output_to, resample_memory


@dataclass(frozen=True)
class RawPipeline:
    """Bare pixels of one shape: gathered, transformed, normalised and laid out in one pass."""

    native: ClassVar[bool] = True
    stages: StagedPipeline
    locate: Locate | Interleave
    shape: Shape

    def fill(self, spec: BatchSpec, out: Images) -> Laps:
        watch = Stopwatch()
        with self.stages.guarded(spec.indices):
            payloads = self.locate(spec.indices, watch)
            if (payloads.lengths != prod(self.shape)).any() or not self._fill(spec, payloads, out):
                return self.stages.fill(spec, out)
            watch.lap("transform+normalise")
        return watch.laps

    def _fill(self, spec: BatchSpec, payloads: Extents, out: Images) -> bool:
        height, width, _ = self.shape
        output = output_to(out, self.stages.normalise)
        if self.stages.transform.name == "none":
            raw_batch(payloads.memory, payloads.offsets, height * width, output)
            return True
        axes, flips = axes_of(self.stages.transform.views(spec, [(height, width)] * len(spec.indices)))
        return bool(
            raw_views(payloads.memory, payloads.offsets, height, width, axes, flips, resample_memory.work, output)
        )
