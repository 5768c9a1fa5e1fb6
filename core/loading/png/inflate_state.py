"""What inflating keeps from one stream to the next: memory for tables, and what the symbols of RFC 1951 mean.

An entry of a table is a uint32: the bits to take, code and extra bits together (bits 0 to 5), those of the code alone
(8 to 11), and from bit 16 on a value. The value is a literal's byte, the lowest length or distance that the symbol
stands for, or the number of the entry where a subtable begins; that one is indexed by as many bits beyond the
lookup's as bits 0 to 5 say.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

LONGEST = 15
"""Bits of the longest code."""
LITLEN_BITS, DISTANCE_BITS, PRECODE_BITS = 11, 8, 7
"""Bits that index the lookups of literals and lengths, of distances, and of the code that code lengths come in."""

LITERAL, EXCEPTION, SUBTABLE, END = 1 << 31, 1 << 12, 1 << 13, 1 << 14
"""Bits of an entry. `EXCEPTION` alone is a code that means nothing."""

LITLEN_SYMBOLS, DISTANCE_SYMBOLS = 288, 32
LITLEN_ENTRIES = (1 << LITLEN_BITS) + (LITLEN_SYMBOLS // 2 << (LONGEST - LITLEN_BITS))
DISTANCE_ENTRIES = (1 << DISTANCE_BITS) + (DISTANCE_SYMBOLS // 2 << (LONGEST - DISTANCE_BITS))
"""A subtable holds two codes at least, so there are at most half as many as symbols."""

SLOTS = 3
"""Streams that are inflated in turns; each has tables of its own, and so has one that is inflated alone."""

JOB_FIELDS = 5
DATA, LENGTH, OUT, OUT_LENGTH, STATUS = range(JOB_FIELDS)
"""Columns of the jobs of `inflate_many`: the arguments of `inflate`, and its result."""

PRECODE_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
"""RFC 1951, 3.2.7: the order of the lengths of the code for code lengths."""


class InflateState(NamedTuple):
    """One thread's memory."""

    litlen: npt.NDArray[np.uint32]  # (SLOTS + 1, LITLEN_ENTRIES), the last for a stream alone
    distances: npt.NDArray[np.uint32]  # (SLOTS + 1, DISTANCE_ENTRIES)
    slots: npt.NDArray[np.int64]  # (SLOTS, 8), see `inflate_many`
    sums: npt.NDArray[np.uint32]  # (2, 32), see `adler32`
    fixed_litlen: npt.NDArray[np.uint32]  # (LITLEN_ENTRIES,), the fixed codes' tables, once `fixed_built`
    fixed_distances: npt.NDArray[np.uint32]  # (DISTANCE_ENTRIES,)
    fixed_built: npt.NDArray[np.int64]  # (1,)
    precode: npt.NDArray[np.uint32]  # (1 << PRECODE_BITS,)
    lengths: npt.NDArray[np.uint8]  # code lengths by symbol, and what a run may write beyond them
    counts: npt.NDArray[np.int32]  # (3, 16) by length: literal and length codes, others, places of the next symbol
    symbols: npt.NDArray[np.int32]  # (LITLEN_SYMBOLS,) by code
    litlen_bases: npt.NDArray[np.uint32]  # (LITLEN_SYMBOLS,) entries without the code's bits
    distance_bases: npt.NDArray[np.uint32]  # (DISTANCE_SYMBOLS,)
    precode_bases: npt.NDArray[np.uint32]  # (19,)
    order: npt.NDArray[np.uint8]  # (19,) `PRECODE_ORDER`


def _ranges(extra_bits: list[int], lowest: int) -> list[int]:
    """Entries of symbols that stand for 2 ** extra values each, the first of them for `lowest`."""
    entries = []
    for extra in extra_bits:
        entries.append(lowest << 16 | extra)
        lowest += 1 << extra
    return entries


def _litlen_bases() -> npt.NDArray[np.uint32]:
    """RFC 1951, 3.2.5: literals, the end of the block, lengths (258 has a symbol of its own), two without meaning."""
    literals = [LITERAL | value << 16 for value in range(256)]
    lengths = _ranges([max(number // 4 - 1, 0) for number in range(28)], 3)
    return np.array([*literals, EXCEPTION | END, *lengths, 258 << 16, EXCEPTION, EXCEPTION], np.uint32)


def _distance_bases() -> npt.NDArray[np.uint32]:
    distances = _ranges([max(number // 2 - 1, 0) for number in range(30)], 1)
    return np.array([*distances, EXCEPTION, EXCEPTION], np.uint32)


def new_inflate_state() -> InflateState:
    """Memory for one thread to inflate in."""
    return InflateState(
        litlen=np.zeros((SLOTS + 1, LITLEN_ENTRIES), np.uint32),
        distances=np.zeros((SLOTS + 1, DISTANCE_ENTRIES), np.uint32),
        slots=np.zeros((SLOTS, 8), np.int64),
        sums=np.zeros((2, 32), np.uint32),
        fixed_litlen=np.zeros(LITLEN_ENTRIES, np.uint32),
        fixed_distances=np.zeros(DISTANCE_ENTRIES, np.uint32),
        fixed_built=np.zeros(1, np.int64),
        precode=np.zeros(1 << PRECODE_BITS, np.uint32),
        lengths=np.zeros(LITLEN_SYMBOLS + DISTANCE_SYMBOLS + 16, np.uint8),
        counts=np.zeros((3, 16), np.int32),
        symbols=np.zeros(LITLEN_SYMBOLS, np.int32),
        litlen_bases=_litlen_bases(),
        distance_bases=_distance_bases(),
        precode_bases=np.array([symbol << 16 for symbol in range(19)], np.uint32),
        order=np.array(PRECODE_ORDER, np.uint8),
    )
