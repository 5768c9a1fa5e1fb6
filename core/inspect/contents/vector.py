"""Numbers of four, eight or two bytes side by side, as embeddings are kept: told by how alike their sizes are."""

from __future__ import annotations

from typing import Any

import numpy as np

from .content import MOST_NUMBERS, Content, vector_text

FEWEST = 8
_SMALLEST, _LARGEST = 1e-9, 1e5


def read(value: bytes) -> Content | None:
    for dtype in ("<f4", "<f8", "<f2"):
        width = np.dtype(dtype).itemsize
        if len(value) % width or len(value) < FEWEST * width:
            continue
        numbers = np.frombuffer(value, dtype)
        if _plausible(numbers[:4096]):
            vector = np.asarray(numbers[:MOST_NUMBERS], np.float64)
            return Content(
                "vector", "vector", value, None, numbers.shape, str(numbers.dtype), None, vector_text(numbers), vector
            )
    return None


def _plausible(numbers: np.ndarray[Any, Any]) -> bool:
    """Whether nearly all are zero or of a usual size, and they differ. Random bytes seldom are that."""
    sizes = np.abs(numbers[np.isfinite(numbers)].astype(np.float64))
    if len(sizes) < len(numbers) or not sizes.any():
        return False
    shortest, longest = (1e-3, 1e2) if numbers.dtype.itemsize == 2 else (_SMALLEST, _LARGEST)
    sizes = sizes[sizes > 0]
    usual = (sizes > shortest) & (sizes < longest)
    return bool(usual.mean() > 0.99) and len(np.unique(numbers)) > 3
