"""Random access inside a JPEG: from recorded entry points a part is decoded without what lies before and beside it.

An entry point is a place in the entropy-coded bytes, byte and bit, with the DC predictions there. An image has one at
the beginning of each MCU row and every `interval` MCUs within it, and one behind the last MCU.
`core.stores.jpeg_index` tells the layout of a record.

A record is data like the image: each place is checked to lie in the image's bytes before it is followed, and decoding
from one entry has to arrive at the next, at its very bit and with its predictions. `decode_part` does so at least once
in every MCU row, and from the image's beginning; what does not agree is `DISAGREES`, and then nothing that the record
says is used.
"""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..native import inlined, kernel
from ..simd.instruction import load_be64
from ..statuses import DISAGREES, OK, UNSUPPORTED
from .entropy import ends_properly, is_restart, next_marker, unstuff
from .scan import ImagePart, count_mcus, decode_mcus, plan_blocks, room
from .state import ACROSS, DOWN, PADDING, RESTART, SCAN, DecoderState

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Address = np.uint64

HEAD, TAIL = 18, 8
"""Bytes of a record before its packed numbers and behind them."""

LEAST_STEP, LEAST_DC, WIDTHS = 4, 8, 14
"""Where the head states the shortest step, the lowest predictions, and the bits of each packed number."""

WIDEST_STEP, WIDEST_DC = 32, 16


@kernel
def count_entries(state: DecoderState, interval: int) -> int:
    """How many entry points the image whose header `state` holds has behind the first one, which is its beginning."""
    mcus_across, mcus_down = count_mcus(state)
    return mcus_down * -(-mcus_across // interval)


@kernel
def decode_part(data: Bytes, record: Bytes, interval: int, state: DecoderState, part: ImagePart) -> int:
    """What `core.loading.jpeg.scan.decode_planes` does, from entry to entry; of MCUs that `part` does not need, only
    those between an entry and the part's left edge are decoded.

    The header must have been read. Returns OK, UNSUPPORTED, TOO_SMALL, or DISAGREES.
    """
    status = room(data, state)
    if status != OK:
        return status
    mcus_across, mcus_down = count_mcus(state)
    restart = restart_interval(state)
    # What is skipped is looked at for markers: an image that is cut off, or put together of two, is Pillow's.
    if not ends_properly(data, next_marker(data, state.frame[SCAN]), 1, -(-mcus_across * mcus_down // restart)):
        return UNSUPPORTED
    if not _is_of_image(record, data, count_entries(state, interval), state):
        return DISAGREES
    return _decode_rows(data, record, interval, state, part)


@kernel
def _is_of_image(record: Bytes, data: Bytes, entries: int, state: DecoderState) -> bool:
    """Whether a record has as many numbers as its image, none of which is too wide, and states its length."""
    if len(record) < HEAD + TAIL or _number(record, 0, 4) != len(data):
        return False
    for which in range(4):
        if record[WIDTHS + which] > (WIDEST_DC if which else WIDEST_STEP):
            return False
    return len(record) == HEAD + (entries * _bits_of_entry(record) + 7) // 8 + TAIL


class Grid(NamedTuple):
    """What the numbers of MCUs and entry points come from: counted once an image, a division takes as long as a step.

    across, down: MCUs of the image; interval: MCUs of a span, from an entry to the next one in its row; spans: of a
    row; restart: MCUs after which predictions are zeros again (all of them without restart markers); blocks: what
    `plan_blocks` returned.
    """

    across: int
    down: int
    interval: int
    spans: int
    restart: int
    blocks: int


@kernel
def restart_interval(state: DecoderState) -> int:
    """MCUs after which predictions are zeros again: all of them in an image without restart markers."""
    mcus_across, mcus_down = count_mcus(state)
    return state.frame[RESTART] if state.frame[RESTART] else mcus_across * mcus_down


@kernel
def _decode_rows(data: Bytes, record: Bytes, interval: int, state: DecoderState, part: ImagePart) -> int:
    across, down = count_mcus(state)
    grid = Grid(across, down, interval, -(-across // interval), restart_interval(state), plan_blocks(state))
    top, bottom = part.top // (8 * state.frame[DOWN]), min(-(-part.bottom // (8 * state.frame[DOWN])), down)
    left, right = part.left // (8 * state.frame[ACROSS]), min(-(-part.right // (8 * state.frame[ACROSS])), across)
    first_span, end_span = left // interval, -(-right // interval)
    reached, place = 0, 8 * state.frame[SCAN]
    if top > 0 or first_span > 0:
        # The lowest numbers, which all others count from, are looked at where nothing depends on them.
        status = _decode_entry(data, record, 0, 0, 0, place, place + _step(record, 1), across, grid, state, part)
        if status != OK:
            return status
    for row in range(top, bottom):
        from_row, span = row, first_span
        if _is_reset(row * across + span * interval, min((span + 1) * interval, across) - span * interval, grid):
            # Only the way from the entry before shows what is predicted at this one.
            from_row, span = (row, span - 1) if span else (row - 1, grid.spans - 1)
        while from_row < row or span < end_span:
            entry = from_row * grid.spans + span
            while reached < entry:
                reached += 1
                place += _step(record, reached)
            while reached > entry:
                place -= _step(record, reached)
                reached -= 1
            begin = place
            reached += 1
            place += _step(record, reached)
            # The last span is decoded to the part's edge only, unless it is the only one and has to be checked.
            edge = across if from_row < row or span <= first_span else right
            status = _decode_entry(data, record, entry, from_row, span, begin, place, edge, grid, state, part)
            if status != OK:
                return status
            span += 1
            if span == grid.spans and from_row < row:
                from_row, span = row, first_span
    return OK


@inlined
def _is_reset(first: int, mcus: int, grid: Grid) -> bool:
    """Whether predictions at an entry, at MCU `first`, do not reach the next one, so many MCUs further."""
    if grid.restart == grid.across * grid.down:
        return False
    last = min(first + mcus, grid.across * grid.down - 1)
    return first % grid.restart != 0 and first // grid.restart != last // grid.restart


@kernel
def _decode_entry(
    data: Bytes, record: Bytes, entry: int, row: int, span: int, begin: int, end: int, edge: int, grid: Grid,
    state: DecoderState, part: ImagePart,
) -> int:  # fmt: skip
    """From an entry, at bit `begin`, to the next one, at bit `end`, or to column `edge` of the MCUs before that."""
    first, column = row * grid.across + span * grid.interval, min((span + 1) * grid.interval, grid.across)
    whole = column <= edge
    _predict(record, entry, state)
    dc = state.predictions
    if (dc[0] != 0 or dc[1] != 0 or dc[2] != 0) and first % grid.restart == 0:
        return DISAGREES
    stop = row * grid.across + (column if whole else edge)
    status = _decode_span(data, first, stop, begin, end, whole, grid, state, part)
    if status == OK and whole and not _is_predicted(record, entry + 1, state):
        return DISAGREES
    return status


@kernel
def _decode_span(
    data: Bytes, first: int, stop: int, start: int, end: int, whole: bool, grid: Grid,
    state: DecoderState, part: ImagePart,
) -> int:  # fmt: skip
    """MCUs [first, stop), which begin at bit `start` of `data`; where `whole`, they must end at bit `end`.

    What comes behind a restart marker is predicted from zeros, and begins with a byte.
    """
    byte, limit = start >> 3, end >> 3
    if not state.frame[SCAN] <= byte <= limit < len(data) or limit - byte + PADDING >= len(state.stream):
        return DISAGREES
    bit, restarts = start & 7, grid.restart < grid.across * grid.down
    while first < stop:
        pause = min(stop, (first // grid.restart + 1) * grid.restart) if restarts else stop
        place, size = unstuff(data[:limit], byte, state.stream)
        usable = 8 * size
        if place >= limit:  # the last byte, of which some bits may be those of the next entry
            state.stream[size] = data[limit]
            usable += end & 7
        bit = decode_mcus(first, pause, bit, size + 1, grid.blocks, state, part)
        if bit < 0 or bit > usable:
            return DISAGREES
        first = pause
        if restarts and pause % grid.restart == 0 and pause < grid.across * grid.down:
            if not is_restart(data, place, pause // grid.restart - 1):
                return DISAGREES
            byte, bit, usable = place + 2, 0, 8 * (limit - place - 2)
            state.predictions[:] = 0
    return OK if bit == usable or not whole else DISAGREES


@kernel
def _number(record: Bytes, place: int, size: int) -> int:
    """A little-endian number without a sign."""
    value = np.int64(0)
    for offset in range(size):
        value |= np.int64(record[place + offset]) << (8 * offset)
    return value


@kernel
def _bits_of_entry(record: Bytes) -> int:
    return np.int64(record[WIDTHS]) + record[WIDTHS + 1] + record[WIDTHS + 2] + record[WIDTHS + 3]


@inlined
def _packed(record: Bytes, bit: int, width: int) -> int:
    """`width` bits (32 at most), the highest first, from bit `bit` of the packed ones on; `TAIL` bytes may be read."""
    if width == 0:
        return 0
    word = load_be64(np.uint64(record.ctypes.data) + np.uint64(HEAD + (bit >> 3))) << np.uint64(bit & 7)
    return np.int64(word >> np.uint64(64 - width))


@inlined
def _step(record: Bytes, entry: int) -> int:
    """The bits from the entry point before this one."""
    return _number(record, LEAST_STEP, 4) + _packed(
        record, (entry - 1) * _bits_of_entry(record), np.int64(record[WIDTHS])
    )


@kernel
def _prediction(record: Bytes, entry: int, component: int) -> int:
    if entry == 0:
        return 0
    lowest = _number(record, LEAST_DC + 2 * component, 2)
    bit = (entry - 1) * _bits_of_entry(record)
    for which in range(component + 1):
        bit += record[WIDTHS + which]
    value = _packed(record, bit, np.int64(record[WIDTHS + 1 + component]))
    return value + (lowest - 65536 if lowest > 32767 else lowest)


@kernel
def _predict(record: Bytes, entry: int, state: DecoderState) -> None:
    for component in range(3):
        state.predictions[component] = _prediction(record, entry, component)


@kernel
def _is_predicted(record: Bytes, entry: int, state: DecoderState) -> bool:
    for component in range(3):  # noqa: SIM110 - numba knows no all() of a generator
        if state.predictions[component] != _prediction(record, entry, component):
            return False
    return True
