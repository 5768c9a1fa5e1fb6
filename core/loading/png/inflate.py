"""Inflate a zlib stream (RFC 1950, RFC 1951) into memory of the size that it is known to have.

The next bits index a table that gives a literal, or a length with its extra bits. Loops check where they are once for
several symbols: what these can read and write is less than what may be read and written beyond the ends.
"""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np

from ..native import inlined, kernel
from ..simd.instruction import copy_8, load_be64, load_le64, load_u8, load_u32, store_u8
from .adler import adler32
from .inflate_codes import read_codes
from .inflate_state import (
    DISTANCE_BITS,
    DISTANCE_ENTRIES,
    END,
    EXCEPTION,
    LITERAL,
    LITLEN_BITS,
    LITLEN_ENTRIES,
    SLOTS,
    SUBTABLE,
    InflateState,
)
from .inflate_tables import build_fixed, next_byte, refill

INPUT_SLACK = 16
"""Bytes behind a stream that must be readable. They are never used."""
OUTPUT_SLACK = 16
"""Bytes behind the result that must be writable. What they hold afterwards means nothing."""

Address = np.uint64
Bits = np.uint64

ONE, FULL = np.uint64(1), np.uint64(63)
DAMAGED = np.uint64(0)
"""An address where nothing is written."""

LITLEN_MASK, DISTANCE_MASK = np.uint64((1 << LITLEN_BITS) - 1), np.uint64((1 << DISTANCE_BITS) - 1)
IS_EXCEPTION, IS_SUBTABLE, IS_END = np.uint64(EXCEPTION), np.uint64(SUBTABLE), np.uint64(END)
FIRST_LITERAL = np.uint64(LITERAL)
ALONE_LITLEN, ALONE_DISTANCES = np.uint64(4 * SLOTS * LITLEN_ENTRIES), np.uint64(4 * SLOTS * DISTANCE_ENTRIES)
"""Where the tables of a stream alone are."""
VALUE, BYTE = np.uint64(16), np.uint64(8)


@kernel
def inflate(data: Address, length: int, out: Address, out_length: int, state: InflateState) -> int:
    """Inflate the zlib stream of `length` bytes at `data` into `out_length` bytes at `out`; 0 if all is right, else 1.

    All is right where zlib says so, and the stream has exactly these lengths: bytes behind it, and more or less to be
    written than `out_length`, are 1. `INPUT_SLACK` bytes behind the stream must be readable, `OUTPUT_SLACK` behind the
    result writable. After a 1 the result is undefined.
    """
    if not is_stream(data, length):
        return 1
    # Behind the blocks are the four bytes of the checksum.
    last = data + np.uint64(length - 4)
    end = out + np.uint64(out_length)
    place, written = inflate_blocks(np.uint64(0), np.uint64(0), data + np.uint64(2), last, out, out, end, state)
    return 0 if ends_well(place, written, last, out, out_length, state) else 1


@kernel
def is_stream(data: Address, length: int) -> bool:
    """Whether the first two bytes are those of a zlib stream, and there are as many as the shortest has."""
    if length < 8:
        return False
    header = load_be64(data) >> np.uint64(48)
    # Method 8, a window of 32 kB at most, no dictionary, a multiple of 31.
    if header >> np.uint64(8) & np.uint64(15) != 8 or header >> np.uint64(12) > 7 or header & np.uint64(32):
        return False
    return header % np.uint64(31) == 0


@kernel
def ends_well(place: Address, written: Address, last: Address, out: Address, length: int, state: InflateState) -> bool:
    """Whether the blocks end at `last` and at the end of the result, and the checksum there is the result's."""
    if written != out + np.uint64(length) or place != last:
        return False
    wanted = np.int64(load_be64(last) >> np.uint64(32))
    return adler32(out, length, np.uint64(state.sums.ctypes.data)) == wanted


@kernel
def inflate_blocks(
    bits: Bits,
    count: Bits,
    place: Address,
    last: Address,
    out: Address,
    begin: Address,
    end: Address,
    state: InflateState,
) -> tuple[Address, Address]:
    """All blocks from here on; returns the addresses behind the last, and behind what was written, or `DAMAGED`."""
    while True:
        if next_byte(count, place) > last:
            return place, DAMAGED
        bits, count, place = refill(bits, count, place)
        final, kind = bits & ONE, bits >> ONE & np.uint64(3)
        bits >>= np.uint64(3)
        count -= np.uint64(3)
        if kind == 0:
            place, out = _copy_stored(next_byte(count, place), last, out, end)
            bits, count = np.uint64(0), np.uint64(0)
        elif kind == 3:
            out = DAMAGED
        else:
            litlen = np.uint64(state.litlen.ctypes.data) + ALONE_LITLEN
            distances = np.uint64(state.distances.ctypes.data) + ALONE_DISTANCES
            whole = True
            if kind == 1:
                build_fixed(state)
                litlen = np.uint64(state.fixed_litlen.ctypes.data)
                distances = np.uint64(state.fixed_distances.ctypes.data)
            else:
                bits, count, place, whole = read_codes(bits, count, place, last, litlen, distances, state)
            if not whole:
                return place, DAMAGED
            bits, count, place, out = inflate_block(bits, count, place, last, out, begin, end, litlen, distances)
        if out == DAMAGED or final:
            return next_byte(count, place), out


@kernel
def _copy_stored(place: Address, last: Address, out: Address, end: Address) -> tuple[Address, Address]:
    """A stored block whose length is at `place`."""
    if place + np.uint64(4) > last:
        return place, DAMAGED
    header = load_le64(place)
    size = header & np.uint64(0xFFFF)
    place += np.uint64(4)
    if size ^ np.uint64(0xFFFF) != header >> VALUE & np.uint64(0xFFFF) or place + size > last or out + size > end:
        return place, DAMAGED
    for number in range(size):
        store_u8(out + np.uint64(number), np.uint64(load_u8(place, np.uint64(number))))
    return place + size, out + size


@inlined
def value_of(entry: Bits, bits: Bits) -> Bits:
    """A length or a distance: the entry's lowest, and its extra bits."""
    extra = bits & ((ONE << (entry & FULL)) - ONE)
    return (entry >> VALUE) + (extra >> (entry >> BYTE & np.uint64(15)))


@inlined
def in_subtable(table: Address, entry: Bits, bits: Bits, lookup: int) -> Bits:
    """The entry of a code that is longer than the lookup."""
    mask = (ONE << (entry & FULL)) - ONE
    return load_u32(table, (entry >> VALUE) + (bits >> np.uint64(lookup) & mask))


@kernel
def inflate_block(
    bits: Bits,
    count: Bits,
    place: Address,
    last: Address,
    out: Address,
    begin: Address,
    end: Address,
    litlen: Address,
    distances: Address,
) -> tuple[Bits, Bits, Address, Address]:
    """The symbols of a block; the last result is `DAMAGED` for a stream that is.

    One long function on purpose: the bits and both places go from symbol to symbol.
    """
    while next_byte(count, place) <= last and out <= end:
        bits, count, place = refill(bits, count, place)
        # Five codes from the lookup take 55 bits at most.
        entry = load_u32(litlen, bits & LITLEN_MASK)
        for _ in range(4):
            if entry < FIRST_LITERAL:
                break
            store_u8(out, entry >> VALUE)
            out += ONE
            bits >>= entry & FULL
            count -= entry
            entry = load_u32(litlen, bits & LITLEN_MASK)
        if entry < FIRST_LITERAL:
            # A length and a distance take 48 bits at most.
            bits, count, place = refill(bits, count, place)
            if entry & IS_SUBTABLE:
                entry = in_subtable(litlen, entry, bits, LITLEN_BITS)
        if entry >= FIRST_LITERAL:
            store_u8(out, entry >> VALUE)
            out += ONE
            bits >>= entry & FULL
            count -= entry
            continue
        size = value_of(entry, bits)
        bits >>= entry & FULL
        count -= entry
        if entry & IS_EXCEPTION:
            return bits, count, place, out if entry & IS_END else DAMAGED
        entry = load_u32(distances, bits & DISTANCE_MASK)
        if entry & IS_SUBTABLE:
            entry = in_subtable(distances, entry, bits, DISTANCE_BITS)
        distance = value_of(entry, bits)
        bits >>= entry & FULL
        count -= entry
        if entry & IS_EXCEPTION or distance > out - begin or out + size > end:
            break
        copy_match(out, distance, size)
        out += size
    return bits, count, place, DAMAGED


@inlined
def copy_match(out: Address, distance: Bits, size: Bits) -> None:
    """Repeat `size` bytes from `distance` before; up to 15 bytes behind them are written."""
    source, stop = out - distance, out + size
    if distance >= 8:
        # Most are short: 16 bytes without asking for their number.
        copy_8(source, out)
        copy_8(source + BYTE, out + BYTE)
        while out + BYTE + BYTE < stop:
            source += BYTE
            out += BYTE
            copy_8(source + BYTE, out + BYTE)
        return
    while out < stop:
        store_u8(out, np.uint64(load_u8(source, np.uint64(0))))
        source += ONE
        out += ONE
