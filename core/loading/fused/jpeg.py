"""JPEGs, and what is done about those that the kernels do not know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ...base.contracts import Extents
from ..batch_sampler import BatchSpec
from ..jpeg.entry_points import DISAGREES
from ..jpeg.markers import OK, TOO_SMALL, UNSUPPORTED
from ..jpeg.records import Records, no_records
from ..kernels import jpeg_batch, jpeg_sizes, jpeg_views
from ..normalise import Images
from ..pipeline import Laps, StagedPipeline, Stopwatch
from .locate import Locate
from .memory import axes_of, kernel_memory, output_to


@dataclass(frozen=True)
class JpegPipeline:
    """JPEGs: decoded, transformed and normalised image by image while it is in the caches."""

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
        records = self._records(spec) if views else None
        while len(todo := np.flatnonzero(status == TOO_SMALL)):
            if views:
                jpeg_views(*payloads, records, todo, *views, kernel_memory.state, kernel_memory.work, output, status)
            else:
                jpeg_batch(*payloads, todo, *out.shape[2:], kernel_memory.state, output, status)
            if (status == TOO_SMALL).any() and not kernel_memory.grow():
                status[status == TOO_SMALL] = UNSUPPORTED
        self._tell(spec, status)
        return status

    def _records(self, spec: BatchSpec) -> Records:
        entry_points = self.stages.entry_points
        return no_records(len(spec.indices)) if entry_points is None else entry_points.of_batch(spec.indices)

    def _tell(self, spec: BatchSpec, status: npt.NDArray[np.uint8]) -> None:
        """Of samples that were decoded in spite of their record: they are done."""
        wrong = status == DISAGREES
        if self.stages.entry_points is not None and wrong.any():
            self.stages.entry_points.warn(int(spec.indices[wrong][0]), "decoding does not arrive where it says")
        status[wrong] = OK

    def _views(
        self, spec: BatchSpec, payloads: Extents, status: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Each image's size, (n, 2), and its view, as `jpeg_views` takes them; what has no size is marked."""
        sizes = np.empty((len(status), 2), np.int64)
        jpeg_sizes(*payloads, sizes)
        status[(sizes == 0).any(1)] = UNSUPPORTED
        return sizes, *axes_of(self.stages.transform.views(spec, np.maximum(sizes, 1).tolist()))
