"""Whole batches in one call: from where payloads lie in memory to normalised samples, no Python in between.

All take the payloads as one uint8 array with the offset and the length of each, and write pixel * scale + shift into
`out`, which is (B, 3, H, W) or (B, H, W, 3), contiguous, float32 or uint8 (then scale is 1 and shift 1/2: it is
truncated).
"""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
from typing import Any

import numpy as np
import numpy.typing as npt

from core.loading.jpeg.colour import to_rgb, write_image
from core.loading.jpeg.markers import OK, UNSUPPORTED, image_size, read_header
from core.loading.jpeg.scan import Part, decode_planes, plane_layout
from core.loading.jpeg.state import ACROSS, COMPONENTS, DOWN, HEIGHT, WIDTH, State
from core.loading.native import inlined, kernel
from core.loading.resample import LANES, SIDE, Workspace, fill_weights, fits, halve_weights, reach, resize_rows

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
Axes = npt.NDArray[np.float64]
"""(B, 2, 4): of each sample the axis of its rows and that of its columns."""


@kernel
def raw_batch(
    memory: Bytes, offsets: Numbers, height: int, width: int, scale: Floats, shift: Floats, out: Any, planar: bool
) -> None:
    """Bare pixels, (height, width, 3) each."""
    pixels = height * width
    for number in range(len(offsets)):
        source = memory[offsets[number] : offsets[number] + 3 * pixels].reshape((pixels, 3))
        if planar:
            _spread(source, scale, shift, out[number].reshape((3, pixels)))
        else:
            _keep(source, scale, shift, out[number].reshape((pixels, 3)))


@kernel
def _spread(source: Bytes, scale: Floats, shift: Floats, out: Any) -> None:
    scale_r, scale_g, scale_b = scale[0], scale[1], scale[2]
    shift_r, shift_g, shift_b = shift[0], shift[1], shift[2]
    for pixel in range(len(source)):
        out[0, pixel] = np.float32(source[pixel, 0]) * scale_r + shift_r
        out[1, pixel] = np.float32(source[pixel, 1]) * scale_g + shift_g
        out[2, pixel] = np.float32(source[pixel, 2]) * scale_b + shift_b


@kernel
def _keep(source: Bytes, scale: Floats, shift: Floats, out: Any) -> None:
    for pixel in range(len(source)):
        for channel in range(3):
            out[pixel, channel] = np.float32(source[pixel, channel]) * scale[channel] + shift[channel]


@kernel
def raw_views(
    memory: Bytes, offsets: Numbers, height: int, width: int,
    axes: Axes, flips: npt.NDArray[np.bool_], work: Workspace, scale: Floats, shift: Floats, out: Any, planar: bool,
) -> bool:  # fmt: skip
    """Views of bare pixels. False where an image is too large to be resized here."""
    for number in range(len(offsets)):
        image = memory[offsets[number] : offsets[number] + 3 * height * width].reshape((height, 3 * width))
        if not fill_weights(axes[number, 0], False, work.rows):
            return False
        if not fill_weights(axes[number, 1], flips[number], work.columns) or not fits(work.columns, width, 3):
            return False
        for top in range(0, SIDE, LANES):
            resize_rows(image, top, 3, work.rows, work.columns, work, 0)
            _write_rows(work.result, top, False, scale, shift, out[number], planar)
    return True


@kernel
def _write_rows(result: Floats, top: int, ycc: bool, scale: Floats, shift: Floats, out: Any, planar: bool) -> None:
    """`LANES` output rows: RGB, or luma and chroma where `ycc` says so."""
    scale_r, scale_g, scale_b = scale[0], scale[1], scale[2]
    shift_r, shift_g, shift_b = shift[0], shift[1], shift[2]
    for lane in range(LANES):
        y = top + lane
        if ycc:
            for x in range(SIDE):
                r, g, b = to_rgb(result[0, lane, x], result[1, lane, x], result[2, lane, x])
                result[0, lane, x], result[1, lane, x], result[2, lane, x] = r, g, b
        if planar:
            for x in range(SIDE):
                out[0, y, x] = result[0, lane, x] * scale_r + shift_r
                out[1, y, x] = result[1, lane, x] * scale_g + shift_g
                out[2, y, x] = result[2, lane, x] * scale_b + shift_b
        else:
            for x in range(SIDE):
                out[y, x, 0] = result[0, lane, x] * scale_r + shift_r
                out[y, x, 1] = result[1, lane, x] * scale_g + shift_g
                out[y, x, 2] = result[2, lane, x] * scale_b + shift_b


@kernel
def jpeg_sizes(memory: Bytes, offsets: Numbers, lengths: Numbers, sizes: Numbers) -> None:
    """Height and width of each image into `sizes`, (B, 2); zeros for what is no JPEG."""
    for number in range(len(offsets)):
        height, width = image_size(memory[offsets[number] : offsets[number] + lengths[number]])
        sizes[number, 0], sizes[number, 1] = height, width


@kernel
def jpeg_batch(
    memory: Bytes, offsets: Numbers, lengths: Numbers, todo: Numbers, state: State, rows: Floats,
    scale: Floats, shift: Floats, out: Any, planar: bool, status: npt.NDArray[np.uint8],
) -> None:  # fmt: skip
    """JPEGs of the size of `out`, those at the places `todo`; `status` says how each of them went."""
    height, width = (out.shape[2], out.shape[3]) if planar else (out.shape[1], out.shape[2])
    for number in todo:
        data = memory[offsets[number] : offsets[number] + lengths[number]]
        status[number] = read_header(data, state)
        if status[number] == OK and (state.frame[HEIGHT] != height or state.frame[WIDTH] != width):
            status[number] = UNSUPPORTED
        if status[number] == OK:
            status[number] = decode_planes(data, state, Part(0, height, 0, width))
        if status[number] == OK:
            write_image(state, rows, scale, shift, out[number], planar)


@kernel
def jpeg_views(
    memory: Bytes, offsets: Numbers, lengths: Numbers, todo: Numbers, axes: Axes, flips: npt.NDArray[np.bool_],
    state: State, work: Workspace, scale: Floats, shift: Floats, out: Any, planar: bool,
    status: npt.NDArray[np.uint8],
) -> None:  # fmt: skip
    """Views of JPEGs, of which no more is decoded than the view shows."""
    for number in todo:
        data = memory[offsets[number] : offsets[number] + lengths[number]]
        status[number] = read_header(data, state)
        if status[number] == OK:
            status[number] = _view(data, axes[number], flips[number], state, work, scale, shift, out[number], planar)


@kernel
def _view(
    data: Bytes, axes: npt.NDArray[np.float64], flip: bool, state: State, work: Workspace,
    scale: Floats, shift: Floats, out: Any, planar: bool,
) -> int:  # fmt: skip
    frame = state.frame
    luma_stride, chroma_stride, luma_bytes, chroma_bytes = plane_layout(state)
    if not fill_weights(axes[0], False, work.rows) or not fill_weights(axes[1], flip, work.columns):
        return UNSUPPORTED
    rows, columns = work.rows, work.columns
    chroma_rows, chroma_columns = rows, columns
    if frame[DOWN] == 2:
        halve_weights(rows, -(-frame[HEIGHT] // 2), work.chroma_rows)
        chroma_rows = work.chroma_rows
    if frame[ACROSS] == 2:
        halve_weights(columns, -(-frame[WIDTH] // 2), work.chroma_columns)
        chroma_columns = work.chroma_columns
    if not fits(columns, luma_stride, 1) or not fits(chroma_columns, luma_stride, 1):
        return UNSUPPORTED
    status = decode_planes(data, state, _needed(rows, columns, chroma_rows, chroma_columns, frame))
    if status != OK:
        return status
    color = frame[COMPONENTS] == 3
    luma = _plane(state, 0, luma_bytes, luma_stride)
    for top in range(0, SIDE, LANES):
        resize_rows(luma, top, 1, rows, columns, work, 0)
        if color:
            for chroma in range(2):
                plane = _plane(state, luma_bytes + chroma * chroma_bytes, chroma_bytes, chroma_stride)
                resize_rows(plane, top, 1, chroma_rows, chroma_columns, work, 1 + chroma)
        else:
            work.result[1:] = 128
        _write_rows(work.result, top, True, scale, shift, out, planar)
    return OK


@inlined
def _plane(state: State, start: int, size: int, stride: int) -> Bytes:
    return state.samples[start : start + size].reshape((size // stride, stride))


@kernel
def _needed(rows: Any, columns: Any, chroma_rows: Any, chroma_columns: Any, frame: Numbers) -> Part:
    """The pixels that any of these weights look at, in luma samples."""
    top, bottom = reach(rows)
    left, right = reach(columns)
    chroma_top, chroma_bottom = reach(chroma_rows)
    chroma_left, chroma_right = reach(chroma_columns)
    return Part(
        min(top, chroma_top * frame[DOWN]), max(bottom, chroma_bottom * frame[DOWN]),
        min(left, chroma_left * frame[ACROSS]), max(right, chroma_right * frame[ACROSS]),
    )  # fmt: skip
