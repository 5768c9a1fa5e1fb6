"""JPEGs, with entry points into them where the store has some."""

from __future__ import annotations

from dataclasses import dataclass

from ...base.contracts import Extents
from ..batch_sampler import BatchSpec
from ..jpeg.batch import jpeg_batch, jpeg_sizes, jpeg_views
from ..jpeg.memory import jpeg_memory
from ..jpeg.records import EntryRecords, no_records
from ..normalise import Images
from ..output import Output
from ..statuses import DISAGREES, OK
from .encoded import EncodedPipeline, Numbers, Statuses, Views
from .memory import resample_memory


@dataclass(frozen=True)
class JpegPipeline(EncodedPipeline):
    """See `EncodedPipeline`."""

    def read_sizes(self, payloads: Extents, sizes: Numbers) -> None:
        jpeg_sizes(*payloads, sizes)

    def decode_whole(
        self, payloads: Extents, todo: Numbers, size: tuple[int, ...], output: Output, status: Statuses
    ) -> None:
        jpeg_batch(*payloads, todo, *size, jpeg_memory.state, output, status)

    def decode_views(
        self, spec: BatchSpec, payloads: Extents, todo: Numbers, views: Views, output: Output, status: Statuses
    ) -> None:
        records = self._records(spec, payloads)
        jpeg_views(*payloads, records, todo, *views, jpeg_memory.state, resample_memory.work, output, status)

    def grow(self) -> bool:
        return jpeg_memory.grow()

    def decoded(self, spec: BatchSpec, payloads: Extents, out: Images) -> Statuses:
        """Samples that were decoded in spite of their record are done, and told."""
        status = super().decoded(spec, payloads, out)
        wrong = status == DISAGREES
        if self.stages.entry_points is not None and wrong.any():
            self.stages.entry_points.warn(int(spec.indices[wrong][0]), "decoding does not arrive where it says")
        status[wrong] = OK
        return status

    def _records(self, spec: BatchSpec, payloads: Extents) -> EntryRecords:
        entry_points = self.stages.entry_points
        if entry_points is None:
            return no_records(len(spec.indices))
        return entry_points.of_batch(spec.indices, payloads)
