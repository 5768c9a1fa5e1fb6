"""Pairs of 64-bit hashes that differ in few bits, without comparing every one with every other.

Multi-index hashing (M. Norouzi, A. Punjani, D. J. Fleet, Fast Search in Hamming Space with Multi-Index Hashing, CVPR
2012): the 64 bits are cut into so many bands that two hashes within the distance differ in at most one bit of at least
one band. Within each band, hashes with the same bits, and with all but one, are compared in full.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...images.perceptual_hash import Hashes

BITS = 64
COMPARED_AT_ONCE = 1 << 21

Index = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]


class NearPairs(NamedTuple):
    """Pairs of rows i < j, int64 (n,) each, and the larger one of their two distances in bits."""

    one: Index
    other: Index
    distance: Index


def near_pairs(hashes: Hashes, distance: int) -> Iterator[tuple[float, NearPairs]]:
    """(the part of the work that is done, pairs) of rows of which both hashes differ in at most `distance` bits.

    Each pair comes once.
    """
    bands = _bands(distance)
    steps = sum(1 + width for _, width in bands) if distance else len(bands)
    done = 0
    for number, (shift, width) in enumerate(bands):
        keys = (hashes[:, 0] >> np.uint64(shift)) & np.uint64((1 << width) - 1)
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        for flipped in [0, *(1 << bit for bit in range(width))] if distance else [0]:
            done += 1
            for left, right in _candidates(ordered, flipped):
                one, other = order[left], order[right]
                yield done / steps, _close(hashes, one, other, distance, bands[:number])


def _bands(distance: int) -> list[tuple[int, int]]:
    """(lowest bit, width): enough of them that one has at most one of `distance` differing bits."""
    number = distance // 2 + 1
    cuts = [BITS * cut // number for cut in range(number + 1)]
    return [(low, high - low) for low, high in pairwise(cuts)]


def _candidates(ordered: Bits, flipped: int) -> Iterator[tuple[Index, Index]]:
    """Pairs of places whose keys are the same but for the bit `flipped` (0: wholly the same), some at a time."""
    places = np.arange(len(ordered))
    if flipped:
        places = places[(ordered & np.uint64(flipped)) == 0]
        sought = ordered[places] | np.uint64(flipped)
        first = np.searchsorted(ordered, sought, "left")
    else:
        sought = ordered
        first = places + 1
    numbers = np.searchsorted(ordered, sought, "right") - first
    ends = np.cumsum(numbers)
    start = 0
    while start < len(places):
        before = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, before + COMPARED_AT_ONCE, "right")), start + 1)
        several = numbers[start:stop]
        left = np.repeat(places[start:stop], several)
        within = np.arange(len(left)) - np.repeat(ends[start:stop] - several - before, several)
        yield left, np.repeat(first[start:stop], several) + within
        start = stop


def _close(hashes: Hashes, one: Index, other: Index, distance: int, earlier: list[tuple[int, int]]) -> NearPairs:
    """Those of the pairs that are near by both hashes and were not found in an earlier band."""
    different = hashes[one, 0] ^ hashes[other, 0]
    apart = np.bitwise_count(different)
    near = apart <= distance
    one, other, different, apart = one[near], other[near], different[near], apart[near]
    apart = np.maximum(apart, np.bitwise_count(hashes[one, 1] ^ hashes[other, 1]))
    near = apart <= distance
    for shift, width in earlier:
        band = (different >> np.uint64(shift)) & np.uint64((1 << width) - 1)
        near &= np.bitwise_count(band) > (1 if distance else 0)
    one, other = one[near], other[near]
    return NearPairs(np.minimum(one, other), np.maximum(one, other), apart[near].astype(np.int64))
