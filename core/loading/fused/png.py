"""PNGs."""

from __future__ import annotations

from dataclasses import dataclass

from ...base.contracts import Extents
from ..batch_sampler import BatchSpec
from ..output import Output
from ..png.batch import png_batch, png_sizes, png_views
from ..png.memory import png_memory
from .encoded import EncodedPipeline, Numbers, Statuses, Views
from .memory import resample_memory


@dataclass(frozen=True)
class PngPipeline(EncodedPipeline):
    """See `EncodedPipeline`."""

    def read_sizes(self, payloads: Extents, sizes: Numbers) -> None:
        png_sizes(*payloads, sizes)

    def decode_whole(
        self, payloads: Extents, todo: Numbers, size: tuple[int, ...], output: Output, status: Statuses
    ) -> None:
        png_batch(*payloads, todo, *size, png_memory.state, output, status)

    def decode_views(
        self, spec: BatchSpec, payloads: Extents, todo: Numbers, views: Views, output: Output, status: Statuses
    ) -> None:
        png_views(*payloads, todo, *views, png_memory.state, resample_memory.work, output, status)

    def grow(self) -> bool:
        return png_memory.grow()
