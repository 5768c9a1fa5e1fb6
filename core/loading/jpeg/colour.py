"""Component planes to pixels, as libjpeg does it to the bit: triangle-filtered chroma, fixed-point conversion."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np

from ..native import inlined, kernel
from ..output import Output, place_of, write_ycc
from ..simd.colour import as_words, widen, widen_one
from .scan import plane_layout
from .state import ACROSS, COMPONENTS, DOWN, HEIGHT, WIDTH, DecoderState

Address = np.uint64

MARGIN = 16
"""Numbers before and after a row of chroma, in `DecoderState.rows`."""


@kernel
def write_image(state: DecoderState, output: Output, sample: int) -> None:
    """The decoded planes into a sample of the output. The image must be `PIECE` pixels wide at least."""
    height, width = state.frame[HEIGHT], state.frame[WIDTH]
    across, down, color = state.frame[ACROSS], state.frame[DOWN], state.frame[COMPONENTS] == 3
    luma_stride, chroma_stride, luma_bytes, chroma_bytes = plane_layout(state)
    luma = np.uint64(state.samples.ctypes.data)
    blue, red = _row(state, 0), _row(state, 1)
    if not color:
        state.rows[:2, MARGIN : MARGIN + width] = 128
    chroma_width, last = -(-width // across), -(-height // down) - 1
    for y in range(height):
        if color:
            near = luma + np.uint64(luma_bytes + y // down * chroma_stride)
            far = luma + np.uint64(luma_bytes + min(max(y // 2 - 1 + 2 * (y % 2), 0), last) * chroma_stride)
            _chroma_row(near, far, chroma_width, across, down, blue)
            near, far = near + np.uint64(chroma_bytes), far + np.uint64(chroma_bytes)
            _chroma_row(near, far, chroma_width, across, down, red)
        write_ycc(luma + np.uint64(y * luma_stride), blue, red, width, output, place_of(output, sample, y * width))


@kernel
def _row(state: DecoderState, number: int) -> Address:
    return np.uint64(state.rows.ctypes.data) + np.uint64(2 * (number * state.rows.shape[1] + MARGIN))


@inlined
def _chroma_row(near: Address, far: Address, width: int, across: int, down: int, out: Address) -> None:
    """One row of chroma at the image's full size, from the nearest row of its plane and the next nearest."""
    for start in range(0, width, 16):
        x = np.uint64(start)
        if across == 1:
            as_words(near + x, out + np.uint64(2) * x)
        elif down == 1:
            widen_one(near + x, start, width - 1, out + np.uint64(4) * x)
        else:
            widen(near + x, far + x, start, width - 1, out + np.uint64(4) * x)
