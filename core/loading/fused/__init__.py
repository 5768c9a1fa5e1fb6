"""The fast pipelines: decode, transform and normalise in one pass over memory, compiled (`kernels`).

They give what the staged pipeline gives: bit-equal pixels without resizing, more than 40 dB with it. What they
do not know (rotated by EXIF, progressive, interlaced, broken, ...) they leave to it, sample by sample.

This module imports none of them, so that what a store needs is known without the compiler. A new one is a line in
`KINDS`: its kernels are then compiled in advance with all others, by batches of a few images (`compile_kernels`).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import NamedTuple

from ...base.contracts import Rearranged, Shape
from ...base.package import load
from ..decode import JPEG, PNG
from ..pipeline import Pipeline, StagedPipeline, Stored, probes_of
from .locate import Interleave, Locate

LEAST_PIXELS = 16
"""Pixels that a sample needs for the kernels (`core.loading.output.PIECE`)."""


class FusedKind(NamedTuple):
    """Payloads of one kind: the pipeline's "module:Class", how its payloads begin, the encoding that makes them."""

    pipeline: str
    begins: bytes
    encoding: str


RAW = "raw"

KINDS: Mapping[str, FusedKind] = {
    RAW: FusedKind(".loading.fused.raw:RawPipeline", b"", "raw"),
    "jpeg": FusedKind(".loading.fused.jpeg:JpegPipeline", JPEG, "jpeg"),
    "png": FusedKind(".loading.fused.png:PngPipeline", PNG, "png"),
}
"""By name; bare pixels are known by their shape, the others by their first bytes."""

GATHER = "gather"
"""The set of kernels that only the measurement of stage limits needs."""

NOTING = "entry points"
"""The set of kernels with which builds note entry points into JPEGs."""

SETS = (*(f"{kind}/{part}" for kind in KINDS for part in ("whole", "views")), GATHER, NOTING)
"""The sets of kernels, each compiled as one: of each kind those for whole images and those for views of them."""


def kind_of(store: Stored, stages: StagedPipeline) -> str | None:
    """The name in `KINDS` of what this store's payloads are; None where no kernels know them."""
    shape = _bare_shape(store)
    if shape is not None and prod(shape[:2]) >= LEAST_PIXELS:
        return RAW
    if not stages.decode.as_usual:
        return None
    one = probes_of(store, 1)
    (first,) = stages.decompressed(one, stages.fetch(one))
    begins = bytes(first[:16])
    return next((name for name, kind in KINDS.items() if kind.begins and begins.startswith(kind.begins)), None)


def set_of(kind: str, transform: str) -> str:
    """The name in `SETS` of what a pipeline of this kind needs for a transform."""
    return f"{kind}/{'whole' if transform == 'none' else 'views'}"


def fuse(store: Stored, stages: StagedPipeline) -> Pipeline:
    """The fastest pipeline that knows this store's payloads; the staged one where none does.

    What is not compiled is compiled at its first use, which then waits.
    """
    kind = kind_of(store, stages)
    if kind is None:
        return stages
    locate: Locate | Interleave = Locate(stages)
    if kind == RAW and isinstance(store.encoding, Rearranged):
        locate = Interleave(Locate(stages), store.encoding)
    shape = (_bare_shape(store),) if kind == RAW else ()
    pipeline: Pipeline = load(KINDS[kind].pipeline)(stages, locate, *shape)
    return pipeline


def _bare_shape(store: Stored) -> Shape | None:
    """The shape of every sample's pixels where payloads are bare pixels, in whatever arrangement; else None."""
    return store.encoding.pixels_shape if isinstance(store.encoding, Rearranged) else store.payload_shape
