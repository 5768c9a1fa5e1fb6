"""Entry points of whole JPEG files, as a build notes them: from payloads to the records of `core.stores.jpeg_index`."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import io
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...base.contracts import Buffer
from ...stores.jpeg_index import FEWEST_MCUS
from ..native import kernel
from ..simd.instruction import has_ff
from ..statuses import OK, TOO_SMALL, UNSUPPORTED
from .entropy import ends_properly, is_restart, unstuff
from .entry_points import HEAD, LEAST_DC, LEAST_STEP, WIDEST_DC, WIDEST_STEP, WIDTHS, count_entries, restart_interval
from .markers import read_header
from .memory import jpeg_memory
from .scan import ImagePart, count_mcus, decode_mcus, plan_blocks, room
from .state import SCAN, DecoderState

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]

BYTES_A_ENTRY = 10
"""At most: a step of 32 bits and three predictions of 16."""


def records_of(payloads: Sequence[Buffer], interval: int) -> list[bytes]:
    """A record, without its checksum, of each payload; b"" for what is no JPEG that the kernels decode, or is small.

    The first call in a process loads the kernels.
    """
    _load_kernels()
    return [_record(payload, interval) for payload in payloads]


def _record(payload: Buffer, interval: int, fewest: int = FEWEST_MCUS) -> bytes:
    data = np.frombuffer(payload, np.uint8)
    data.flags.writeable = False
    if read_header(data, jpeg_memory.state) != OK or np.prod(count_mcus(jpeg_memory.state)) < fewest:
        return b""
    entries = int(count_entries(jpeg_memory.state, interval))
    places, predictions = np.zeros(entries + 1, np.int64), np.zeros((entries + 1, 3), np.int64)
    while (status := note_entries(data, interval, jpeg_memory.state, places, predictions)) == TOO_SMALL:
        if not jpeg_memory.grow() or read_header(data, jpeg_memory.state) != OK:
            return b""
    if status != OK:
        return b""
    record = np.zeros(HEAD + BYTES_A_ENTRY * entries, np.uint8)
    return record[: pack(len(data), places, predictions, record)].tobytes()


@cache
def _load_kernels() -> None:
    """Compile them, or load what was compiled: no sample's time."""
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "JPEG")
    _record(file.getvalue(), 1, fewest=1)


# ---------------------------------------------------------------- compiled


@kernel
def note_entries(data: Bytes, interval: int, state: DecoderState, places: Numbers, predictions: Numbers) -> int:
    """Decode an image and note its entry points: bits of `data` into `places`, (n + 1,), and what is predicted there
    into `predictions`, (n + 1, 3); n is `count_entries`.

    The header must have been read. Returns OK, UNSUPPORTED or TOO_SMALL.
    """
    status = room(data, state)
    if status != OK:
        return status
    mcus_across, mcus_down = count_mcus(state)
    all_mcus, next_byte, restart = mcus_across * mcus_down, state.frame[SCAN], restart_interval(state)
    places[0], predictions[0], entry = 8 * next_byte, 0, 0
    for first in range(0, all_mcus, restart):
        if first > 0:
            if not is_restart(data, next_byte, first // restart - 1):
                return UNSUPPORTED
            next_byte += 2
            if first % mcus_across % interval == 0:
                places[entry], predictions[entry] = 8 * next_byte, 0
        begin = next_byte
        next_byte, size = unstuff(data, begin, state.stream)
        entry = _note_interval(
            data, begin, size, first, min(first + restart, all_mcus), interval, entry, state, places, predictions
        )
        if entry < 0:
            return UNSUPPORTED
    return OK if next_byte + 2 <= len(data) and ends_properly(data, next_byte, 1, 1) else UNSUPPORTED


@kernel
def _note_interval(
    data: Bytes, begin: int, size: int, first: int, stop: int, interval: int, entry: int, state: DecoderState,
    places: Numbers, predictions: Numbers,
) -> int:  # fmt: skip
    """Note the entries behind MCU `first` up to MCU `stop`; returns the number of the last one, -1 for damage."""
    mcus_across, _ = count_mcus(state)
    nothing, blocks = ImagePart(0, 0, 0, 0), plan_blocks(state)
    bit, byte, plain = 0, begin, 0
    state.predictions[:] = 0
    while first < stop:
        column = first % mcus_across
        until = first - column + min((column // interval + 1) * interval, mcus_across)
        bit = decode_mcus(first, min(until, stop), bit, size, blocks, state, nothing)
        if bit < 0:
            return -1
        first = min(until, stop)
        if first == until:
            entry += 1
            byte, plain = _stuffed(data, byte, plain, bit >> 3)
            places[entry], predictions[entry] = 8 * byte + (bit & 7), state.predictions
    return entry


@kernel
def _stuffed(data: Bytes, byte: int, plain: int, wanted: int) -> tuple[int, int]:
    """From byte `byte` of `data`, which is byte `plain` without stuffing, to the one that is byte `wanted`."""
    source = np.uint64(data.ctypes.data)
    while plain < wanted:
        if plain + 8 <= wanted and byte + 8 <= len(data) and not has_ff(source + np.uint64(byte)):
            byte += 8
            plain += 8
        else:
            byte += 2 if data[byte] == 0xFF else 1
            plain += 1
    return byte, plain


@kernel
def pack(size: int, places: Numbers, predictions: Numbers, record: Bytes) -> int:
    """Write a record, without its checksum, of an image of `size` bytes; returns its length.

    `record` is zeroed and has `HEAD` bytes and 10 for each entry at least. 0 where a number is too wide.
    """
    steps = places[1:] - places[:-1]
    lowest, widths = np.zeros(4, np.int64), np.zeros(4, np.int64)
    lowest[0], widths[0] = steps.min(), _width(steps.max() - steps.min())
    for component in range(3):
        column = predictions[1:, component]
        lowest[1 + component], widths[1 + component] = column.min(), _width(column.max() - column.min())
    if widths[0] > WIDEST_STEP or lowest[0] >> 32 or widths[1:].max() > WIDEST_DC or np.abs(lowest[1:]).max() > 32767:
        return 0
    _write(record, 0, size, 4)
    _write(record, LEAST_STEP, lowest[0], 4)
    for which in range(4):
        if which:
            _write(record, LEAST_DC + 2 * (which - 1), lowest[which] & 0xFFFF, 2)
        record[WIDTHS + which] = widths[which]
    bit = 8 * HEAD
    for entry in range(len(steps)):
        for which in range(4):
            value = (predictions[entry + 1, which - 1] if which else steps[entry]) - lowest[which]
            for number in range(widths[which] - 1, -1, -1):
                record[bit >> 3] |= np.uint8((value >> number & 1) << (7 - (bit & 7)))
                bit += 1
    return (bit + 7) >> 3


@kernel
def _width(value: int) -> int:
    bits = 0
    while value >> bits:
        bits += 1
    return bits


@kernel
def _write(record: Bytes, place: int, value: int, size: int) -> None:
    for offset in range(size):
        record[place + offset] = value >> (8 * offset) & 0xFF
