"""Samples of any number of bands as RGB: `bands` says which are shown, the dataset what is black and white."""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np

from ..base.contracts import Pixels
from . import bands as bands_of
from .bands import NOTHING, Bands, Hints
from .scaling import extremes, scaled, usual
from .value_range import ValueRange, Values


class BandSamples(NamedTuple):
    """array: (height, width, bands) of bools, integers or floats, upright. hints: what the file says of its bands.
    alpha: whether the last of them is declared to be transparency. no_data: the value that stands for none. inverted:
    its lowest values are white."""

    array: np.ndarray
    hints: Hints = NOTHING
    alpha: bool = False
    no_data: float | None = None
    inverted: bool = False


def shown(samples: BandSamples, values: ValueRange | None, asked: tuple[int, ...] | None) -> tuple[Pixels, Values]:
    """RGB, and what values it was made from, which are not looked for where they are known.

    Raises ValueError for bands that there are not.
    """
    array = samples.array
    kind = "float" if array.dtype.kind == "f" else "byte" if array.dtype in (np.bool_, np.uint8) else "integer"
    known = None if values is None else {"float": values.floats, "byte": values.bytes, "integer": values.integers}[kind]
    count = array.shape[2] - samples.alpha
    chosen = _chosen(samples, count, asked, signed=known is not None and known[0] < 0)
    picked = array[:, :, list(chosen.chosen)]
    if array.dtype == np.bool_:
        picked = picked.astype(np.uint8) * np.uint8(255)
    found = Values(kind, 0, 0) if known is not None else extremes(picked, kind, samples.no_data)
    narrow = picked if kind == "byte" and known is None else scaled(picked, known or usual(found))
    if samples.inverted:
        narrow = np.subtract(255, narrow, dtype=np.uint8)
    if samples.alpha:
        narrow = _over_white(narrow, array[:, :, -1])
    pixels = np.ascontiguousarray(np.broadcast_to(narrow, (*array.shape[:2], 3)))
    hidden = 0 if chosen.chosen in ((0,), (0, 1, 2)) and len(chosen.chosen) == count else count
    return cast("Pixels", pixels), found._replace(bands=hidden)


def _chosen(samples: BandSamples, count: int, asked: tuple[int, ...] | None, signed: bool) -> Bands:
    if asked is not None:
        return bands_of.asked(count, asked)
    return bands_of.choose(count, samples.hints, signed and count == bands_of.MOST_CHANNELS)


def _over_white(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """uint8 (h, w, n) with a transparency of any type (h, w), 0 to the most of its type (floats: 1), over white."""
    most = float(np.iinfo(alpha.dtype).max) if alpha.dtype.kind in "iu" else 1.0
    share = np.clip(np.nan_to_num(alpha.astype(np.float64)) / most, 0, 1)[:, :, None]
    return np.asarray(np.rint(colours * share + 255 * (1 - share)), dtype=np.uint8)
