"""The header of an idx file (http://yann.lecun.com/exdb/mnist, "the IDX file format").

Two zero bytes, a byte for the type of the numbers, a byte for how many axes there are, then the length of each as
uint32; the numbers follow, the last axis fastest. Everything is big-endian.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from ..inflated_bytes import GZIP

DTYPES: Mapping[int, str] = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""The third byte -> the numbers."""

MOST_AXES = 8
MOST_BYTES = 1 << 42
"""4 TiB; what says that it is larger is no idx file."""

LONGEST = 4 + 4 * MOST_AXES


@dataclass(frozen=True, slots=True)
class IdxHeader:
    """Type and shape of the numbers, which begin at the byte `start`."""

    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]

    @property
    def start(self) -> int:
        return 4 + 4 * len(self.shape)

    @property
    def end(self) -> int:
        """Bytes of a whole file."""
        return self.start + prod(self.shape) * self.dtype.itemsize


def header_of(head: bytes) -> IdxHeader | None:
    """The header that these bytes begin with; None where they begin otherwise, or promise nothing or too much."""
    if len(head) < 8 or head[:2] != b"\x00\x00" or head[2] not in DTYPES or not 1 <= head[3] <= MOST_AXES:
        return None
    if len(head) < 4 + 4 * head[3]:
        return None
    header = IdxHeader(np.dtype(DTYPES[head[2]]), tuple(np.frombuffer(head, ">u4", head[3], 4).tolist()))
    return header if 0 not in header.shape and header.end <= MOST_BYTES else None


def is_gzip(head: bytes) -> bool:
    return head.startswith(b"\x1f\x8b\x08")


def behind_gzip(head: bytes) -> bytes:
    """The first bytes behind gzip's compression; none where it is none."""
    try:
        return zlib.decompressobj(GZIP).decompress(head, LONGEST)
    except zlib.error:
        return b""
