"""Whole batches of bare pixels in one call, no Python in between; and what the kernels of every kind use.

Payloads are one uint8 array with the offset of each. Kernels of a kind are loaded by those who need that kind alone:
JPEG's are in `jpeg.batch`, PNG's in `png.batch`.
"""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np
import numpy.typing as npt

from .batch_memory import CACHE_LINE
from .native import inlined, kernel
from .output import Address, Output, place_of, write_raw, write_smooth
from .resample import LANES, SIDE, Workspace, fill_weights, fits, resize_rows
from .simd.instruction import prefetch

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Flips = npt.NDArray[np.bool_]
Axes = npt.NDArray[np.float64]
"""(B, 2, 4): of each sample the axis of its rows and that of its columns."""

RUN = 128
"""Pixels between two requests for memory: few enough that their lines do not queue up."""

AHEAD = 16
"""Runs, two images of 32 x 32: what the memory takes to answer, several times over, and less than any cache holds."""


@kernel
def raw_batch(memory: Bytes, offsets: Numbers, pixels: int, output: Output) -> None:
    """Bare pixels, so many a sample; `PIECE` at least.

    Samples lie anywhere, so the processor cannot guess which bytes come next: it is told, `AHEAD` runs in advance.
    """
    start = np.uint64(memory.ctypes.data)
    runs = max(pixels // RUN, 1)
    for number in range(len(offsets)):
        for run in range(runs):
            first = run * RUN
            length = RUN if run + 1 < runs else pixels - first
            sample, later = number + (run + AHEAD) // runs, (run + AHEAD) % runs
            if sample < len(offsets):
                prefetch_bytes(start + np.uint64(offsets[sample] + 3 * RUN * later), 3 * length)
            source = start + np.uint64(offsets[number] + 3 * first)
            write_raw(source, length, output, place_of(output, number, first))


@inlined
def prefetch_bytes(start: Address, size: int) -> None:
    """Ask for so many bytes before they are needed."""
    for line in range(0, size, CACHE_LINE):
        prefetch(start + np.uint64(line))


@kernel
def raw_views(
    memory: Bytes, offsets: Numbers, height: int, width: int, axes: Axes, flips: Flips, work: Workspace, output: Output
) -> bool:
    """Views of bare pixels. False where an image cannot be resized here."""
    for number in range(len(offsets)):
        image = memory[offsets[number] : offsets[number] + 3 * height * width].reshape((height, 3 * width))
        if not fill_weights(axes[number, 0], False, work.rows):
            return False
        if not fill_weights(axes[number, 1], flips[number], work.columns) or not fits(work.columns, width, 3):
            return False
        write_view(image, work, output, number)
    return True


@kernel
def write_view(image: Bytes, work: Workspace, output: Output, sample: int) -> None:
    """A view, by the weights of `work`, of RGB pixels (height, 3 * width)."""
    for top in range(0, SIDE, LANES):
        resize_rows(image, top, 3, work.rows, work.columns, work, 0)
        write_rows(work, top, False, output, sample)


@kernel
def write_rows(work: Workspace, top: int, ycc: bool, output: Output, sample: int) -> None:
    """`LANES` output rows from `work.result`: RGB, or luma and chroma."""
    first, plane = np.uint64(work.result.ctypes.data), np.uint64(4 * LANES * SIDE)
    for lane in range(LANES):
        row = first + np.uint64(4 * SIDE * lane)
        out = place_of(output, sample, (top + lane) * SIDE)
        write_smooth(row, row + plane, row + np.uint64(2) * plane, ycc, SIDE, output, out)
