"""The fast pipelines: decode, transform and normalise in one pass over memory, compiled (`kernels`).

They give what the staged pipeline gives: bit-equal pixels without resizing, more than 40 dB with it. What they
do not know (rotated by EXIF, progressive, broken, ...) they leave to it, sample by sample.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..base.contracts import Buffer, Extents, ManyAtOnce, Mapped, Shape
from .batch_sampler import BatchSpec, Indices
from .decode import JPEG
from .jpeg.markers import TOO_SMALL, UNSUPPORTED
from .jpeg.state import DecoderState, new_state
from .kernels import jpeg_batch, jpeg_sizes, jpeg_views, raw_batch, raw_views
from .normalise import Images, Normalise
from .output import INTERLEAVED, PIECE, PLANAR, Output
from .pipeline import Laps, Pipeline, StagedPipeline, Stopwatch, Stored
from .resample import Workspace, new_workspace
from .transform import View

LARGEST = 1 << 29
"""Bytes of samples or of entropy-coded data for which memory is kept ready; larger images are Pillow's."""


class KernelMemory(threading.local):
    """What kernels work in, once a thread."""

    def __init__(self) -> None:
        self.state: DecoderState = new_state(1 << 16, 1 << 16)

    @cached_property
    def work(self) -> Workspace:
        return new_workspace()

    def grow(self) -> bool:
        """Make room for larger images; False where they are too large for that."""
        stream, samples = 4 * len(self.state.stream), 4 * len(self.state.samples)
        if samples > LARGEST:
            return False
        self.state = new_state(stream, samples)
        return True


_memory = KernelMemory()


def output_to(out: Images, normalise: Normalise) -> Output:
    """A batch, (B, 3, H, W) in the order of its shape or as channels_last, as the kernels take it."""
    planar, whole = out.flags.c_contiguous, normalise.output == "uint8"
    memory = out if planar else out.transpose(0, 2, 3, 1)
    # What is cut off after the point is rounded by adding a half.
    scale, shift = (np.ones(3), np.full(3, 0.5)) if whole else (normalise.scale, normalise.shift)
    layout = (PLANAR if planar else INTERLEAVED) + whole
    return Output(memory.reshape(len(out), -1).view(np.uint8), layout, np.stack([scale, shift], 1).ravel().astype("f4"))


def joined(payloads: Sequence[Buffer]) -> Extents:
    """Payloads side by side in one piece of memory."""
    lengths = np.fromiter(map(len, payloads), np.int64, len(payloads))
    memory = np.frombuffer(b"".join(payloads), np.uint8)
    return Extents(memory, np.cumsum(lengths) - lengths, lengths)


@dataclass(frozen=True)
class Locate:
    """Fetch and decompress, as far as there is anything to do: where the payloads of these samples lie in memory."""

    stages: StagedPipeline

    def __call__(self, indices: Indices, watch: Stopwatch) -> Extents:
        mapped = self._mapped
        if mapped is None:
            stored = self.stages.fetch(indices)
            watch.lap("fetch")
            located = joined(self.stages.decompressed(indices, stored))
        else:
            located = Extents(mapped.memory, mapped.offsets[indices], mapped.lengths[indices])
            watch.lap("fetch")
            if not self.stages.compression.identity:
                located = joined(self._decompressed(indices, located))
            if self.stages.checks is not None:
                self.stages.checks.of_extents(indices, located)
        watch.lap("decompress")
        return located

    def _decompressed(self, indices: Indices, stored: Extents) -> Sequence[Buffer]:
        """All at once where the compression can; one by one where not, or where one is broken: that names it."""
        compression = self.stages.compression
        if isinstance(compression, ManyAtOnce):
            with suppress(ValueError):
                return compression.decompress_many(stored)
        return self.stages.decompressed(indices, self.stages.fetch(indices))

    @cached_property
    def _mapped(self) -> Extents | None:
        """The whole container's extents, where it is mapped."""
        reader = self.stages.reader
        return reader.extents() if isinstance(reader, Mapped) else None

    def __getstate__(self) -> dict[str, Any]:
        return {"stages": self.stages}


def axes_of(views: Sequence[View]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The views as kernels take them: (n, 2, 4) and (n,)."""
    table = np.array(views, np.float64)
    rows, columns = table[:, [0, 1, 4, 5]], table[:, [2, 3, 6, 7]]
    return np.ascontiguousarray(np.stack([rows, columns], 1)), table[:, 8] != 0


@dataclass(frozen=True)
class RawPipeline:
    """Bare pixels of one shape: gathered, transformed, normalised and laid out in one pass."""

    native: ClassVar[bool] = True
    stages: StagedPipeline
    locate: Locate
    shape: Shape

    def fill(self, spec: BatchSpec, out: Images) -> Laps:
        watch = Stopwatch()
        with self.stages.guard:
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
        return bool(raw_views(payloads.memory, payloads.offsets, height, width, axes, flips, _memory.work, output))


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
        while len(todo := np.flatnonzero(status == TOO_SMALL)):
            if views:
                jpeg_views(*payloads, todo, *views, _memory.state, _memory.work, output, status)
            else:
                jpeg_batch(*payloads, todo, *out.shape[2:], _memory.state, output, status)
            if (status == TOO_SMALL).any() and not _memory.grow():
                status[status == TOO_SMALL] = UNSUPPORTED
        return status

    def _views(
        self, spec: BatchSpec, payloads: Extents, status: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Each image's size, (n, 2), and its view, as `jpeg_views` takes them; what has no size is marked."""
        sizes = np.empty((len(status), 2), np.int64)
        jpeg_sizes(*payloads, sizes)
        status[(sizes == 0).any(1)] = UNSUPPORTED
        return sizes, *axes_of(self.stages.transform.views(spec, np.maximum(sizes, 1).tolist()))


def fuse(store: Stored, stages: StagedPipeline) -> Pipeline:
    """The fastest pipeline that knows this store's payloads; the staged one where none does."""
    if store.payload_shape is not None and prod(store.payload_shape[:2]) >= PIECE:
        return RawPipeline(stages, Locate(stages), store.payload_shape)
    (first,) = stages.decompressed(np.zeros(1, np.int64), stages.fetch(np.zeros(1, np.int64)))
    return JpegPipeline(stages, Locate(stages)) if bytes(first[:3]) == JPEG else stages
