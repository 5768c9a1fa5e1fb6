"""Encoded images of one kind, and what is done about those that its kernels do not know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from ...base.contracts import Extents
from ..batch_sampler import BatchSpec
from ..normalise import Images
from ..output import Output
from ..pipeline import Laps, StagedPipeline, Stopwatch
from ..statuses import TOO_SMALL, UNSUPPORTED
from .locate import Locate
from .memory import axes_of, output_to

Numbers = npt.NDArray[np.int64]
Statuses = npt.NDArray[np.uint8]
"""Of each sample of a batch one of `core.loading.statuses`."""


class Views(NamedTuple):
    """What to show of each image: its size, (n, 2), its view's axes, (n, 2, 4), and whether that is mirrored, (n,)."""

    sizes: Numbers
    axes: npt.NDArray[np.float64]
    flips: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class EncodedPipeline(ABC):
    """Decodes, transforms and normalises image by image while it is in the caches; what is not OK goes to the stages.

    A kind of image gives the four calls of its kernels, which write their `status` for the samples `todo`.
    """

    native: ClassVar[bool] = True
    stages: StagedPipeline
    locate: Locate

    @abstractmethod
    def read_sizes(self, payloads: Extents, sizes: Numbers) -> None:
        """Height and width of each image into `sizes`, (n, 2); zeros for what is not of this kind."""

    @abstractmethod
    def decode_whole(
        self, payloads: Extents, todo: Numbers, size: tuple[int, ...], output: Output, status: Statuses
    ) -> None:
        """Whole images of one height and width."""

    @abstractmethod
    def decode_views(
        self, spec: BatchSpec, payloads: Extents, todo: Numbers, views: Views, output: Output, status: Statuses
    ) -> None:
        """Views of images of any size."""

    @abstractmethod
    def grow(self) -> bool:
        """Make room for larger images; False where they are too large for that."""

    def fill(self, spec: BatchSpec, out: Images) -> Laps:
        watch = Stopwatch()
        with self.stages.guarded(spec.indices):
            payloads = self.locate(spec.indices, watch)
            for number in np.flatnonzero(self.decoded(spec, payloads, out)):
                one = slice(number, number + 1)
                self.stages.fill(spec._replace(indices=spec.indices[one]), out[one])
            watch.lap("decode+transform+normalise")
        return watch.laps

    def decoded(self, spec: BatchSpec, payloads: Extents, out: Images) -> Statuses:
        """Do what the kernels can do; what remains is not `OK` in the result, (n,)."""
        status = np.full(len(spec.indices), TOO_SMALL, np.uint8)
        output = output_to(out, self.stages.normalise)
        views = None if self.stages.transform.name == "none" else self._views(spec, payloads, status)
        while len(todo := np.flatnonzero(status == TOO_SMALL)):
            if views is None:
                self.decode_whole(payloads, todo, out.shape[2:], output, status)
            else:
                self.decode_views(spec, payloads, todo, views, output, status)
            if (status == TOO_SMALL).any() and not self.grow():
                status[status == TOO_SMALL] = UNSUPPORTED
        return status

    def _views(self, spec: BatchSpec, payloads: Extents, status: Statuses) -> Views:
        """Of images without a size, whose status is set, something."""
        sizes = np.empty((len(status), 2), np.int64)
        self.read_sizes(payloads, sizes)
        status[(sizes == 0).any(1)] = UNSUPPORTED
        return Views(sizes, *axes_of(self.stages.transform.views(spec, np.maximum(sizes, 1).tolist())))
