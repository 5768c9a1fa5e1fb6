"""The fast pipelines: decode, transform and normalise in one pass over memory, compiled (`kernels`).

They give what the staged pipeline gives: bit-equal pixels without resizing, more than 40 dB with it. What they
do not know (rotated by EXIF, progressive, interlaced, broken, ...) they leave to it, sample by sample.
"""

from __future__ import annotations

from math import prod

import numpy as np

from ..decode import JPEG, PNG
from ..output import PIECE
from ..pipeline import Pipeline, StagedPipeline, Stored
from .jpeg import JpegPipeline
from .locate import Locate
from .png import PngPipeline
from .raw import RawPipeline


def fuse(store: Stored, stages: StagedPipeline) -> Pipeline:
    """The fastest pipeline that knows this store's payloads; the staged one where none does."""
    if store.payload_shape is not None and prod(store.payload_shape[:2]) >= PIECE:
        return RawPipeline(stages, Locate(stages), store.payload_shape)
    (first,) = stages.decompressed(np.zeros(1, np.int64), stages.fetch(np.zeros(1, np.int64)))
    if bytes(first[: len(PNG)]) == PNG:
        return PngPipeline(stages, Locate(stages))
    return JpegPipeline(stages, Locate(stages)) if bytes(first[: len(JPEG)]) == JPEG else stages
