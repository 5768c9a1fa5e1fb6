"""Whole batches of PNGs in one call: from where payloads lie in memory to normalised samples.

All take the payloads as one uint8 array with the offset and the length of each.
"""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np

from ..kernels import Axes, Bytes, Flips, Numbers, write_view
from ..native import kernel
from ..output import PIECE, Output, place_of, write_raw
from ..resample import Workspace, fill_weights, fits, reach
from ..statuses import OK, UNSUPPORTED
from .chunks import image_place, image_size, read_chunks
from .group import group_pixels, inflate_group, join, joins
from .pixels import decode_rgb
from .state import GROUP, HEIGHT, WIDTH, PngState


@kernel
def png_sizes(memory: Bytes, offsets: Numbers, lengths: Numbers, sizes: Numbers) -> None:
    """Height and width of each image into `sizes`, (B, 2); zeros for what is no PNG, or is too large."""
    for number in range(len(offsets)):
        height, width = image_size(memory[offsets[number] : offsets[number] + lengths[number]])
        sizes[number, 0], sizes[number, 1] = height, width


@kernel
def png_batch(
    memory: Bytes, offsets: Numbers, lengths: Numbers, todo: Numbers, height: int, width: int,
    state: PngState, output: Output, status: Bytes,
) -> None:  # fmt: skip
    """PNGs of one size, those at the places `todo`; `status` says how each of them went."""
    for first in range(0, len(todo), GROUP):
        waiting = 0
        for number in todo[first : first + GROUP]:
            data = memory[offsets[number] : offsets[number] + lengths[number]]
            status[number] = read_chunks(data, state)
            if status[number] == OK and not (_is_of_size(state, height, width) and height * width >= PIECE):
                status[number] = UNSUPPORTED
            if status[number] == OK and joins(state):
                join(data, number, waiting, state)
                waiting += 1
            elif status[number] == OK:
                status[number] = decode_rgb(data, state, height)
                _write(status[number], number, height * width, state, output)
        inflate_group(waiting, state)
        for place in range(waiting):
            number = state.group.numbers[place]
            status[number] = group_pixels(place, state)
            _write(status[number], number, height * width, state, output)


@kernel
def _write(status: int, number: int, pixels: int, state: PngState, output: Output) -> None:
    """An image that is OK to its place in the batch."""
    if status == OK:
        source = np.uint64(state.samples.ctypes.data) + np.uint64(image_place(state))
        write_raw(source, pixels, output, place_of(output, number, 0))


@kernel
def png_views(
    memory: Bytes, offsets: Numbers, lengths: Numbers, todo: Numbers, sizes: Numbers, axes: Axes, flips: Flips,
    state: PngState, work: Workspace, output: Output, status: Bytes,
) -> None:  # fmt: skip
    """Views, by `axes` and `flips`, of PNGs of these `sizes`. Rows below a view are inflated, but go no further."""
    for number in todo:
        data = memory[offsets[number] : offsets[number] + lengths[number]]
        status[number] = read_chunks(data, state)
        if status[number] == OK and not _is_of_size(state, sizes[number, 0], sizes[number, 1]):
            status[number] = UNSUPPORTED
        if status[number] == OK:
            status[number] = _view(data, axes[number], flips[number], state, work, output, number)


@kernel
def _is_of_size(state: PngState, height: int, width: int) -> bool:
    """Whether the header says what its reader was told: memory and weights were made for that."""
    return state.frame[HEIGHT] == height and state.frame[WIDTH] == width


@kernel
def _view(data: Bytes, axes: Axes, flip: bool, state: PngState, work: Workspace, output: Output, sample: int) -> int:
    height, width = state.frame[HEIGHT], state.frame[WIDTH]
    if not fill_weights(axes[0], False, work.rows) or not fill_weights(axes[1], flip, work.columns):
        return UNSUPPORTED
    if not fits(work.columns, width, 3):
        return UNSUPPORTED
    _, bottom = reach(work.rows)
    status = decode_rgb(data, state, min(bottom, height))
    if status == OK:
        first = image_place(state)
        write_view(state.samples[first : first + 3 * height * width].reshape((height, 3 * width)), work, output, sample)
    return status
