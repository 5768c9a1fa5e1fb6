"""A picture as text: each character is the upper half of a block, its two colours are two pixels."""

from __future__ import annotations

import numpy as np

from ...base.contracts import Pixels
from ...images.pixels import resize

RESET = "\x1b[0m"
UPPER_HALF = "▀"


def half_blocks(pixels: Pixels, columns: int) -> list[str]:
    """uint8 (H, W, 3) as lines of `columns` characters at most; a smaller picture keeps its size."""
    height, width, _ = pixels.shape
    scale = min(columns / width, 1.0)
    shown = pixels if scale == 1.0 else resize(pixels, max(round(height * scale), 1), max(round(width * scale), 1))
    if len(shown) % 2:
        shown = np.concatenate([shown, shown[-1:]])
    return ["".join(map(_block, upper, lower)) + RESET for upper, lower in zip(shown[::2], shown[1::2], strict=True)]


def _block(upper: np.ndarray, lower: np.ndarray) -> str:
    return "\x1b[38;2;{};{};{};48;2;{};{};{}m".format(*upper, *lower) + UPPER_HALF
