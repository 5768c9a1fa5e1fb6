"""Which part of its sample a view shows: found by comparing means of cells, so that it does not matter who resized."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

COARSE, FINE = 4, 10
"""Cells along an edge while candidates are tried, and while the best of them are moved."""

KEPT = 24
"""Candidates that are moved, the best first, until one fits."""

FITS = 0.95
"""Of views of photos that Pillow made, all but one in 300 fit their own sample to 0.96, another one to 0.87 at most."""

AREAS = np.geomspace(0.08, 1, 9)
"""Shares of a sample's area that are tried."""

RATIOS = np.geomspace(3 / 4, 4 / 3, 4)
"""Widths over heights that are tried."""


class Found(NamedTuple):
    """The best place of a view: `box` (top, left, bottom, right) in shares of the sample; `fit`: 1 where the sample
    has just these pixels there, 0 where a plain surface would fit as well."""

    box: Array
    flipped: bool
    fit: float

    @property
    def area(self) -> float:
        """The share of the sample that the view shows."""
        top, left, bottom, right = self.box
        return float((bottom - top) * (right - left))


def locate(view: Array, sample: npt.NDArray[np.uint8], kept: int = KEPT) -> Found:
    """Look for a view, (3, H, W) of 0..255, in a sample, uint8 (h, w, 3). `kept`: candidates that are moved at most."""
    sums = integral(sample)
    boxes = _candidates(sample.shape[0], sample.shape[1])
    wanted, fine = _view_cells(view, COARSE), _view_cells(view, FINE)
    cells = cell_means(sums, boxes, COARSE)
    errors = np.stack([_errors(cells, wanted), _errors(cells, wanted[:, ::-1])], 1).ravel()
    best = Found(boxes[0], False, -np.inf)
    for number in np.argsort(errors)[:kept]:
        moved = _moved(sums, Found(boxes[number // 2], bool(number % 2), 0.0), fine)
        best = max(best, moved, key=lambda one: one.fit)
        if best.fit >= FITS:
            break
    return best


def contrast(view: Array) -> float:
    """The standard deviation of a view's cells, of 0..255."""
    cells = _view_cells(view, FINE)
    return float(np.sqrt(np.mean((cells - cells.mean((0, 1))) ** 2)))


def integral(sample: npt.NDArray[np.uint8]) -> Array:
    """Sums of all pixels above and left of each corner: (h + 1, w + 1, 3)."""
    sums = np.zeros((sample.shape[0] + 1, sample.shape[1] + 1, 3))
    sums[1:, 1:] = sample.cumsum(0, dtype=np.float64).cumsum(1)
    return sums


def cell_means(sums: Array, boxes: Array, cells: int) -> Array:
    """The mean of each cell of boxes (n, 4) in shares of the sample: (n, cells, cells, 3)."""
    height, width = sums.shape[0] - 1, sums.shape[1] - 1
    steps = np.linspace(0, 1, cells + 1)
    rows = np.clip((boxes[:, :1] + (boxes[:, 2:3] - boxes[:, :1]) * steps) * height, 0, height)
    columns = np.clip((boxes[:, 1:2] + (boxes[:, 3:] - boxes[:, 1:2]) * steps) * width, 0, width)
    low, left = np.minimum(rows.astype(np.intp), height - 1), np.minimum(columns.astype(np.intp), width - 1)
    down, right = (rows - low)[:, :, None, None], (columns - left)[:, None, :, None]
    upper, lower = low[:, :, None], low[:, :, None] + 1
    above = sums[upper, left[:, None]] * (1 - right) + sums[upper, left[:, None] + 1] * right
    below = sums[lower, left[:, None]] * (1 - right) + sums[lower, left[:, None] + 1] * right
    corners = above * (1 - down) + below * down
    inside = np.diff(np.diff(corners, axis=1), axis=2)
    areas = np.maximum(np.diff(rows, axis=1)[:, :, None] * np.diff(columns, axis=1)[:, None], 1e-9)
    means: Array = inside / areas[..., None]
    return means


def _candidates(height: int, width: int) -> Array:
    boxes: list[tuple[float, float, float, float]] = [(0.0, 0.0, 1.0, 1.0)]
    for area in AREAS:
        for ratio in RATIOS:
            high, wide = np.sqrt(area * width / height / ratio), np.sqrt(area * height / width * ratio)
            high, wide = min(high, 1.0), min(wide, 1.0)
            for top in np.linspace(0, 1 - high, int((1 - high) / high * 5) + 1):
                for left in np.linspace(0, 1 - wide, int((1 - wide) / wide * 5) + 1):
                    boxes.append((top, left, top + high, left + wide))
    return np.array(boxes)


def _view_cells(view: Array, cells: int) -> Array:
    """The means of a view's cells, (cells, cells, 3)."""
    sums = np.zeros((view.shape[1] + 1, view.shape[2] + 1, 3))
    sums[1:, 1:] = view.transpose(1, 2, 0).cumsum(0).cumsum(1)
    whole: Array = cell_means(sums, np.array([[0.0, 0.0, 1.0, 1.0]]), cells)[0]
    return whole


def _errors(cells: Array, wanted: Array) -> Array:
    """How far cells (n, cells, cells, 3) are from those of a view: 0 the same, 1 as far as their mean."""
    spread = np.mean((wanted - wanted.mean((0, 1))) ** 2)
    errors: Array = np.mean((cells - wanted) ** 2, axis=(1, 2, 3)) / max(float(spread), 1e-9)
    return errors


def _moved(sums: Array, start: Found, fine: Array) -> Found:
    """The best place near one: its four edges moved, in ever smaller steps."""
    wanted = fine[:, ::-1] if start.flipped else fine
    box, error, step = start.box, np.inf, 0.08
    moves = np.array(np.meshgrid(*[(-1, 0, 1)] * 4)).reshape(4, -1).T
    while step > 0.002:
        tried = np.clip(box + step * moves, 0, 1)
        tried = tried[(tried[:, 2] - tried[:, 0] > 0.05) & (tried[:, 3] - tried[:, 1] > 0.05)]
        errors = _errors(cell_means(sums, tried, FINE), wanted)
        best = int(errors.argmin())
        if errors[best] < error - 1e-4:
            box, error = tried[best], float(errors[best])
        else:
            step /= 2
    return Found(box, start.flipped, 1 - error)
