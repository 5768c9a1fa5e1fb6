"""Code lengths to tables that are indexed by the next bits of the stream (RFC 1951, 3.2.2 and 3.2.7)."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np

from ..native import inlined, kernel
from ..simd.instruction import load_i32, load_le64, load_u8, load_u32, reverse_u32, store_i32, store_u8, store_u32
from .inflate_state import (
    DISTANCE_BITS,
    DISTANCE_SYMBOLS,
    EXCEPTION,
    LITLEN_BITS,
    LITLEN_SYMBOLS,
    LONGEST,
    PRECODE_BITS,
    SUBTABLE,
    InflateState,
)

Address = np.uint64
Bits = np.uint64

ONE, FULL = np.uint64(1), np.uint64(63)
PRECODE_MASK = np.uint64((1 << PRECODE_BITS) - 1)


@inlined
def refill(bits: Bits, count: Bits, place: Address) -> tuple[Bits, Bits, Address]:
    """At least 56 bits, the next one lowest; `place` is the address of the byte after them.

    Only the lower 6 bits of `count`, the number of bits, mean something.
    """
    bits |= load_le64(place) << (count & FULL)
    place += (~count >> np.uint64(3)) & np.uint64(7)
    return bits, count | np.uint64(56), place


@inlined
def next_byte(count: Bits, place: Address) -> Address:
    """The address of the first byte of which nothing is taken."""
    return place - ((count >> np.uint64(3)) & np.uint64(7))


@kernel
def build_table(
    lengths: Address, symbols: int, bases: Address, table: Address, lookup: int, most: int, state: InflateState
) -> bool:
    """Make the table of a code from its lengths, uint8 by symbol, with a lookup of so many bits.

    `bases` are entries without their code's bits. False for codes that zlib refuses: more of them than there are, or
    fewer, except none at all and a single one of one bit, where `most` allows for these (0: neither, 1: both).
    """
    counts, ordered = np.uint64(state.counts.ctypes.data), np.uint64(state.symbols.ctypes.data)
    longest, left = _count(lengths, symbols, counts)
    if left != 0 and (left < 0 or most == 0 or longest > 1):
        return False
    if left != 0:
        _build_one(lengths, symbols, bases, table, lookup)
        return True
    _sort(lengths, symbols, counts, ordered)
    code, number = 0, 0
    filled = 0
    for length in range(1, min(longest, lookup) + 1):
        for _ in range(load_i32(counts, np.uint64(length))):
            symbol = np.uint64(load_i32(ordered, np.uint64(number)))
            entry = load_u32(bases, symbol) + np.uint64(0x101 * length)
            if filled < length:
                filled = _double(table, filled, length, number)
            store_u32(table, reverse_u32(np.uint64(code << (32 - length))), entry)
            code += 1
            number += 1
        code <<= 1
    if longest < lookup or filled < lookup:
        _double(table, filled, lookup, number)
    if longest > lookup:
        _add_subtables(bases, table, lookup, longest, code, number, state)
    return True


@kernel
def _count(lengths: Address, symbols: int, counts: Address) -> tuple[int, int]:
    """Count codes by length; returns the longest, and how many more codes of `LONGEST` bits there could be."""
    for length in range(16):
        store_i32(counts, np.uint64(length), 0)
    for symbol in range(symbols):
        length = np.uint64(load_u8(lengths, np.uint64(symbol)))
        store_i32(counts, length, load_i32(counts, length) + 1)
    longest, left = 0, 1 << LONGEST
    for length in range(1, LONGEST + 1):
        count = load_i32(counts, np.uint64(length))
        left -= count << (LONGEST - length)
        longest = length if count else longest
    return longest, left


@kernel
def _sort(lengths: Address, symbols: int, counts: Address, ordered: Address) -> None:
    """Symbols that have a code, in the order of their codes."""
    place = 0
    for length in range(1, LONGEST + 1):
        store_i32(counts, np.uint64(16 + length), place)
        place += load_i32(counts, np.uint64(length))
    for symbol in range(symbols):
        length = np.uint64(load_u8(lengths, np.uint64(symbol)))
        if length:
            place = load_i32(counts, np.uint64(16) + length)
            store_i32(ordered, np.uint64(place), symbol)
            store_i32(counts, np.uint64(16) + length, place + 1)


@kernel
def _build_one(lengths: Address, symbols: int, bases: Address, table: Address, lookup: int) -> None:
    """The table of a single code, the bit 0, or of none: everything else means nothing."""
    for place in range(1 << lookup):
        store_u32(table, np.uint64(place), np.uint64(EXCEPTION | 1))
    for symbol in range(symbols):
        if load_u8(lengths, np.uint64(symbol)):
            for place in range(0, 1 << lookup, 2):
                store_u32(table, np.uint64(place), load_u32(bases, np.uint64(symbol)) + np.uint64(0x101))


@kernel
def _double(table: Address, filled: int, wanted: int, entered: int) -> int:
    """Repeat the first 2 ** filled entries until they are 2 ** wanted; before any was entered there are none."""
    while filled < wanted:
        if entered:
            half = np.uint64(1 << filled)
            for place in range(1 << filled):
                store_u32(table, half + np.uint64(place), load_u32(table, np.uint64(place)))
        filled += 1
    return wanted


@kernel
def _add_subtables(
    bases: Address, table: Address, lookup: int, longest: int, code: int, number: int, state: InflateState
) -> None:
    """Enter the codes longer than the lookup, from `code` (of lookup + 1 bits), symbol `number`, on."""
    counts, ordered = np.uint64(state.counts.ctypes.data), np.uint64(state.symbols.ctypes.data)
    rest = longest - lookup
    free, prefix = 1 << lookup, -1
    begin = free
    for length in range(lookup + 1, longest + 1):
        for _ in range(load_i32(counts, np.uint64(length))):
            reverse = np.int64(reverse_u32(np.uint64(code << (32 - length))))
            if reverse & ((1 << lookup) - 1) != prefix:
                prefix, begin = reverse & ((1 << lookup) - 1), free
                free += 1 << rest
                store_u32(table, np.uint64(prefix), np.uint64(begin << 16 | EXCEPTION | SUBTABLE | rest))
            symbol = np.uint64(load_i32(ordered, np.uint64(number)))
            entry = load_u32(bases, symbol) + np.uint64(0x101 * length)
            for place in range(reverse >> lookup, 1 << rest, 1 << (length - lookup)):
                store_u32(table, np.uint64(begin + place), entry)
            code += 1
            number += 1
        code <<= 1


@kernel
def build_fixed(state: InflateState) -> None:
    """The tables of the fixed codes (RFC 1951, 3.2.6), if they are not there yet."""
    if state.fixed_built[0]:
        return
    lengths = np.uint64(state.lengths.ctypes.data)
    for symbol in range(LITLEN_SYMBOLS):
        length = 8 if symbol < 144 or symbol >= 280 else 9 if symbol < 256 else 7
        store_u8(lengths + np.uint64(symbol), np.uint64(length))
    for symbol in range(DISTANCE_SYMBOLS):
        store_u8(lengths + np.uint64(LITLEN_SYMBOLS + symbol), np.uint64(5))
    litlen, distances = np.uint64(state.fixed_litlen.ctypes.data), np.uint64(state.fixed_distances.ctypes.data)
    build_table(lengths, LITLEN_SYMBOLS, np.uint64(state.litlen_bases.ctypes.data), litlen, LITLEN_BITS, 0, state)
    build_table(
        lengths + np.uint64(LITLEN_SYMBOLS),
        DISTANCE_SYMBOLS,
        np.uint64(state.distance_bases.ctypes.data),
        distances,
        DISTANCE_BITS,
        0,
        state,
    )
    state.fixed_built[0] = 1


@kernel
def read_codes(
    bits: Bits, count: Bits, place: Address, last: Address, state: InflateState
) -> tuple[Bits, Bits, Address, bool]:
    """Read a dynamic block's codes and make its tables. False where zlib refuses them, or they reach beyond `last`."""
    bits, count, place = refill(bits, count, place)
    litlens = 257 + np.int64(bits & np.uint64(31))
    distances = 1 + np.int64((bits >> np.uint64(5)) & np.uint64(31))
    precodes = 4 + np.int64((bits >> np.uint64(10)) & np.uint64(15))
    lengths, order = np.uint64(state.lengths.ctypes.data), np.uint64(state.order.ctypes.data)
    precode = np.uint64(state.precode.ctypes.data)
    for symbol in range(19):
        store_u8(lengths + np.uint64(symbol), np.uint64(0))
    # 14 bits and the first length's 3 of the 53 there are; then 18 lengths at most, in 54 bits.
    store_u8(lengths + np.uint64(load_u8(order, np.uint64(0))), (bits >> np.uint64(14)) & np.uint64(7))
    bits >>= np.uint64(17)
    count -= np.uint64(17)
    bits, count, place = refill(bits, count, place)
    for number in range(1, precodes):
        store_u8(lengths + np.uint64(load_u8(order, np.uint64(number))), bits & np.uint64(7))
        bits >>= np.uint64(3)
        count -= np.uint64(3)
    bases = np.uint64(state.precode_bases.ctypes.data)
    whole = litlens <= 286 and distances <= 30
    whole = whole and build_table(lengths, 19, bases, precode, PRECODE_BITS, 0, state)
    if whole:
        bits, count, place, whole = _read_lengths(bits, count, place, last, litlens + distances, lengths, precode)
    return bits, count, place, whole and _build_both(litlens, distances, lengths, state)


@kernel
def _build_both(litlens: int, distances: int, lengths: Address, state: InflateState) -> bool:
    if load_u8(lengths, np.uint64(256)) == 0:
        return False
    return build_table(
        lengths,
        litlens,
        np.uint64(state.litlen_bases.ctypes.data),
        np.uint64(state.litlen.ctypes.data),
        LITLEN_BITS,
        1,
        state,
    ) and build_table(
        lengths + np.uint64(litlens),
        distances,
        np.uint64(state.distance_bases.ctypes.data),
        np.uint64(state.distances.ctypes.data),
        DISTANCE_BITS,
        1,
        state,
    )


@kernel
def _read_lengths(
    bits: Bits, count: Bits, place: Address, last: Address, total: int, lengths: Address, precode: Address
) -> tuple[Bits, Bits, Address, bool]:
    """Read `total` code lengths."""
    number = 0
    while number < total:
        if next_byte(count, place) > last:
            return bits, count, place, False
        bits, count, place = refill(bits, count, place)
        entry = load_u32(precode, bits & PRECODE_MASK)
        symbol = np.int64(entry >> np.uint64(16))
        bits >>= entry & FULL
        count -= entry
        if symbol < 16:
            store_u8(lengths + np.uint64(number), np.uint64(symbol))
            number += 1
            continue
        value = np.uint64(0)
        extra, repeat = (3, 3) if symbol == 17 else (7, 11)
        if symbol == 16:
            extra, repeat = 2, 3
            if number == 0:
                return bits, count, place, False
            value = np.uint64(load_u8(lengths, np.uint64(number - 1)))
        repeat += np.int64(bits & ((ONE << np.uint64(extra)) - ONE))
        bits >>= np.uint64(extra)
        count -= np.uint64(extra)
        if number + repeat > total:
            return bits, count, place, False
        for _ in range(repeat):
            store_u8(lengths + np.uint64(number), value)
            number += 1
    return bits, count, place, True
