"""A TFRecord file, record by record (tensorflow/core/lib/io/record_writer.h):

    uint64 length | uint32 masked CRC-32C of the length | data [length] | uint32 masked CRC-32C of the data

everything little-endian, one after the other, with nothing before, between or behind them.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .checksum import masked, masked_of_numbers, masked_of_octets

HEADER, FOOTER = 12, 4
BESIDE = HEADER + FOOTER

_LENGTH = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")

Octets = npt.NDArray[np.uint8]


class Walked(NamedTuple):
    """`starts`: int64 (n,), where records begin; `end`: where the last one ends."""

    starts: npt.NDArray[np.int64]
    end: int

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Bytes of each record's data, int64 (n,)."""
        return np.diff(self.starts, append=self.end) - BESIDE


def walk(memory: Any, start: int, stop: int, most: int) -> Walked:
    """Follow lengths from one record to the next, over `most` records at most, as long as whole ones fit before `stop`.
    `memory`: any buffer. No checksum is looked at, see `wrong_lengths`."""
    unpack, at, last = _LENGTH.unpack_from, start, stop - BESIDE
    starts: list[int] = []
    while at <= last and len(starts) < most:
        (length,) = unpack(memory, at)
        if length > last - at:
            break
        starts.append(at)
        at += BESIDE + length
    return Walked(np.array(starts, np.int64), at)


def wrong_lengths(memory: Octets, walked: Walked) -> npt.NDArray[np.int64]:
    """The numbers of the records, ascending, whose length has not the checksum beside it: int64 (m,)."""
    places = walked.starts[:, None] + np.arange(8, HEADER)
    stated = np.ascontiguousarray(memory[places]).view("<u4").reshape(-1)
    return np.flatnonzero(stated != masked_of_numbers(walked.lengths.astype(np.uint64)))


def length_at(memory: Any, at: int) -> tuple[int, bool]:
    """(length, whether its checksum is right) that a header states. Raises struct.error where it is not whole."""
    header = bytes(memory[at : at + HEADER])
    (length,) = _LENGTH.unpack_from(header)
    if len(header) < HEADER:
        raise struct.error("a header is cut off")
    return length, header == header_of(length)


def headers_in(memory: Octets, most: int = 1 << 63) -> npt.NDArray[np.int64]:
    """Where in these bytes a header may begin, ascending: a length of at most `most` with its checksum behind it."""
    count = max(len(memory) - HEADER + 1, 0)
    octets = [memory[place : place + count] for place in range(HEADER)]
    high = octets[(most.bit_length() + 7) // 8 : 8]  # what is 0 in every such length, which few places are
    begin = octets[8] | octets[9] | octets[10] | octets[11]
    places = np.flatnonzero((begin != 0) & ~np.any(high, axis=0)) if high else np.flatnonzero(begin)
    chosen = [octet[places] for octet in octets]
    stated = sum(octet.astype(np.uint32) << np.uint32(8 * place) for place, octet in enumerate(chosen[8:]))
    return places[np.equal(stated, masked_of_octets(chosen[:8]))]


def data_is_whole(data: bytes, checksum: bytes) -> bool:
    """Whether a record's data have the checksum behind them."""
    return bool(_CHECKSUM.unpack(checksum)[0] == masked(data))


@lru_cache(1 << 14)
def header_of(length: int) -> bytes:
    """What stands before data of this many bytes."""
    octets = _LENGTH.pack(length)
    return octets + _CHECKSUM.pack(masked(octets))


def footer_of(data: bytes) -> bytes:
    """What stands behind data."""
    return _CHECKSUM.pack(masked(data))
