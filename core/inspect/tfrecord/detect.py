"""Whether a file is a TFRecord, plain or compressed, told from its first bytes."""

from __future__ import annotations

import numpy as np

from ...formats.tfrecord.example import features_of
from ...formats.tfrecord.records import BESIDE, HEADER, headers_in
from ..candidate import UnidentifiedFile
from .stream import first_bytes, wrapping_of

LARGEST_LOOKED_AT = 1 << 20
"""Bytes of a first record whose checksum is wrong that are looked at."""


def has_checksum(candidate: UnidentifiedFile) -> bool:
    """It begins with eight bytes that have their checksum behind them, as a record does, or inflates to such."""
    head = candidate.head
    if begins_with_record(head):
        return True
    wrapping = wrapping_of(head)
    return wrapping is not None and begins_with_record(first_bytes(head, wrapping, HEADER))


def may_be_damaged(candidate: UnidentifiedFile) -> bool:
    """Its first checksum is wrong, and yet there is an Example where the first record would be, or a whole header
    further on."""
    head = candidate.head
    length = int.from_bytes(head[:8], "little")
    if len(head) > HEADER and head[HEADER] == 0x0A and 0 < length <= min(LARGEST_LOOKED_AT, candidate.size - BESIDE):
        try:
            return bool(features_of(candidate.at(HEADER, length)))
        except ValueError:
            pass
    return any(_follows(candidate, place) for place in headers_in(np.frombuffer(head, np.uint8)).tolist()[:4])


def begins_with_record(head: bytes) -> bool:
    """Whether the first eight bytes have their checksum behind them."""
    return bool(len(headers_in(np.frombuffer(head[:HEADER], np.uint8))))


def _follows(candidate: UnidentifiedFile, place: int) -> bool:
    """Whether the record whose header stands there is followed by another, or by the end of the file."""
    length = int.from_bytes(candidate.at(place, 8), "little")
    end = place + BESIDE + length
    return end == candidate.size or (end < candidate.size and begins_with_record(candidate.at(end, HEADER)))
