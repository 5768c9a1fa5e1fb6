"""The checksum of TFRecord files: CRC-32C (Castagnoli), rotated and offset so that a checksum of data that holds
checksums is a good one, too (tensorflow/core/lib/hash/crc32c.h: `kMaskDelta`)."""

from __future__ import annotations

from functools import cache
from typing import cast

import numpy as np
import numpy.typing as npt

from ...base.extras import needed_by

with needed_by("the checksums of TFRecord files"):
    import google_crc32c

MASK_DELTA = 0xA282EAD8
_ALL = 0xFFFFFFFF


def masked(data: bytes) -> int:
    """The checksum that stands beside `data`, as an unsigned 32-bit number."""
    crc = cast("int", google_crc32c.value(data))
    return ((crc >> 15 | crc << 17) + MASK_DELTA) & _ALL


def masked_of_numbers(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint32]:
    """`masked` of each of many numbers as eight bytes, little-endian: uint64 (n,) -> uint32 (n,).

    A CRC is linear: the one of eight bytes is that of eight zeros, changed by what each byte alone changes.
    """
    tables = _tables()
    crc = np.full(len(numbers), google_crc32c.value(bytes(8)), np.uint32)
    for place, octets in enumerate(numbers.astype("<u8").view(np.uint8).reshape(-1, 8).T):
        crc ^= tables[place][octets]
    return (crc >> np.uint32(15) | crc << np.uint32(17)) + np.uint32(MASK_DELTA)


@cache
def _tables() -> npt.NDArray[np.uint32]:
    """uint32 (8, 256): what a byte of this value at this place changes."""
    zeros = google_crc32c.value(bytes(8))
    return np.array(
        [
            [google_crc32c.value(bytes(place) + bytes([octet]) + bytes(7 - place)) ^ zeros for octet in range(256)]
            for place in range(8)
        ],
        np.uint32,
    )
