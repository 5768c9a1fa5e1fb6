"""Entropy-coded bytes to coefficients (ITU-T T.81, annexes C and F).

The next `LOOKUP_BITS` bits index a table that in most cases gives a whole coefficient at once: how many zeros
precede it, its value, and how many bits all this took. An entry, from its lowest byte: bits taken (with
`NEEDS_VALUE` set where the coefficient's own bits did not fit: then the bits of the code alone), zeros before it,
and in the upper half the value, or how many bits it has. 0 is a code longer than `LOOKUP_BITS`.
"""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np
import numpy.typing as npt

from ..native import inlined, kernel
from ..simd.instruction import load_be64, load_i32, load_u8, store_i32
from .state import DEFINITION, FIRST_SYMBOL, LAST_CODE, LOOKUP_BITS, SYMBOLS

NEEDS_VALUE = 0x80
END_OF_BLOCK = 0x80
"""The number of zeros that stands for the end of a block."""
DAMAGED = 65
"""A number of coefficients that no block has."""

Address = np.uint64
Bits = np.uint64
WORD = np.uint64(64)
LOOKUP = np.uint64(64 - LOOKUP_BITS)


@kernel
def build_table(data: npt.NDArray[np.uint8], counts: int, symbols: int, ac: bool, table: npt.NDArray[np.int32]) -> bool:
    """Read a table: 16 counts of codes by length, then the symbols. False where libjpeg knows no such code.

    No code is all ones, and the symbol of a DC table, the size of its value, is 15 at most. Most files use the same
    few tables; one that is there already is not built again.
    """
    if _is_built(data, counts, symbols, table):
        return True
    table[:] = 0
    code = used = 0
    for length in range(1, 17):
        count = np.int64(data[counts + length - 1])
        table[FIRST_SYMBOL + length] = used - code
        if count > 0 and code + count >= (1 << length):
            return False
        for _ in range(count):
            symbol = np.int64(data[counts + 16 + used])
            if not ac and symbol > 15:
                return False
            if length <= LOOKUP_BITS:
                _enter(table, code, length, symbol, ac)
            code += 1
            used += 1
        table[LAST_CODE + length] = code << (16 - length)
        code <<= 1
    for place in range(16 + symbols):
        table[DEFINITION + place] = data[counts + place]
    table[LAST_CODE + 17] = 1 << 20
    return used == symbols


@kernel
def _is_built(data: npt.NDArray[np.uint8], counts: int, symbols: int, table: npt.NDArray[np.int32]) -> bool:
    differ = np.int64(table[LAST_CODE + 17] == 0)
    for place in range(16 + symbols):
        differ |= np.int64(data[counts + place]) ^ np.int64(table[DEFINITION + place])
    return differ == 0


@kernel
def _enter(table: npt.NDArray[np.int32], code: int, length: int, symbol: int, ac: bool) -> None:
    """Write every entry of the lookup whose first bits are this code."""
    zeros, size = symbol >> 4, symbol & 15
    if not ac:
        zeros, size = 0, symbol
    free = LOOKUP_BITS - length
    for rest in range(1 << free):
        entry = length | (zeros << 8)
        if ac and size == 0 and zeros != 15:
            entry = length | (END_OF_BLOCK << 8)
        elif size > free:
            entry = length | NEEDS_VALUE | (zeros << 8) | (size << 16)
        elif size > 0:
            value = rest >> (free - size)
            if value < (1 << (size - 1)):
                value -= (1 << size) - 1
            entry = (length + size) | (zeros << 8) | (value << 16)
        table[(code << free) | rest] = entry


@inlined
def refill(bits: Bits, count: int, place: Address) -> tuple[Bits, int, Address]:
    """At least 56 bits, left-aligned; `place` is the address of the byte after them."""
    bits |= load_be64(place) >> np.uint64(count)
    taken = (63 - count) >> 3
    return bits, count + 8 * taken, place + np.uint64(taken)


@inlined
def read_value(bits: Bits, size: int) -> int:
    """The signed value of the next `size` bits (0 to 16)."""
    if size == 0:
        return 0
    value = np.int64(bits >> (WORD - np.uint64(size)))
    return value if value >> (size - 1) else value - (np.int64(1) << size) + 1


@kernel
def long_code(bits: Bits, table: Address) -> int:
    """Length and symbol of a code longer than the lookup, as length | symbol << 8; 17 for no code at all."""
    code = np.int64(bits >> np.uint64(48))
    length = LOOKUP_BITS + 1
    while length < 17 and code >= load_i32(table, np.uint64(LAST_CODE + length)):
        length += 1
    if length == 17:
        return 17
    place = (code >> (16 - length)) + load_i32(table, np.uint64(FIRST_SYMBOL + length))
    return length | (load_i32(table, np.uint64(SYMBOLS + (place & 255))) << 8)


@kernel
def read_code(bits: Bits, entry: int, table: Address) -> tuple[int, int, int]:
    """Length of an AC code whose coefficient the lookup does not hold, zeros before it, and bits of its value."""
    if entry != 0:
        return entry & 0x7F, (entry >> 8) & 0xFF, entry >> 16
    found = long_code(bits, table)
    zeros, size = found >> 12, (found >> 8) & 15
    if size == 0 and zeros != 15:
        zeros = END_OF_BLOCK
    return found & 0xFF, zeros, size


@inlined
def read_dc(bits: Bits, count: int, place: Address, table: Address) -> tuple[Bits, int, Address, int]:
    """The difference of a block's DC value from the one before; 65536 where the stream is damaged."""
    if count < 32:
        bits, count, place = refill(bits, count, place)
    entry = load_i32(table, bits >> LOOKUP)
    length, value = entry & 0x7F, entry >> 16
    if entry == 0 or entry & NEEDS_VALUE:
        size = value
        if entry == 0:
            found = long_code(bits, table)
            length, size = found & 0xFF, found >> 8
        if length > 16 or size > 15:
            return bits, count, place, 1 << 16
        bits <<= np.uint64(length)
        count -= length
        length, value = size, read_value(bits, size)
    return bits << np.uint64(length), count - length, place, value


@inlined
def read_ac(
    bits: Bits, count: int, place: Address, table: Address, quantiser: Address, zigzag: Address, block: Address
) -> tuple[Bits, int, Address, int]:
    """A block's other coefficients, dequantised, into the zeroed `block`.

    The last result is the number of coefficients up to the last that is not zero, or `DAMAGED`.
    """
    last = k = 1
    while k < 64:
        bits, count, place = refill(bits, count, place)
        # 56 bits are enough for two coefficients from the lookup, of 12 bits at most, and one of any kind, of 31.
        for _ in range(3):
            entry = load_i32(table, bits >> LOOKUP)
            length, zeros, value = entry & 0x7F, (entry >> 8) & 0xFF, entry >> 16
            whole = entry != 0 and not entry & NEEDS_VALUE
            if not whole:
                length, zeros, size = read_code(bits, entry, table)
                if length > 16:
                    return bits, count, place, DAMAGED
                bits <<= np.uint64(length)
                count -= length
                length, value = size, read_value(bits, size)
            bits <<= np.uint64(length)
            count -= length
            k += zeros
            if k >= 64:
                break
            at = np.uint64(k)
            store_i32(block, np.uint64(load_u8(zigzag, at)), value * load_i32(quantiser, at))
            k += 1
            last = k
            if k == 64 or not whole:
                break
    # Zeros beyond the end, where libjpeg goes on in its own way: they leave k there, and the last value behind.
    return bits, count, place, DAMAGED if k < END_OF_BLOCK and last != 64 else last
