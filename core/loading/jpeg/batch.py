"""Whole batches of JPEGs in one call: from where payloads lie in memory to normalised samples.

All take the payloads as one uint8 array with the offset and the length of each.
"""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np

from ..kernels import Axes, Bytes, Flips, Numbers, prefetch_bytes, write_rows
from ..native import inlined, kernel
from ..output import PIECE, Output
from ..resample import LANES, SIDE, ResampleWeights, Workspace, fill_weights, fits, halve_weights, reach, resize_rows
from ..statuses import DISAGREES, OK, UNSUPPORTED
from .colour import write_image
from .entry_points import decode_part
from .markers import image_size, read_header
from .records import EntryRecords
from .scan import ImagePart, decode_planes, plane_layout
from .state import ACROSS, COMPONENTS, DOWN, HEIGHT, WIDTH, DecoderState

THUMBNAIL = 4096
"""Bytes of the next encoded image that are asked for in advance; of a larger one the processor guesses the rest."""


@kernel
def jpeg_sizes(memory: Bytes, offsets: Numbers, lengths: Numbers, sizes: Numbers) -> None:
    """Height and width of each image into `sizes`, (B, 2); zeros for what is no JPEG."""
    for number in range(len(offsets)):
        height, width = image_size(memory[offsets[number] : offsets[number] + lengths[number]])
        sizes[number, 0], sizes[number, 1] = height, width


@kernel
def jpeg_batch(
    memory: Bytes, offsets: Numbers, lengths: Numbers, todo: Numbers, height: int, width: int,
    state: DecoderState, output: Output, status: Bytes,
) -> None:  # fmt: skip
    """JPEGs of one size, those at the places `todo`; `status` says how each of them went."""
    start = np.uint64(memory.ctypes.data)
    for turn in range(len(todo)):
        number = todo[turn]
        if turn + 1 < len(todo):
            later = todo[turn + 1]
            prefetch_bytes(start + np.uint64(offsets[later]), min(lengths[later], THUMBNAIL))
        data = memory[offsets[number] : offsets[number] + lengths[number]]
        status[number] = read_header(data, state)
        if status[number] == OK and not (_is_of_size(state, height, width) and width >= PIECE):
            status[number] = UNSUPPORTED
        if status[number] == OK:
            status[number] = decode_planes(data, state, ImagePart(0, height, 0, width))
        if status[number] == OK:
            write_image(state, output, number)


@kernel
def _is_of_size(state: DecoderState, height: int, width: int) -> bool:
    """Whether the header says what its reader was told: memory and weights were made for that."""
    return state.frame[HEIGHT] == height and state.frame[WIDTH] == width


@kernel
def jpeg_views(
    memory: Bytes, offsets: Numbers, lengths: Numbers, records: EntryRecords, todo: Numbers, sizes: Numbers, axes: Axes,
    flips: Flips, state: DecoderState, work: Workspace, output: Output, status: Bytes,
) -> None:  # fmt: skip
    """Views, by `axes` and `flips`, of JPEGs of these `sizes`, of which no more is decoded than the view shows.

    With a record of entry points what lies before and beside the view is not decoded either; where it turns out to be
    another image's, the view is made without it, and the status is DISAGREES.
    """
    for number in todo:
        data = memory[offsets[number] : offsets[number] + lengths[number]]
        status[number] = read_header(data, state)
        if status[number] == OK and not _is_of_size(state, sizes[number, 0], sizes[number, 1]):
            status[number] = UNSUPPORTED
        if status[number] == OK:
            begin = records.offsets[number]
            record = records.memory[begin : begin + records.lengths[number]]
            status[number] = _view(
                data, record, records.interval, axes[number], flips[number], state, work, output, number
            )


@kernel
def _view(
    data: Bytes, record: Bytes, interval: int, axes: Axes, flip: bool,
    state: DecoderState, work: Workspace, output: Output, sample: int,
) -> int:  # fmt: skip
    frame, luma_stride = state.frame, plane_layout(state)[0]
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
    part = _needed(rows, columns, chroma_rows, chroma_columns, frame)
    status = decode_part(data, record, interval, state, part) if len(record) else OK
    if status == DISAGREES or not len(record):
        whole = decode_planes(data, state, part)
        status = status if whole == OK else whole
    if status in (OK, DISAGREES):
        _write_view(state, rows, columns, chroma_rows, chroma_columns, work, output, sample)
    return status


@kernel
def _write_view(
    state: DecoderState, rows: ResampleWeights, columns: ResampleWeights, chroma_rows: ResampleWeights,
    chroma_columns: ResampleWeights, work: Workspace, output: Output, sample: int,
) -> None:  # fmt: skip
    """The planes that were decoded, resized, into a sample of the output."""
    luma_stride, chroma_stride, luma_bytes, chroma_bytes = plane_layout(state)
    color = state.frame[COMPONENTS] == 3
    luma = _plane(state, 0, luma_bytes, luma_stride)
    for top in range(0, SIDE, LANES):
        resize_rows(luma, top, 1, rows, columns, work, 0)
        if color:
            for chroma in range(2):
                plane = _plane(state, luma_bytes + chroma * chroma_bytes, chroma_bytes, chroma_stride)
                resize_rows(plane, top, 1, chroma_rows, chroma_columns, work, 1 + chroma)
        else:
            work.result[1:] = 128
        write_rows(work, top, True, output, sample)


@inlined
def _plane(state: DecoderState, start: int, size: int, stride: int) -> Bytes:
    return state.samples[start : start + size].reshape((size // stride, stride))


@kernel
def _needed(
    rows: ResampleWeights,
    columns: ResampleWeights,
    chroma_rows: ResampleWeights,
    chroma_columns: ResampleWeights,
    frame: Numbers,
) -> ImagePart:
    """The pixels that any of these weights look at, in luma samples."""
    top, bottom = reach(rows)
    left, right = reach(columns)
    chroma_top, chroma_bottom = reach(chroma_rows)
    chroma_left, chroma_right = reach(chroma_columns)
    return ImagePart(
        min(top, chroma_top * frame[DOWN]), max(bottom, chroma_bottom * frame[DOWN]),
        min(left, chroma_left * frame[ACROSS]), max(right, chroma_right * frame[ACROSS]),
    )  # fmt: skip
