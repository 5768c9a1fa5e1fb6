"""Numbers that are no picture, as figures: least, largest, mean, spread, zeros; a histogram, a grid, the first rows."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

BINS = 40
GRID = 64
"""At most so many rows and columns of the grid: of more, evenly spread ones."""

FIRST_ROWS, FIRST_COLUMNS = 8, 8


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures of `values` numbers, of `total` in the array.

    lowest, highest, mean, deviation: of the finite ones, None where there is none; zeros, unusable (NaN, infinities):
    how many; counts: a histogram in equal bins from lowest to highest; grid, rows: (h, w) numbers, the last axis of the
    array across and all others down: spread evenly, and the first ones.
    """

    values: int
    total: int
    lowest: float | None
    highest: float | None
    mean: float | None
    deviation: float | None
    zeros: int
    unusable: int
    counts: list[int]
    grid: np.ndarray[Any, Any]
    rows: np.ndarray[Any, Any]

    def brief(self) -> dict[str, Any]:
        """Plain JSON: the single figures."""
        return {
            "values": self.values, "of": self.total, "min": self.lowest, "max": self.highest, "mean": self.mean,
            "std": self.deviation, "zeros": self.zeros, "nan": self.unusable,
        }  # fmt: skip

    def full(self) -> dict[str, Any]:
        """With `histogram` (counts in equal bins from min to max), `grid` and `rows`, lists of rows."""
        return {**self.brief(), "histogram": self.counts, "grid": _plain(self.grid), "rows": _plain(self.rows)}


def _plain(values: np.ndarray[Any, Any]) -> list[list[float | None]]:
    return [[float(f"{value:.6g}") if np.isfinite(value) else None for value in row] for row in values.tolist()]


def measured(values: np.ndarray[Any, Any], total: int | None = None) -> Statistics | None:
    """The figures of an array of numbers of any shape; None for one that is empty or holds something else.

    `total`: how many numbers there are where `values` are only the first of them.
    """
    if values.dtype.kind not in "biuf" or values.size == 0:
        return None
    wide = values.astype(np.float64)
    finite = wide[np.isfinite(wide)]
    table = wide.reshape(prod(values.shape[:-1]), values.shape[-1]) if values.ndim > 1 else wide.reshape(1, -1)
    lowest, highest = (float(finite.min()), float(finite.max())) if finite.size else (None, None)
    return Statistics(
        values=int(values.size),
        total=int(values.size) if total is None else total,
        lowest=lowest,
        highest=highest,
        mean=_usable(finite.mean()) if finite.size else None,
        deviation=_usable(finite.std()) if finite.size else None,
        zeros=int(values.size - np.count_nonzero(values)),
        unusable=int(wide.size - finite.size),
        counts=_histogram(finite, lowest, highest),
        grid=table[_spread(table.shape[0])][:, _spread(table.shape[1])],
        rows=table[:FIRST_ROWS, :FIRST_COLUMNS],
    )


def _usable(value: Any) -> float | None:
    """A figure of numbers as large as 1e308 may be infinite."""
    return float(value) if np.isfinite(value) else None


def _histogram(finite: np.ndarray[Any, Any], lowest: float | None, highest: float | None) -> list[int]:
    if lowest is None or highest is None or not np.isfinite(highest - lowest):
        return []
    if lowest == highest:
        return [int(finite.size)]
    return [int(count) for count in np.histogram(finite, BINS, (lowest, highest))[0]]


def _spread(length: int) -> np.ndarray[Any, Any]:
    count = min(length, GRID)
    return np.arange(count, dtype=np.int64) * length // max(count, 1)
