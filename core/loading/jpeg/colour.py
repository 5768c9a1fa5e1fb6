"""Component planes to RGB, as libjpeg does it to the bit: triangle-filtered chroma, 16-bit fixed-point conversion.

Everything is computed in float32, in which these integers are exact: it is one type from the sample to the
normalised value, and compiles to vector code.
"""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np
import numpy.typing as npt

from core.loading.jpeg.scan import plane_layout
from core.loading.jpeg.state import ACROSS, COMPONENTS, DOWN, HEIGHT, WIDTH, State
from core.loading.native import inlined, kernel
from core.loading.simd import clamp, floor

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

ONE, TWO, THREE, FOUR = np.float32(1), np.float32(2), np.float32(3), np.float32(4)
SEVEN, EIGHT = np.float32(7), np.float32(8)
QUARTER, SIXTEENTH = np.float32(1 / 4), np.float32(1 / 16)
CENTRE = np.float32(128)
RED, GREEN_BLUE, GREEN_RED, BLUE = np.float32(91881), np.float32(22554), np.float32(46802), np.float32(116130)
HALF, FIXED = np.float32(32768), np.float32(1 / 65536)


@kernel
def write_image(state: State, rows: Floats, scale: Floats, shift: Floats, out: Floats, planar: bool) -> None:
    """The decoded planes as pixel * scale + shift into `out`, (3, H, W) or (H, W, 3).

    `rows` is room for three rows of the image, float32 (3, >= W + 2).
    """
    height, width = state.frame[HEIGHT], state.frame[WIDTH]
    luma_stride, chroma_stride, luma_bytes, chroma_bytes = plane_layout(state)
    luma = _plane(state, 0, luma_bytes, luma_stride)
    if state.frame[COMPONENTS] == 1:
        blue = red = luma
        rows[:2] = CENTRE
    else:
        blue = _plane(state, luma_bytes, chroma_bytes, chroma_stride)
        red = _plane(state, luma_bytes + chroma_bytes, chroma_bytes, chroma_stride)
    for y in range(height):
        if state.frame[COMPONENTS] == 3:
            _chroma_row(state.frame, blue, y, rows, 0)
            _chroma_row(state.frame, red, y, rows, 1)
        if planar:
            _planar_row(luma, rows, y, width, scale, shift, out)
        else:
            _interleaved_row(luma, rows, y, width, scale, shift, out)


@kernel
def _plane(state: State, start: int, size: int, stride: int) -> Bytes:
    return state.samples[start : start + size].reshape((size // stride, stride))


@kernel
def _chroma_row(frame: npt.NDArray[np.int64], plane: Bytes, y: int, rows: Floats, out: int) -> None:
    """Row y of a chroma plane at the image's full size into `rows[out]` (jdsample.c's fancy upsampling)."""
    across, down = frame[ACROSS], frame[DOWN]
    width = -(-frame[WIDTH] // across)
    if across == 1:
        for x in range(width):
            rows[out, x] = plane[y, x]
    elif width <= 2:
        for x in range(width):
            rows[out, 2 * x] = rows[out, 2 * x + 1] = plane[y // down, x]
    elif down == 1:
        _widen(plane, y, width, rows, out)
    else:
        last = -(-frame[HEIGHT] // 2) - 1
        near, far = y // 2, min(max(y // 2 - 1 + 2 * (y % 2), 0), last)
        for x in range(width):
            rows[2, x] = THREE * np.float32(plane[near, x]) + np.float32(plane[far, x])
        _widen_sums(rows, width, out)


@kernel
def _widen(plane: Bytes, y: int, width: int, rows: Floats, out: int) -> None:
    rows[out, 0] = plane[y, 0]
    rows[out, 2 * width - 1] = plane[y, width - 1]
    for x in range(width - 1):
        left, right = np.float32(plane[y, x]), np.float32(plane[y, x + 1])
        rows[out, 2 * x + 1] = floor((THREE * left + right + TWO) * QUARTER)
        rows[out, 2 * x + 2] = floor((THREE * right + left + ONE) * QUARTER)


@kernel
def _widen_sums(rows: Floats, width: int, out: int) -> None:
    """The same for `rows[2]`, which holds sums of 3 and 1 parts of two rows."""
    rows[out, 0] = floor((FOUR * rows[2, 0] + EIGHT) * SIXTEENTH)
    rows[out, 2 * width - 1] = floor((FOUR * rows[2, width - 1] + SEVEN) * SIXTEENTH)
    for x in range(width - 1):
        left, right = rows[2, x], rows[2, x + 1]
        rows[out, 2 * x + 1] = floor((THREE * left + right + SEVEN) * SIXTEENTH)
        rows[out, 2 * x + 2] = floor((THREE * right + left + EIGHT) * SIXTEENTH)


@inlined
def _rgb(luma: int, blue: np.float32, red: np.float32) -> tuple[np.float32, np.float32, np.float32]:
    y, b, r = np.float32(luma), blue - CENTRE, red - CENTRE
    return (
        clamp(y + floor((RED * r + HALF) * FIXED)),
        clamp(y + floor((HALF - GREEN_BLUE * b - GREEN_RED * r) * FIXED)),
        clamp(y + floor((BLUE * b + HALF) * FIXED)),
    )


@inlined
def to_rgb(luma: np.float32, blue: np.float32, red: np.float32) -> tuple[np.float32, np.float32, np.float32]:
    """The same conversion without rounding, for samples between the integers."""
    b, r = blue - CENTRE, red - CENTRE
    return (
        clamp(luma + RED * FIXED * r),
        clamp(luma - GREEN_BLUE * FIXED * b - GREEN_RED * FIXED * r),
        clamp(luma + BLUE * FIXED * b),
    )


@kernel
def _planar_row(luma: Bytes, rows: Floats, y: int, width: int, scale: Floats, shift: Floats, out: Floats) -> None:
    scale_r, scale_g, scale_b = scale[0], scale[1], scale[2]
    shift_r, shift_g, shift_b = shift[0], shift[1], shift[2]
    for x in range(width):
        r, g, b = _rgb(luma[y, x], rows[0, x], rows[1, x])
        out[0, y, x] = r * scale_r + shift_r
        out[1, y, x] = g * scale_g + shift_g
        out[2, y, x] = b * scale_b + shift_b


@kernel
def _interleaved_row(luma: Bytes, rows: Floats, y: int, width: int, scale: Floats, shift: Floats, out: Floats) -> None:
    scale_r, scale_g, scale_b = scale[0], scale[1], scale[2]
    shift_r, shift_g, shift_b = shift[0], shift[1], shift[2]
    for x in range(width):
        r, g, b = _rgb(luma[y, x], rows[0, x], rows[1, x])
        out[y, x, 0] = r * scale_r + shift_r
        out[y, x, 1] = g * scale_g + shift_g
        out[y, x, 2] = b * scale_b + shift_b
