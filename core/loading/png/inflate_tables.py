"""Code lengths to tables that are indexed by the next bits of the stream (RFC 1951, 3.2.2 and 3.2.6)."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np

from ..native import inlined, kernel
from ..simd.instruction import (
    copy_64,
    load_i32,
    load_le64,
    load_u8,
    load_u32,
    reverse_u32,
    store_i32,
    store_u8,
    store_u32,
    store_u64,
)
from .inflate_state import (
    DISTANCE_BITS,
    DISTANCE_SYMBOLS,
    EXCEPTION,
    LITLEN_BITS,
    LITLEN_SYMBOLS,
    LONGEST,
    SUBTABLE,
    InflateState,
)

Address = np.uint64
Bits = np.uint64

ONE, FULL = np.uint64(1), np.uint64(63)


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
    lengths: Address,
    symbols: int,
    counts: Address,
    bases: Address,
    table: Address,
    lookup: int,
    single: bool,
    state: InflateState,
) -> bool:
    """Make the table of a code from its lengths, uint8 by symbol, with a lookup of so many bits.

    `counts` are the codes by length, int32 (16,); `bases` are entries without their code's bits. Eight lengths behind
    the last are read. False for codes that zlib refuses: more of them than there are, or fewer, except, where `single`
    allows it, none at all and a single one of one bit.
    """
    ordered, places = np.uint64(state.symbols.ctypes.data), np.uint64(state.counts.ctypes.data) + np.uint64(128)
    shortest, longest, left = _survey(counts, places)
    if left != 0 and (left < 0 or not single or longest > 1):
        return False
    if left != 0:
        _build_one(lengths, symbols, bases, table, lookup)
        return True
    _sort(lengths, symbols, places, ordered)
    code, number = 0, 0
    for length in range(shortest, min(longest, lookup) + 1):
        if length > shortest:
            _double(table, length - 1)
        bits = np.uint64(0x101 * length)
        for _ in range(load_i32(counts, np.uint64(length))):
            symbol = np.uint64(load_i32(ordered, np.uint64(number)))
            reverse = reverse_u32(np.uint64(code << (32 - length)))
            store_u32(table, reverse, load_u32(bases, symbol) + bits)
            code += 1
            number += 1
        code <<= 1
    for length in range(longest, lookup):
        _double(table, length)
    if longest > lookup:
        _add_subtables(counts, ordered, bases, table, lookup, longest, code, number)
    return True


@kernel
def _survey(counts: Address, places: Address) -> tuple[int, int, int]:
    """The shortest and the longest code, and how many more of `LONGEST` bits there could be; sets `places`."""
    shortest = longest = place = 0
    left = 1 << LONGEST
    for length in range(1, LONGEST + 1):
        count = load_i32(counts, np.uint64(length))
        store_i32(places, np.uint64(length), place)
        place += count
        left -= count << (LONGEST - length)
        longest = length if count else longest
        shortest = length if count and not shortest else shortest
    return shortest, longest, left


@kernel
def _sort(lengths: Address, symbols: int, places: Address, ordered: Address) -> None:
    """Symbols that have a code, in the order of their codes."""
    for first in range(0, symbols, 8):
        if load_le64(lengths + np.uint64(first)) == 0:
            continue
        for symbol in range(first, min(first + 8, symbols)):
            length = np.uint64(load_u8(lengths, np.uint64(symbol)))
            if length:
                place = load_i32(places, length)
                store_i32(ordered, np.uint64(place), symbol)
                store_i32(places, length, place + 1)


@kernel
def _build_one(lengths: Address, symbols: int, bases: Address, table: Address, lookup: int) -> None:
    """The table of a single code, the bit 0, or of none: everything else means nothing."""
    for place in range(1 << lookup):
        store_u32(table, np.uint64(place), np.uint64(EXCEPTION | 1))
    for symbol in range(symbols):
        if load_u8(lengths, np.uint64(symbol)):
            for place in range(0, 1 << lookup, 2):
                store_u32(table, np.uint64(place), load_u32(bases, np.uint64(symbol)) + np.uint64(0x101))


@inlined
def _double(table: Address, filled: int) -> None:
    """Repeat the first 2 ** filled entries behind them."""
    size = np.uint64(4 << filled)
    if filled < 4:
        for place in range(1 << filled):
            store_u32(table + size, np.uint64(place), load_u32(table, np.uint64(place)))
        return
    for _ in range(1 << (filled - 4)):
        copy_64(table, table + size)
        table += np.uint64(64)


@kernel
def _add_subtables(
    counts: Address,
    ordered: Address,
    bases: Address,
    table: Address,
    lookup: int,
    longest: int,
    code: int,
    number: int,
) -> None:
    """Enter the codes longer than the lookup, from `code` (of lookup + 1 bits), symbol `number`, on."""
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
    lengths, counts = np.uint64(state.lengths.ctypes.data), np.uint64(state.counts.ctypes.data)
    clear_counts(counts)
    for symbol in range(LITLEN_SYMBOLS + DISTANCE_SYMBOLS):
        length = np.uint64(
            8 if symbol < 144 or 280 <= symbol < 288 else 9 if symbol < 256 else 7 if symbol < 280 else 5
        )
        store_u8(lengths + np.uint64(symbol), length)
        count_length(counts + np.uint64(64 * (symbol >= LITLEN_SYMBOLS)), length, 1)
    state.fixed_built[0] = build_both(
        LITLEN_SYMBOLS,
        DISTANCE_SYMBOLS,
        np.uint64(state.fixed_litlen.ctypes.data),
        np.uint64(state.fixed_distances.ctypes.data),
        state,
    )


@inlined
def count_length(counts: Address, length: Bits, more: int) -> None:
    store_i32(counts, length, load_i32(counts, length) + more)


@inlined
def clear_counts(counts: Address) -> None:
    for number in range(16):
        store_u64(counts, np.uint64(number), np.uint64(0))


@kernel
def build_both(litlens: int, distances: int, litlen: Address, distance: Address, state: InflateState) -> bool:
    """The tables of a block, whose lengths and counts are in the state."""
    lengths, counts = np.uint64(state.lengths.ctypes.data), np.uint64(state.counts.ctypes.data)
    bases = np.uint64(state.litlen_bases.ctypes.data)
    if not build_table(lengths, litlens, counts, bases, litlen, LITLEN_BITS, True, state):
        return False
    lengths, counts = lengths + np.uint64(litlens), counts + np.uint64(64)
    bases = np.uint64(state.distance_bases.ctypes.data)
    return build_table(lengths, distances, counts, bases, distance, DISTANCE_BITS, True, state)
