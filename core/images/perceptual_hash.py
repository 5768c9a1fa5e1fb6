"""Numbers of 64 bits that stay almost the same when a picture is encoded again, resized or made brighter.

Two schemes, which err in different ways; pictures are alike where both say so:

- pHash: the 8 x 8 lowest frequencies of the discrete cosine transform of a grey picture of 32 x 32; a bit for each that
  is above their median (C. Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010, 3.2.1; the
  median as in the library imagehash).
- dHash: a grey picture of 9 x 8; a bit for each pixel that is brighter than its left neighbour (N. Krawetz, Kind of
  Like That, hackerfactor.com, 2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..base.contracts import Pixels

Hashes = npt.NDArray[np.uint64]
"""(n, 2): pHash and dHash of each picture."""

SIDE, KEPT = 32, 8

_COSINES = np.cos(np.pi * (2 * np.arange(SIDE)[None] + 1) * np.arange(KEPT)[:, None] / (2 * SIDE))
"""The lowest frequencies of DCT-II, unscaled: (8, 32)."""


class GreyThumbnails(NamedTuple):
    """What both hashes are made of: uint8 (32, 32) and uint8 (8, 9)."""

    square: npt.NDArray[np.uint8]
    rows: npt.NDArray[np.uint8]


def grey_thumbnails(pixels: Pixels) -> GreyThumbnails:
    """Of a picture of any size, every pixel of which counts."""
    grey = Image.fromarray(pixels).convert("L")
    square, rows = (np.asarray(grey.resize(size, Image.Resampling.BOX)) for size in ((SIDE, SIDE), (KEPT + 1, KEPT)))
    return GreyThumbnails(square, rows)


def perceptual_hashes(thumbnails: Sequence[GreyThumbnails]) -> Hashes:
    """uint64 (n, 2)."""
    if not thumbnails:
        return np.empty((0, 2), np.uint64)
    squares = np.stack([one.square for one in thumbnails]).astype(np.float64)
    low = (_COSINES @ squares @ _COSINES.T).reshape(len(thumbnails), KEPT * KEPT)
    rows = np.stack([one.rows for one in thumbnails])
    brighter = (rows[:, :, 1:] > rows[:, :, :-1]).reshape(len(thumbnails), KEPT * KEPT)
    return np.column_stack([_packed(low > np.median(low, axis=1, keepdims=True)), _packed(brighter)])


def _packed(bits: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint64]:
    """(n, 64) -> (n,)."""
    return np.packbits(bits, axis=1).view(">u8").astype(np.uint64)[:, 0]
