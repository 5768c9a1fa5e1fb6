"""Component planes to pixels, as libjpeg does it to the bit: triangle-filtered chroma, fixed-point conversion."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np

from ..native import inlined, kernel
from ..output import Output, place_of, write_ycc
from ..simd.colour import add_rows, widen
from ..simd.instruction import load_f32, store_f32
from .scan import plane_layout
from .state import ACROSS, COMPONENTS, DOWN, HEIGHT, WIDTH, DecoderState

Address = np.uint64

MARGIN = 16
"""Numbers before and after a row of chroma, in `DecoderState.rows`."""

ONE, ZERO, THREE, FOUR = np.float32(1), np.float32(0), np.float32(3), np.float32(4)
SEVEN, EIGHT = np.float32(7), np.float32(8)


@kernel
def write_image(state: DecoderState, output: Output, sample: int) -> None:
    """The decoded planes into a sample of the output. The image must be `PIECE` pixels wide at least."""
    height, width = state.frame[HEIGHT], state.frame[WIDTH]
    across, down, color = state.frame[ACROSS], state.frame[DOWN], state.frame[COMPONENTS] == 3
    luma_stride, chroma_stride, luma_bytes, chroma_bytes = plane_layout(state)
    luma = np.uint64(state.samples.ctypes.data)
    blue, red, sums = _row(state, 0), _row(state, 1), _row(state, 2)
    if not color:
        state.rows[:2] = 128
    chroma_width, last = -(-width // across), -(-height // down) - 1
    for y in range(height):
        if color:
            near = luma + np.uint64(luma_bytes + y // down * chroma_stride)
            far = luma + np.uint64(luma_bytes + min(max(y // 2 - 1 + 2 * (y % 2), 0), last) * chroma_stride)
            _chroma_row(near, far, chroma_width, across, down, sums, blue)
            _chroma_row(
                near + np.uint64(chroma_bytes), far + np.uint64(chroma_bytes), chroma_width, across, down, sums, red
            )
        write_ycc(luma + np.uint64(y * luma_stride), blue, red, width, output, place_of(output, sample, y * width))


@kernel
def _row(state: DecoderState, number: int) -> Address:
    return np.uint64(state.rows.ctypes.data) + np.uint64(4 * (number * state.rows.shape[1] + MARGIN))


@inlined
def _chroma_row(near: Address, far: Address, width: int, across: int, down: int, sums: Address, out: Address) -> None:
    """One row of chroma at the image's full size, from the nearest row of its plane and the next nearest."""
    if across == 1:
        _add(near, near, width, ONE, ZERO, out)
    elif down == 1:
        _add(near, near, width, FOUR, ZERO, sums)
        _widen(sums, width, FOUR, EIGHT, out)
    else:
        _add(near, far, width, THREE, ONE, sums)
        _widen(sums, width, EIGHT, SEVEN, out)


@inlined
def _add(near: Address, far: Address, width: int, near_parts: np.float32, far_parts: np.float32, out: Address) -> None:
    for start in range(0, width, 16):
        x = np.uint64(start)
        add_rows(near + x, far + x, near_parts, far_parts, out + np.uint64(4) * x)


@inlined
def _widen(sums: Address, width: int, even_rounding: np.float32, odd_rounding: np.float32, out: Address) -> None:
    """The sums at twice their number (jdsample.c's fancy upsampling); the outermost are their own neighbours."""
    end = sums + np.uint64(4 * width)
    store_f32(sums, np.int64(-1), load_f32(sums, np.int64(0)))
    store_f32(end, np.int64(0), load_f32(end, np.int64(-1)))
    for start in range(0, width, 8):
        x = np.uint64(start)
        widen(sums + np.uint64(4) * x, even_rounding, odd_rounding, out + np.uint64(8) * x)
