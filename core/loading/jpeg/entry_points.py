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
import numpy as np
import numpy.typing as npt

from ..native import inlined, kernel
from ..simd.instruction import load_be64
from .entropy import ends_properly, is_restart, next_marker, unstuff
from .markers import OK, UNSUPPORTED
from .scan import ImagePart, count_mcus, decode_mcus, plan_blocks, room
from .state import ACROSS, DOWN, PADDING, RESTART, SCAN, DecoderState

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Address = np.uint64

DISAGREES = 3
"""How decoding can end as well: the record is not this image's."""

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


@kernel
def _decode_rows(data: Bytes, record: Bytes, interval: int, state: DecoderState, part: ImagePart) -> int:
    mcus_across, mcus_down = count_mcus(state)
    spans = -(-mcus_across // interval)
    top, bottom = part.top // (8 * state.frame[DOWN]), min(-(-part.bottom // (8 * state.frame[DOWN])), mcus_down)
    left, right = part.left // (8 * state.frame[ACROSS]), min(-(-part.right // (8 * state.frame[ACROSS])), mcus_across)
    blocks, reached, place = plan_blocks(state), 0, 8 * state.frame[SCAN]
    if top > 0 or left >= interval:
        # The lowest numbers, which all others count from, are looked at where nothing depends on them.
        second = place + _step(record, 1)
        status = _decode_entry(data, record, 0, interval, place, second, mcus_across, blocks, state, part)
        if status != OK:
            return status
    for row in range(top, bottom):
        start, stop = row * spans + left // interval, row * spans - (-right // interval)
        for entry in range(start - _is_reset(start, interval, state), stop):
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
            edge = mcus_across if entry <= start else right
            status = _decode_entry(data, record, entry, interval, begin, place, edge, blocks, state, part)
            if status != OK:
                return status
    return OK


@kernel
def _span(entry: int, interval: int, state: DecoderState) -> tuple[int, int]:
    """The MCUs [first, stop) from an entry to the next one."""
    mcus_across, _ = count_mcus(state)
    spans = -(-mcus_across // interval)
    first, column = entry // spans * mcus_across, entry % spans * interval
    return first + column, first + min(column + interval, mcus_across)


@kernel
def restart_interval(state: DecoderState) -> int:
    """MCUs after which predictions are zeros again: all of them in an image without restart markers."""
    mcus_across, mcus_down = count_mcus(state)
    return state.frame[RESTART] if state.frame[RESTART] else mcus_across * mcus_down


@kernel
def _is_reset(entry: int, interval: int, state: DecoderState) -> int:
    """1 where predictions at an entry do not reach the next one: then only the way from the entry before shows them."""
    first, stop = _span(entry, interval, state)
    mcus_across, mcus_down = count_mcus(state)
    last, restart = min(stop, mcus_across * mcus_down - 1), restart_interval(state)
    return np.int64(first % restart != 0 and first // restart != last // restart)


@kernel
def _decode_entry(
    data: Bytes, record: Bytes, entry: int, interval: int, begin: int, end: int, edge: int, blocks: int,
    state: DecoderState, part: ImagePart,
) -> int:  # fmt: skip
    """From an entry, at bit `begin`, to the next one, at bit `end`, or to column `edge` of the MCUs before that."""
    mcus_across, _ = count_mcus(state)
    first, stop = _span(entry, interval, state)
    whole = stop - first // mcus_across * mcus_across <= edge
    _predict(record, entry, state)
    if first % restart_interval(state) == 0 and state.predictions.any():
        return DISAGREES
    if not whole:
        stop = first // mcus_across * mcus_across + edge
    status = _decode_span(data, first, stop, begin, end, whole, blocks, state, part)
    if status == OK and whole and not _is_predicted(record, entry + 1, state):
        return DISAGREES
    return status


@kernel
def _decode_span(
    data: Bytes, first: int, stop: int, start: int, end: int, whole: bool, blocks: int,
    state: DecoderState, part: ImagePart,
) -> int:  # fmt: skip
    """MCUs [first, stop), which begin at bit `start` of `data`; where `whole`, they must end at bit `end`.

    What comes behind a restart marker is predicted from zeros, and begins with a byte.
    """
    byte, limit = start >> 3, end >> 3
    if not state.frame[SCAN] <= byte <= limit < len(data) or limit - byte + PADDING >= len(state.stream):
        return DISAGREES
    mcus_across, mcus_down = count_mcus(state)
    restart, bit = restart_interval(state), start & 7
    while first < stop:
        pause = min(stop, (first // restart + 1) * restart)
        place, size = unstuff(data[:limit], byte, state.stream)
        usable = 8 * size
        if place >= limit:  # the last byte, of which some bits may be those of the next entry
            state.stream[size] = data[limit]
            usable += end & 7
        bit = decode_mcus(first, pause, bit, size + 1, blocks, state, part)
        if bit < 0 or bit > usable:
            return DISAGREES
        first = pause
        if pause % restart == 0 and pause < mcus_across * mcus_down:
            if not is_restart(data, place, pause // restart - 1):
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
