"""The codes of a dynamic block, as the stream tells them: lengths, which are a code themselves (RFC 1951, 3.2.7)."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np

from ..native import kernel
from ..simd.instruction import load_u8, load_u32, store_u8, store_u64
from .inflate_state import PRECODE_BITS, InflateState
from .inflate_tables import FULL, ONE, build_both, build_table, clear_counts, count_length, next_byte, refill

Address = np.uint64
Bits = np.uint64

EACH_BYTE = np.uint64(0x0101010101010101)
PRECODE_MASK = np.uint64((1 << PRECODE_BITS) - 1)


@kernel
def read_codes(
    bits: Bits, count: Bits, place: Address, last: Address, litlen: Address, distance: Address, state: InflateState
) -> tuple[Bits, Bits, Address, bool]:
    """Read a dynamic block's codes into these tables. False where zlib refuses them, or they reach beyond `last`."""
    bits, count, place = refill(bits, count, place)
    litlens = 257 + np.int64(bits & np.uint64(31))
    distances = 1 + np.int64((bits >> np.uint64(5)) & np.uint64(31))
    precodes = 4 + np.int64((bits >> np.uint64(10)) & np.uint64(15))
    lengths, order = np.uint64(state.lengths.ctypes.data), np.uint64(state.order.ctypes.data)
    counts, precode = np.uint64(state.counts.ctypes.data), np.uint64(state.precode.ctypes.data)
    clear_counts(counts)
    for number in range(4):
        store_u64(lengths, np.uint64(number), np.uint64(0))
    # 14 bits and the first length's 3 of the 53 there are; then 18 lengths at most, in 54 bits.
    store_u8(lengths + np.uint64(load_u8(order, np.uint64(0))), (bits >> np.uint64(14)) & np.uint64(7))
    count_length(counts, (bits >> np.uint64(14)) & np.uint64(7), 1)
    bits >>= np.uint64(17)
    count -= np.uint64(17)
    bits, count, place = refill(bits, count, place)
    for number in range(1, precodes):
        store_u8(lengths + np.uint64(load_u8(order, np.uint64(number))), bits & np.uint64(7))
        count_length(counts, bits & np.uint64(7), 1)
        bits >>= np.uint64(3)
        count -= np.uint64(3)
    bases = np.uint64(state.precode_bases.ctypes.data)
    whole = litlens <= 286 and distances <= 30
    whole = whole and build_table(lengths, 19, counts, bases, precode, PRECODE_BITS, False, state)
    if whole:
        bits, count, place, whole = _read_lengths(bits, count, place, last, litlens + distances, state)
    if whole:
        whole = _divide(litlens, distances, lengths, counts)
    return bits, count, place, whole and build_both(litlens, distances, litlen, distance, state)


@kernel
def _divide(litlens: int, distances: int, lengths: Address, counts: Address) -> bool:
    """Count the distances' lengths apart. False where the end of the block has no code."""
    for number in range(litlens, litlens + distances):
        length = np.uint64(load_u8(lengths, np.uint64(number)))
        count_length(counts, length, -1)
        count_length(counts + np.uint64(64), length, 1)
    return load_u8(lengths, np.uint64(256)) != 0


@kernel
def _read_lengths(
    bits: Bits, count: Bits, place: Address, last: Address, total: int, state: InflateState
) -> tuple[Bits, Bits, Address, bool]:
    """Read `total` code lengths, and count them."""
    lengths, counts = np.uint64(state.lengths.ctypes.data), np.uint64(state.counts.ctypes.data)
    precode = np.uint64(state.precode.ctypes.data)
    clear_counts(counts)
    number = 0
    while next_byte(count, place) <= last:
        bits, count, place = refill(bits, count, place)
        # Four codes of 7 bits, and 7 more bits of the last.
        symbol = np.uint64(0)
        for _ in range(4):
            entry = load_u32(precode, bits & PRECODE_MASK)
            symbol = entry >> np.uint64(16)
            bits >>= entry & FULL
            count -= entry
            if symbol >= 16:
                break
            store_u8(lengths + np.uint64(number), symbol)
            count_length(counts, symbol, 1)
            number += 1
            if number == total:
                return bits, count, place, True
        if symbol < 16:
            continue
        extra, repeat, value = np.uint64(3), 3, np.uint64(0)
        if symbol == 16:
            if number == 0:
                break
            extra, value = np.uint64(2), np.uint64(load_u8(lengths, np.uint64(number - 1)))
        elif symbol == 18:
            extra, repeat = np.uint64(7), 11
        repeat += np.int64(bits & ((ONE << extra) - ONE))
        bits >>= extra
        count -= extra
        if number + repeat > total:
            break
        count_length(counts, value, repeat)
        for eight in range((repeat + 7) >> 3):
            store_u64(lengths + np.uint64(number), np.uint64(eight), value * EACH_BYTE)
        number += repeat
        if number == total:
            return bits, count, place, True
    return bits, count, place, False
