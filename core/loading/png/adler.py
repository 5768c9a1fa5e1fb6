"""Adler-32, the checksum of a zlib stream (RFC 1950, 8.2)."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np

from ..native import kernel
from ..simd.checksum import LANES, sum_lanes
from ..simd.instruction import load_u8, load_u32

MODULUS = 65521
MOST_BLOCKS = 4096
"""Blocks of `LANES` bytes whose sums fit into 32 bits."""

Address = np.uint64


@kernel
def adler32(address: Address, length: int, sums: Address) -> int:
    """The checksum of `length` bytes at an address; `sums` is memory for uint32 (2, LANES)."""
    low, high = 1, 0
    while length >= LANES:
        blocks = min(length // LANES, MOST_BLOCKS)
        sum_lanes(address, np.uint64(blocks), sums)
        # A byte counts once in `low`, and in `high` as often as there are bytes from it to the end: LANES for each
        # block from its own on, less its lane.
        plain = weighted = 0
        for lane in range(LANES):
            total = np.int64(load_u32(sums, np.uint64(lane)))
            plain += total
            weighted += LANES * np.int64(load_u32(sums, np.uint64(LANES + lane))) - lane * total
        high = (high + low * blocks * LANES + weighted) % MODULUS
        low = (low + plain) % MODULUS
        address += np.uint64(blocks * LANES)
        length -= blocks * LANES
    for place in range(length):
        low += load_u8(address, np.uint64(place))
        high += low
    return (high % MODULUS) << 16 | low % MODULUS
