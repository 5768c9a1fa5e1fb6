"""Several small zlib streams inflated at once: a symbol waits for the one before it, but not for other streams'.

The literals of `SLOTS` streams are taken in turns, as long as each of them has a literal next. What else a stream has
next, a match or the end of the block, is taken for it alone. Only a stream's first block is inflated so, if its codes
are its own; whatever follows goes as in `inflate`.
"""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np
import numpy.typing as npt

from ..native import inlined, kernel
from ..simd.instruction import leading_zeros, load_i64, load_le64, load_u32, store_u8, store_u64
from .inflate import (
    DAMAGED,
    copy_match,
    ends_well,
    in_subtable,
    inflate,
    inflate_block,
    inflate_blocks,
    is_stream,
    value_of,
)
from .inflate_codes import read_codes
from .inflate_state import (
    DATA,
    DISTANCE_BITS,
    DISTANCE_ENTRIES,
    END,
    EXCEPTION,
    LENGTH,
    LITERAL,
    LITLEN_BITS,
    LITLEN_ENTRIES,
    OUT,
    OUT_LENGTH,
    SLOTS,
    STATUS,
    SUBTABLE,
    InflateState,
)
from .inflate_tables import next_byte, refill

# Columns of `InflateState.slots`. Of the eight bytes at `PLACE` those bits are taken that `BITS`, the others below a
# bit that marks their end, has zeros above that mark.
BITS, PLACE, WRITTEN, BEGIN, STOP, LAST, JOB, FINAL = range(8)
FREE = -1
"""The job of a slot that has none."""

Address = np.uint64
Bits = np.uint64

ONE, FULL, VALUE = np.uint64(1), np.uint64(63), np.uint64(16)
MARK = np.uint64(1 << 63)
FIRST_LITERAL = np.uint64(LITERAL)
IS_EXCEPTION, IS_SUBTABLE, IS_END = np.uint64(EXCEPTION), np.uint64(SUBTABLE), np.uint64(END)
LITLEN_MASK, DISTANCE_MASK = np.uint64((1 << LITLEN_BITS) - 1), np.uint64((1 << DISTANCE_BITS) - 1)
SLOT, LITLEN_TABLE, DISTANCE_TABLE = np.uint64(64), np.uint64(4 * LITLEN_ENTRIES), np.uint64(4 * DISTANCE_ENTRIES)
IN_TURNS = 5
"""Literals between two refills: codes from the lookup take 55 bits at most."""

GOES_ON, ENDS, IS_DAMAGED = range(3)


@kernel
def inflate_many(jobs: npt.NDArray[np.int64], state: InflateState) -> None:
    """Do `inflate` for each of the jobs, int64 (n, JOB_FIELDS); the memory they write must not overlap."""
    slots, litlen = np.uint64(state.slots.ctypes.data), np.uint64(state.litlen.ctypes.data)
    distances = np.uint64(state.distances.ctypes.data)
    taken = 0
    for slot in range(SLOTS):
        taken = _start(slot, jobs, taken, state)
    busy = state.slots[SLOTS - 1, JOB] != FREE
    while busy:
        slot = _take_literals(slots, litlen)
        number = np.uint64(slot)
        outcome = _take_symbol(
            slots + SLOT * number, litlen + LITLEN_TABLE * number, distances + DISTANCE_TABLE * number
        )
        if outcome != GOES_ON:
            bits, count, place = _position(slots + SLOT * number)
            out = np.uint64(state.slots[slot, WRITTEN]) if outcome == ENDS else DAMAGED
            _finish(slot, bits, count, place, out, jobs, state)
            taken = _start(slot, jobs, taken, state)
            busy = state.slots[slot, JOB] != FREE
    for slot in range(SLOTS):
        if state.slots[slot, JOB] != FREE:
            _finish_alone(slot, jobs, state)


@kernel
def _start(slot: int, jobs: npt.NDArray[np.int64], taken: int, state: InflateState) -> int:
    """Give the slot the next job that can be done in turns; returns how many are taken, with those done at once."""
    row = state.slots[slot]
    while taken < len(jobs):
        job = jobs[taken]
        taken += 1
        data = np.uint64(job[DATA])
        job[STATUS] = 1
        if not is_stream(data, job[LENGTH]):
            continue
        bits, count, place = refill(np.uint64(0), np.uint64(0), data + np.uint64(2))
        if bits >> ONE & np.uint64(3) != 2:
            job[STATUS] = inflate(data, job[LENGTH], np.uint64(job[OUT]), job[OUT_LENGTH], state)
            continue
        last = data + np.uint64(job[LENGTH] - 4)
        row[FINAL] = np.int64(bits & ONE)
        bits, count, place, whole = read_codes(
            bits >> np.uint64(3),
            count - np.uint64(3),
            place,
            last,
            np.uint64(state.litlen.ctypes.data) + LITLEN_TABLE * np.uint64(slot),
            np.uint64(state.distances.ctypes.data) + DISTANCE_TABLE * np.uint64(slot),
            state,
        )
        if not whole:
            continue
        left = np.int64(count & FULL)
        behind = (left + 7) >> 3
        row[BITS] = np.int64(MARK >> np.uint64(8 * behind - left))
        row[PLACE] = np.int64(place) - behind
        row[WRITTEN] = row[BEGIN] = job[OUT]
        row[STOP], row[LAST] = job[OUT] + job[OUT_LENGTH], np.int64(last)
        row[JOB] = taken - 1
        return taken
    row[JOB] = FREE
    return taken


@kernel
def _finish(
    slot: int,
    bits: Bits,
    count: Bits,
    place: Address,
    out: Address,
    jobs: npt.NDArray[np.int64],
    state: InflateState,
) -> None:
    """What follows a slot's first block: other blocks, and the checksum."""
    row = state.slots[slot]
    job = jobs[row[JOB]]
    last, begin, stop = np.uint64(row[LAST]), np.uint64(row[BEGIN]), np.uint64(row[STOP])
    place_behind = next_byte(count, place)
    if out != DAMAGED and not row[FINAL]:
        place_behind, out = inflate_blocks(bits, count, place, last, out, begin, stop, state)
    job[STATUS] = 0 if ends_well(place_behind, out, last, begin, job[OUT_LENGTH], state) else 1


@kernel
def _finish_alone(slot: int, jobs: npt.NDArray[np.int64], state: InflateState) -> None:
    row = state.slots[slot]
    bits, count, place = _position(np.uint64(state.slots.ctypes.data) + SLOT * np.uint64(slot))
    bits, count, place, out = inflate_block(
        bits,
        count,
        place,
        np.uint64(row[LAST]),
        np.uint64(row[WRITTEN]),
        np.uint64(row[BEGIN]),
        np.uint64(row[STOP]),
        np.uint64(state.litlen.ctypes.data) + LITLEN_TABLE * np.uint64(slot),
        np.uint64(state.distances.ctypes.data) + DISTANCE_TABLE * np.uint64(slot),
    )
    _finish(slot, bits, count, place, out, jobs, state)


@inlined
def _field(slot: Address, number: int) -> Bits:
    return np.uint64(load_i64(slot, np.uint64(number)))


@inlined
def _set_field(slot: Address, number: int, value: Bits) -> None:
    store_u64(slot, np.uint64(number), value)


@inlined
def _position(slot: Address) -> tuple[Bits, Bits, Address]:
    """Where a slot is, as `refill` has it."""
    taken = leading_zeros(_field(slot, BITS))
    place = _field(slot, PLACE) + (taken >> np.uint64(3))
    within = taken & np.uint64(7)
    return load_le64(place) >> within, np.uint64(56) - within, place + np.uint64(7)


@inlined
def _refill_marked(bits: Bits, place: Address) -> tuple[Bits, Address]:
    """At least 56 bits below the mark, and the address where they were loaded."""
    taken = leading_zeros(bits)
    place += taken >> np.uint64(3)
    return (load_le64(place) | MARK) >> (taken & np.uint64(7)), place


@inlined
def _rounds(slot: Address, bits: Bits, place: Address, out: Address) -> int:
    """How often `IN_TURNS` literals can be taken before the ends must be looked at; 0 where one is passed.

    They take less than 8 bytes and give less than 8. Each begins with something left of the stream, and may write
    `IN_TURNS` bytes behind the result, like `inflate_block`.
    """
    place += leading_zeros(bits) >> np.uint64(3)
    last, stop = _field(slot, LAST), _field(slot, STOP)
    if place >= last or out > stop:
        return 0
    return 1 + np.int64(min(last - place, stop - out) >> np.uint64(3))


@inlined
def _take_turns(
    litlen: Address, bits0: Bits, bits1: Bits, bits2: Bits, out0: Address, out1: Address, out2: Address
) -> tuple[Bits, Bits, Bits, Bits, Bits, int]:
    """Up to `IN_TURNS` literals of each stream, and the entries that the first two have next."""
    entry0 = entry1 = np.uint64(0)
    for turn in range(IN_TURNS):
        entry0 = load_u32(litlen, bits0 & LITLEN_MASK)
        entry1 = load_u32(litlen + LITLEN_TABLE, bits1 & LITLEN_MASK)
        entry2 = load_u32(litlen + LITLEN_TABLE + LITLEN_TABLE, bits2 & LITLEN_MASK)
        if entry0 & entry1 & entry2 < FIRST_LITERAL:
            return bits0, bits1, bits2, entry0, entry1, turn
        store_u8(out0 + np.uint64(turn), entry0 >> VALUE)
        store_u8(out1 + np.uint64(turn), entry1 >> VALUE)
        store_u8(out2 + np.uint64(turn), entry2 >> VALUE)
        bits0 >>= entry0 & FULL
        bits1 >>= entry1 & FULL
        bits2 >>= entry2 & FULL
    return bits0, bits1, bits2, entry0, entry1, IN_TURNS


@kernel
def _take_literals(slots: Address, litlen: Address) -> int:
    """Take literals of all slots until one has something else next, or is at an end: returns which."""
    slot1, slot2 = slots + SLOT, slots + SLOT + SLOT
    bits0, bits1, bits2 = _field(slots, BITS), _field(slot1, BITS), _field(slot2, BITS)
    place0, place1, place2 = _field(slots, PLACE), _field(slot1, PLACE), _field(slot2, PLACE)
    out0, out1, out2 = _field(slots, WRITTEN), _field(slot1, WRITTEN), _field(slot2, WRITTEN)
    found = FREE
    while found == FREE:
        rounds0 = _rounds(slots, bits0, place0, out0)
        rounds1 = _rounds(slot1, bits1, place1, out1)
        rounds = min(rounds0, rounds1, _rounds(slot2, bits2, place2, out2))
        if rounds == 0:
            found = 0 if rounds0 == 0 else 1 if rounds1 == 0 else 2
        for _ in range(rounds):
            bits0, place0 = _refill_marked(bits0, place0)
            bits1, place1 = _refill_marked(bits1, place1)
            bits2, place2 = _refill_marked(bits2, place2)
            bits0, bits1, bits2, entry0, entry1, turns = _take_turns(litlen, bits0, bits1, bits2, out0, out1, out2)
            out0 += np.uint64(turns)
            out1 += np.uint64(turns)
            out2 += np.uint64(turns)
            if turns < IN_TURNS:
                found = 0 if entry0 < FIRST_LITERAL else 1 if entry1 < FIRST_LITERAL else 2
                break
    _save(slots, bits0, place0, out0)
    _save(slot1, bits1, place1, out1)
    _save(slot2, bits2, place2, out2)
    return found


@inlined
def _save(slot: Address, bits: Bits, place: Address, out: Address) -> None:
    _set_field(slot, BITS, bits)
    _set_field(slot, PLACE, place)
    _set_field(slot, WRITTEN, out)


@kernel
def _take_symbol(slot: Address, litlen: Address, distances: Address) -> int:
    """Take one symbol of any kind; returns whether the block `GOES_ON`, `ENDS` or `IS_DAMAGED`."""
    bits, place = _refill_marked(_field(slot, BITS), _field(slot, PLACE))
    out, stop = _field(slot, WRITTEN), _field(slot, STOP)
    if place >= _field(slot, LAST) or out > stop:
        return IS_DAMAGED
    entry = load_u32(litlen, bits & LITLEN_MASK)
    if entry & IS_SUBTABLE:
        entry = in_subtable(litlen, entry, bits, LITLEN_BITS)
    size = value_of(entry, bits)
    bits >>= entry & FULL
    if entry >= FIRST_LITERAL:
        store_u8(out, entry >> VALUE)
        _save(slot, bits, place, out + ONE)
        return GOES_ON
    if entry & IS_EXCEPTION:
        _save(slot, bits, place, out)
        return ENDS if entry & IS_END else IS_DAMAGED
    entry = load_u32(distances, bits & DISTANCE_MASK)
    if entry & IS_SUBTABLE:
        entry = in_subtable(distances, entry, bits, DISTANCE_BITS)
    distance = value_of(entry, bits)
    _save(slot, bits >> (entry & FULL), place, out + size)
    if entry & IS_EXCEPTION or distance > out - _field(slot, BEGIN) or out + size > stop:
        return IS_DAMAGED
    copy_match(out, distance, size)
    return GOES_ON
