"""The checksum of TFRecord files: CRC-32C (Castagnoli), rotated and offset so that a checksum of data that holds
checksums is a good one, too (tensorflow/core/lib/hash/crc32c.h: `kMaskDelta`).

Of lengths it is made here, from tables, of data by the package google-crc32c.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ...base.extras import needed_by

MASK_DELTA = 0xA282EAD8
POLYNOMIAL = 0x82F63B78
"""Castagnoli's, its bits reversed (RFC 3720, appendix B.4)."""

_ALL = 0xFFFFFFFF


def masked(data: bytes) -> int:
    """The checksum that stands beside `data`, as an unsigned 32-bit number. Raises InputError without google-crc32c."""
    crc = int(_library().value(data))
    return ((crc >> 15 | crc << 17) + MASK_DELTA) & _ALL


def masked_of_numbers(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint32]:
    """The checksum of each of many numbers as eight bytes, little-endian: uint64 (n,) -> uint32 (n,)."""
    octets = numbers.astype("<u8").view(np.uint8).reshape(-1, 8)
    return masked_of_octets([octets[:, place] for place in range(8)])


def masked_of_octets(octets: list[npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint32]:
    """The checksum of eight bytes, of many at a time: uint8 (n,) for each place -> uint32 (n,).

    A CRC is linear: the one of eight bytes is that of eight zeros, changed by what each byte alone changes.
    """
    zeros, tables = _of_eight()
    crc = np.full(len(octets[0]), zeros, np.uint32)
    for place, values in enumerate(octets):
        crc ^= tables[place][values]
    return (crc >> np.uint32(15) | crc << np.uint32(17)) + np.uint32(MASK_DELTA)


@cache
def _library() -> Any:
    with needed_by("the checksums of TFRecord files"):
        import google_crc32c
    return google_crc32c


@cache
def _of_eight() -> tuple[int, npt.NDArray[np.uint32]]:
    """(CRC of eight zeros, what a byte of this value at this place changes: uint32 (8, 256))."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = table >> np.uint32(1) ^ (table & np.uint32(1)) * np.uint32(POLYNOMIAL)
    zeros = _ALL
    for _ in range(8):
        zeros = zeros >> 8 ^ int(table[zeros & 0xFF])
    places = [table]
    for _ in range(7):  # one place further to the front is one zero more behind it
        places.append(places[-1] >> np.uint32(8) ^ table[places[-1] & np.uint32(0xFF)])
    return zeros ^ _ALL, np.array(places[::-1])
