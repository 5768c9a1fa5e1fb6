"""Numbers of any type as 8 bits, and what they reach."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import numpy as np

from .value_range import FULL, Bounds, Values

NO_NUMBER = 1e30
"""Floats beyond that stand for "nothing was measured here"."""


def extremes(samples: np.ndarray, kind: str, no_data: float | None = None) -> Values:
    """The least and the largest of the samples that say something: finite ones that are not `no_data`."""
    said = samples
    if samples.dtype.kind == "f":
        said = samples[np.abs(samples, where=np.isfinite(samples), out=np.full(samples.shape, np.inf)) < NO_NUMBER]
    if no_data is not None:
        said = said[said != no_data]
    return Values(kind, said.min().item(), said.max().item()) if said.size else Values(kind, 0, 0)


def usual(found: Values) -> Bounds:
    """Black and white of an image that belongs to no dataset."""
    if found.kind == "float":
        return (0, 1) if found.low >= 0 and found.high <= 1 else (0, 255)
    return next(
        (bounds for bounds in (FULL, (0, 2**31 - 1), (0, 2**32 - 1)) if found.high <= bounds[1]), (0, 2**64 - 1)
    )


def scaled(samples: np.ndarray, bounds: Bounds) -> np.ndarray:
    """Samples of any shape as uint8: black and white become 0 and 255, what lies beyond them too, NaN becomes 0."""
    if samples.dtype in (np.uint16, np.uint8):
        return cast("np.ndarray", _table(bounds, samples.dtype.itemsize)[samples])
    black, white = bounds
    wide = samples.astype(np.float64)
    wide[np.isnan(wide)] = black
    return np.asarray(np.clip(np.rint((wide - black) * (255.0 / (white - black))), 0, 255), dtype=np.uint8)


@lru_cache(maxsize=8)
def _table(bounds: Bounds, size: int) -> np.ndarray:
    """`scaled` for every number of so many bytes: uint8 (65536,) or (256,)."""
    return scaled(np.arange(1 << 8 * size, dtype=np.int64), bounds)
