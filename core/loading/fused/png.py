"""PNGs, and what is done about those that the kernels do not know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ...base.contracts import Extents
from ..batch_sampler import BatchSpec
from ..jpeg.markers import TOO_SMALL, UNSUPPORTED
from ..normalise import Images
from ..pipeline import Laps, StagedPipeline, Stopwatch
from ..png.batch import png_batch, png_sizes, png_views
from .locate import Locate
from .memory import axes_of, kernel_memory, output_to


@dataclass(frozen=True)
class PngPipeline:
    """PNGs: decoded, transformed and normalised image by image while it is in the caches."""

    native: ClassVar[bool] = True
    stages: StagedPipeline
    locate: Locate

    def fill(self, spec: BatchSpec, out: Images) -> Laps:
        watch = Stopwatch()
        with self.stages.guard:
            payloads = self.locate(spec.indices, watch)
            for number in np.flatnonzero(self._fill(spec, payloads, out)):
                one = slice(number, number + 1)
                self.stages.fill(spec._replace(indices=spec.indices[one]), out[one])
            watch.lap("decode+transform+normalise")
        return watch.laps

    def _fill(self, spec: BatchSpec, payloads: Extents, out: Images) -> npt.NDArray[np.uint8]:
        """Do what the kernels can do; what remains is not `OK` in the result, (n,)."""
        status = np.full(len(spec.indices), TOO_SMALL, np.uint8)
        output = output_to(out, self.stages.normalise)
        views = () if self.stages.transform.name == "none" else self._views(spec, payloads, status)
        while len(todo := np.flatnonzero(status == TOO_SMALL)):
            if views:
                png_views(*payloads, todo, *views, kernel_memory.png, kernel_memory.work, output, status)
            else:
                png_batch(*payloads, todo, *out.shape[2:], kernel_memory.png, output, status)
            if (status == TOO_SMALL).any() and not kernel_memory.grow_png():
                status[status == TOO_SMALL] = UNSUPPORTED
        return status

    def _views(
        self, spec: BatchSpec, payloads: Extents, status: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Each image's size, (n, 2), and its view, as `png_views` takes them; what has no size is marked."""
        sizes = np.empty((len(status), 2), np.int64)
        png_sizes(*payloads, sizes)
        status[(sizes == 0).any(1)] = UNSUPPORTED
        return sizes, *axes_of(self.stages.transform.views(spec, np.maximum(sizes, 1).tolist()))
