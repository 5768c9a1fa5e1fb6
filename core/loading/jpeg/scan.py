"""Entropy-coded bytes to component planes: as many MCU rows, and as many blocks of them, as somebody will look at."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..native import inlined, kernel
from ..simd.idct import clear_block, fill_block, idct_block, idct_corner
from ..simd.instruction import load_i32, load_i64, store_i32
from ..statuses import OK, TOO_SMALL, UNSUPPORTED
from .entropy import ends_properly, is_restart, least_bytes, unstuff
from .huffman import DAMAGED, read_ac, read_dc, refill
from .state import (
    AC_AT,
    AC_TABLE,
    ACROSS,
    COMPONENTS,
    DC_AT,
    DC_TABLE,
    DOWN,
    FIRST_SAMPLE,
    HEIGHT,
    PADDING,
    PLANE,
    QUANTISER,
    QUANTISER_AT,
    RESTART,
    SCAN,
    STEP_ACROSS,
    STEP_DOWN,
    STRIDE,
    TABLE,
    WIDTH,
    DecoderState,
)

Bytes = npt.NDArray[np.uint8]
Address = np.uint64

LARGEST_SUM = 32000
"""What the sums in the IDCT may come to, a little below 2^15."""

HIGHEST_DC = LARGEST_SUM // 4

CORNER = 10
"""So many coefficients, in the order of the stream, lie in the first four columns of the first four rows."""


class ImagePart(NamedTuple):
    """Pixels [top, bottom) x [left, right) of an image."""

    top: int
    bottom: int
    left: int
    right: int


@kernel
def count_mcus(state: DecoderState) -> tuple[int, int]:
    """MCUs across and down."""
    frame = state.frame
    return -(-frame[WIDTH] // (8 * frame[ACROSS])), -(-frame[HEIGHT] // (8 * frame[DOWN]))


@kernel
def plane_layout(state: DecoderState) -> tuple[int, int, int, int]:
    """Luma stride, chroma stride, bytes of the luma plane and of one chroma plane, whole MCUs each."""
    mcus_across, mcus_down = count_mcus(state)
    luma, chroma = 8 * mcus_across * state.frame[ACROSS], 8 * mcus_across
    if state.frame[COMPONENTS] == 1:
        return luma, 0, luma * 8 * mcus_down * state.frame[DOWN], 0
    return luma, chroma, luma * 8 * mcus_down * state.frame[DOWN], chroma * 8 * mcus_down


@kernel
def room(data: Bytes, state: DecoderState) -> int:
    """OK where the state has room for the image whose header it holds; UNSUPPORTED where `data` is cut off."""
    _, _, luma_bytes, chroma_bytes = plane_layout(state)
    coded, samples = len(data) - state.frame[SCAN], luma_bytes + 2 * chroma_bytes
    if coded < least_bytes(samples):
        return UNSUPPORTED
    return TOO_SMALL if samples + 16 > len(state.samples) or coded + PADDING > len(state.stream) else OK


@kernel
def decode_planes(data: Bytes, state: DecoderState, part: ImagePart) -> int:
    """Decode what `part` needs into `state.samples`: luma, then blue and red chroma, by `plane_layout`.

    The header must have been read. Returns OK, UNSUPPORTED or TOO_SMALL.
    """
    frame, status = state.frame, room(data, state)
    if status != OK:
        return status
    mcus_across, mcus_down = count_mcus(state)
    all_mcus = mcus_across * mcus_down
    total = mcus_across * -(-min(part.bottom, frame[HEIGHT]) // (8 * frame[DOWN]))
    interval = frame[RESTART] if frame[RESTART] else all_mcus
    next_byte, done, blocks = frame[SCAN], 0, plan_blocks(state)
    while done * interval < total:
        if done > 0:
            if not is_restart(data, next_byte, done - 1):
                return UNSUPPORTED
            next_byte += 2
        next_byte, size = unstuff(data, next_byte, state.stream)
        first = done * interval
        state.predictions[:] = 0
        if decode_mcus(first, min(first + interval, total), 0, size, blocks, state, part) < 0:
            return UNSUPPORTED
        done += 1
    return OK if ends_properly(data, next_byte, done, -(-all_mcus // interval)) else UNSUPPORTED


@kernel
def plan_blocks(state: DecoderState) -> int:
    """Fill `state.blocks`, the blocks of an MCU in the order of the stream; returns how many they are."""
    frame = state.frame
    luma_stride, chroma_stride, luma_bytes, chroma_bytes = plane_layout(state)
    across, down = frame[ACROSS], frame[DOWN]
    luma_blocks = across * down
    count = luma_blocks + 2 if frame[COMPONENTS] == 3 else luma_blocks
    tables, samples = np.int64(state.tables.ctypes.data), np.int64(state.samples.ctypes.data)
    for number in range(count):
        component = max(number - luma_blocks + 1, 0)
        stride = chroma_stride if component else luma_stride
        wide, high = (8, 8) if component else (8 * across, 8 * down)
        first = luma_bytes + (component - 1) * chroma_bytes
        if component == 0:
            first = 8 * (number // across) * luma_stride + 8 * (number % across)
        row = state.blocks[number]
        row[QUANTISER_AT] = np.int64(state.quantisers.ctypes.data) + 256 * state.components[component, QUANTISER]
        row[DC_AT] = tables + 4 * TABLE * state.components[component, DC_TABLE]
        row[AC_AT] = tables + 4 * TABLE * state.components[component, AC_TABLE]
        row[PLANE] = component
        row[FIRST_SAMPLE] = samples + first
        row[STEP_ACROSS] = wide
        row[STEP_DOWN] = high * stride
        row[STRIDE] = stride
    return count


@kernel
def decode_mcus(
    first: int, stop: int, start: int, size: int, count_of_blocks: int, state: DecoderState, part: ImagePart
) -> int:
    """MCUs [first, stop) from bit `start` of the `size` bytes in `state.stream`, with `state.predictions` before them.

    `count_of_blocks` is what `plan_blocks` returned. Returns the bit behind them, and leaves the predictions there; -1
    where the stream is damaged, too short, or libjpeg's arithmetic of 16 bits would give something else.

    One long function on purpose: the place in the stream and the three predictions go from block to block. A function
    per block would take and return all of them, in the loop that decides the decoder's speed.
    """
    mcus_across, _ = count_mcus(state)
    plans, zigzag = np.uint64(state.blocks.ctypes.data), np.uint64(state.zigzag.ctypes.data)
    block = np.uint64(state.block.ctypes.data)
    begin = np.uint64(state.stream.ctypes.data)
    bits, count, place = refill(np.uint64(0), 0, begin + np.uint64(start >> 3))
    bits, count = bits << np.uint64(start & 7), count - (start & 7)
    top, bottom = part.top // (8 * state.frame[DOWN]), -(-part.bottom // (8 * state.frame[DOWN]))
    left, right = part.left // (8 * state.frame[ACROSS]), -(-part.right // (8 * state.frame[ACROSS]))
    before_luma, before_blue, before_red = state.predictions[0], state.predictions[1], state.predictions[2]
    row, column = first // mcus_across, first % mcus_across
    for _ in range(first, stop):
        seen = top <= row < bottom and left <= column < right
        for number in range(count_of_blocks):
            plan = plans + np.uint64(64 * number)
            bits, count, place, change = read_dc(bits, count, place, np.uint64(load_i64(plan, np.uint64(DC_AT))))
            component = load_i64(plan, np.uint64(PLANE))
            if component == 0:
                before_luma += change
                value = before_luma
            elif component == 1:
                before_blue += change
                value = before_blue
            else:
                before_red += change
                value = before_red
            quantiser = np.uint64(load_i64(plan, np.uint64(QUANTISER_AT)))
            value *= load_i32(quantiser, np.uint64(0))
            bits, count, place, last = read_ac(
                bits, count, place, np.uint64(load_i64(plan, np.uint64(AC_AT))), quantiser, zigzag, block
            )
            fits = abs(value) <= HIGHEST_DC
            if seen and fits:
                fits = _write_samples(plan, row, column, value, last, block)
            if last != 1:
                clear_block(block)
            if last == DAMAGED or not fits or change == 1 << 16:
                return -1
        if np.int64(place - begin) > size + 8:
            return -1
        column += 1
        if column == mcus_across:
            row, column = row + 1, 0
    state.predictions[0], state.predictions[1], state.predictions[2] = before_luma, before_blue, before_red
    end = 8 * np.int64(place - begin) - count
    return end if end <= 8 * size else -1


@inlined
def _write_samples(plan: Address, row: int, column: int, value: int, last: int, block: Address) -> bool:
    """The samples of a block to their plane: `value` is its DC value, `last` how many coefficients it has.

    False where libjpeg's arithmetic would give others.
    """
    out = np.uint64(
        load_i64(plan, np.uint64(FIRST_SAMPLE))
        + row * load_i64(plan, np.uint64(STEP_DOWN))
        + column * load_i64(plan, np.uint64(STEP_ACROSS))
    )
    stride = np.uint64(load_i64(plan, np.uint64(STRIDE)))
    if last == 1:
        fill_block(np.uint8(min(max(((value + 4) >> 3) + 128, 0), 255)), out, stride)
        return True
    store_i32(block, np.uint64(0), value)
    large = idct_corner(block, out, stride) if last <= CORNER else idct_block(block, out, stride)
    return not large or _fits_16_bits(block)


@kernel
def _fits_16_bits(block: Address) -> bool:
    """Whether libjpeg's IDCT of this block stays within 16 bits, as its vector code needs it (jidctint-*).

    A column's sums are at most 4 times its first coefficient and 5.55 times the others; of the results of columns, it
    adds those of 0 and 4, 1 and 5, 3 and 7.
    """
    for first, second in ((0, 4), (1, 5), (3, 7), (2, 6)):
        if _column_sum(block, first) + _column_sum(block, second) > LARGEST_SUM:
            return False
    return True


@kernel
def _column_sum(block: Address, column: int) -> int:
    total = 4 * abs(load_i32(block, np.uint64(column)))
    for row in range(1, 8):
        total += 6 * abs(load_i32(block, np.uint64(8 * row + column)))
    return total
