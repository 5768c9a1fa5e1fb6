"""Bilinear resizing with antialiasing of a part of an image, compiled: Pillow's weights, in float32.

An axis is one row of float64 with the fields below (those of `core.loading.transform.View`). Its weights say for each
of the `SIDE` outputs which inputs it is the weighted sum of. Eight output rows are made at a time: first down the
columns, where neighbours lie side by side; then, transposed, along the rows, eight rows in the lanes of one vector.
"""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .native import kernel
from .simd.idct import transpose
from .simd.sums import weighted_bytes, weighted_floats

SIDE = 224
LANES = 8
MOST_TAPS = 160
"""Inputs an output may be the sum of; enough for images of 17,000 pixels a side."""

WIDEST = 16384
"""Columns of an image, times its interleaved channels, that fit the work space."""

NARROWEST = 16
"""Columns, times channels, that a view must look at to be resized here."""

# Fields of an axis.
LOW, HIGH, START, STEP = range(4)

Floats = npt.NDArray[np.float32]


class ResampleWeights(NamedTuple):
    """Output i is the sum over k < taps[i] of weights[i, k] * input[first[i] + k]."""

    first: npt.NDArray[np.int64]  # (SIDE,)
    taps: npt.NDArray[np.int64]  # (SIDE,)
    weights: Floats  # (SIDE, MOST_TAPS)


class Workspace(NamedTuple):
    """One thread's memory for resizing."""

    rows: ResampleWeights
    columns: ResampleWeights
    chroma_rows: ResampleWeights
    chroma_columns: ResampleWeights
    sums: Floats  # (LANES, WIDEST): output rows, not yet resized across
    turned: Floats  # (WIDEST, LANES): the same, transposed
    across: Floats  # (SIDE, LANES): resized across
    result: Floats  # (3, LANES, SIDE)


def new_workspace() -> Workspace:
    def weights() -> ResampleWeights:
        return ResampleWeights(
            np.zeros(SIDE, np.int64), np.zeros(SIDE, np.int64), np.zeros((SIDE, MOST_TAPS), np.float32)
        )

    return Workspace(
        weights(), weights(), weights(), weights(),
        sums=np.zeros((LANES, WIDEST), np.float32),
        turned=np.zeros((WIDEST, LANES), np.float32),
        across=np.zeros((SIDE, LANES), np.float32),
        result=np.zeros((3, LANES, SIDE), np.float32),
    )  # fmt: skip


@kernel
def fill_weights(axis: npt.NDArray[np.float64], flip: bool, weights: ResampleWeights) -> bool:
    """Pillow's bilinear weights (Resample.c). False where an output would be the sum of more than `MOST_TAPS`."""
    low, high, start, step = int(axis[LOW]), int(axis[HIGH]), axis[START], axis[STEP]
    support = max(step, 1.0)
    if 2 * support + 2 > MOST_TAPS - 4:
        return False
    for output in range(SIDE):
        place = SIDE - 1 - output if flip else output
        centre = start + (output + 0.5) * step
        first, last = max(int(centre - support + 0.5), low), min(int(centre + support + 0.5), high)
        total = 0.0
        for k in range(last - first):
            weight = max(1.0 - abs((first + k - centre + 0.5) / support), 0.0)
            weights.weights[place, k] = weight
            total += weight
        for k in range(last - first):
            weights.weights[place, k] /= total
        weights.first[place], weights.taps[place] = first, last - first
    return True


@kernel
def halve_weights(full: ResampleWeights, inputs: int, half: ResampleWeights) -> None:
    """The weights on `inputs` samples of half the resolution which the triangle filter doubles before resizing.

    Doubling makes sample 2i of 3/4 of i and 1/4 of i - 1, sample 2i + 1 of 3/4 of i and 1/4 of i + 1; where there is
    no such neighbour, i takes its part.
    """
    for output in range(SIDE):
        first, taps = full.first[output], full.taps[output]
        low, high = max((first >> 1) - 1, 0), min(((first + taps - 1) >> 1) + 1, inputs - 1)
        half.weights[output, : high - low + 1] = 0
        for k in range(taps):
            weight = full.weights[output, k]
            near = (first + k) >> 1
            far = min(max(near - 1 + 2 * ((first + k) & 1), 0), inputs - 1)
            half.weights[output, near - low] += np.float32(0.75) * weight
            half.weights[output, far - low] += np.float32(0.25) * weight
        half.first[output], half.taps[output] = low, high - low + 1


@kernel
def reach(weights: ResampleWeights) -> tuple[int, int]:
    """The inputs [low, high) that any output looks at."""
    low, last = min(weights.first[0], weights.first[SIDE - 1]), 0
    for output in (0, SIDE - 1):
        last = max(last, weights.first[output] + weights.taps[output])
    return low, last


@kernel
def fits(columns: ResampleWeights, image_columns: int, channels: int) -> bool:
    """Whether images of so many columns and the views that these weights describe can be resized here."""
    left, right = reach(columns)
    return image_columns * channels + LANES <= WIDEST and (right - left) * channels >= NARROWEST


@kernel
def resize_rows(
    image: npt.NDArray[np.uint8],
    top: int,
    channels: int,
    rows: ResampleWeights,
    columns: ResampleWeights,
    work: Workspace,
    result: int,
) -> None:
    """Output rows [top, top + LANES) of `image`, uint8 (height, width * channels), into `work.result[result :]`."""
    low, high = reach(columns)
    low, high = low * channels, high * channels
    _down(image, top, low, high, rows, work.sums)
    sums, turned = np.uint64(work.sums.ctypes.data), np.uint64(work.turned.ctypes.data)
    for x in range(low, high, LANES):
        transpose(sums + np.uint64(4 * x), np.uint64(4 * WIDEST), turned + np.uint64(32 * x), np.uint64(32))
    across = np.uint64(work.across.ctypes.data)
    for channel in range(channels):
        _across(turned + np.uint64(32 * channel), channels, columns, across)
        target = np.uint64(work.result.ctypes.data) + np.uint64(4 * LANES * SIDE * (result + channel))
        for x in range(0, SIDE, LANES):
            transpose(across + np.uint64(32 * x), np.uint64(32), target + np.uint64(4 * x), np.uint64(4 * SIDE))


@kernel
def _down(image: npt.NDArray[np.uint8], top: int, low: int, high: int, rows: ResampleWeights, sums: Floats) -> None:
    """Columns [low, high) of `LANES` output rows, before they are resized across."""
    source, stride = np.uint64(image.ctypes.data), np.uint64(image.shape[1])
    weights, out = np.uint64(rows.weights.ctypes.data), np.uint64(sums.ctypes.data)
    for lane in range(LANES):
        row = source + stride * np.uint64(rows.first[top + lane])
        weight, taps = weights + np.uint64(4 * MOST_TAPS * (top + lane)), np.uint64(rows.taps[top + lane])
        target = out + np.uint64(4 * WIDEST * lane)
        for x in range(low, high, NARROWEST):
            place = min(x, high - NARROWEST)  # the last piece overlaps the one before it, not the end of memory
            weighted_bytes(row + np.uint64(place), stride, weight, taps, target + np.uint64(4 * place))


@kernel
def _across(turned: np.uint64, channels: int, columns: ResampleWeights, across: np.uint64) -> None:
    weights = np.uint64(columns.weights.ctypes.data)
    step = np.uint64(32 * channels)
    for x in range(SIDE):
        weighted_floats(
            turned + step * np.uint64(columns.first[x]),
            step,
            weights + np.uint64(4 * MOST_TAPS * x),
            np.uint64(columns.taps[x]),
            across + np.uint64(32 * x),
        )
