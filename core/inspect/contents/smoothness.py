"""How much the neighbouring values of an image differ, by which the order of its axes is told."""

from __future__ import annotations

from typing import Any

import numpy as np


def roughness(image: np.ndarray[Any, Any], axes: tuple[int, ...] = (0, 1)) -> float:
    """The mean difference of neighbours along the first two axes, or one of them; (H, W) or (H, W, C)."""
    wide = image.astype(np.float32)
    steps = [np.nanmean(np.abs(np.diff(wide, axis=axis))) for axis in axes if image.shape[axis] > 1]
    return float(np.sum(steps)) if steps else 0.0
