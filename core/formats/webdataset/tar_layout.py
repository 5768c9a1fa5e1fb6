"""Headers of tar archives, of `.npy` members, and the names of members.

A tar archive is headers of 512 bytes, each followed by its member's bytes, padded with zeros to a multiple of 512; two
blocks of zeros end it (POSIX.1-2017, pax, "ustar Interchange Format"). A header holds, from byte 0: name (100), mode
(8), uid (8), gid (8), size (12), mtime (12), checksum (8), type (1), link (100), "ustar" (6), version (2), ... prefix
of the name (155) from byte 345. Numbers are octal digits; the checksum is the sum of the header's bytes with spaces in
its place.
"""

from __future__ import annotations

import struct

from ...base.contracts import Shape

BLOCK = 512
RECORD = 20 * BLOCK
"""Archives end at a multiple of it, as tar writes them."""

NAME, SIZE, CHECKSUM, KIND, MAGIC, PREFIX = slice(100), 124, slice(148, 156), 156, slice(257, 263), slice(345, 500)

LABEL_SUFFIX, NPY = ".cls", ".npy"
TAR, TAR_ZST = ".tar", ".tar.zst"
KEY_DIGITS = 8
MOST_SAMPLES = 10**KEY_DIGITS
LONGEST_SUFFIX = 100 - KEY_DIGITS


def padded(size: int) -> int:
    """Bytes that so many take in an archive."""
    return -(-size // BLOCK) * BLOCK


class HeaderTemplate:
    """Headers of regular files of one ending, of nobody and of no time (uid, gid and mtime 0), mode 0644.

    Raises ValueError for an ending that no name has room for.
    """

    def __init__(self, suffix: str) -> None:
        ending = suffix.encode()
        if len(ending) > LONGEST_SUFFIX:
            raise ValueError(f"the ending {suffix[:20]!r}... is too long for a name in a tar archive")
        zeros = b"0000000\0"
        head = bytes(KEY_DIGITS) + ending
        fixed = bytearray(head.ljust(100, b"\0") + b"0000644\0" + zeros + zeros + b"\0" * 12 + b"00000000000\0")
        fixed += b" " * 8 + b"0" + bytes(100) + b"ustar\x0000" + bytes(64) + zeros + zeros
        fixed += bytes(BLOCK - len(fixed))
        self._sum = sum(fixed)
        self._between = bytes(fixed[KEY_DIGITS:SIZE])
        self._mtime = bytes(fixed[SIZE + 12 : CHECKSUM.start])
        self._rest = b"\0 " + bytes(fixed[KIND:])

    def header(self, key: bytes, size: int) -> bytes:
        """The header of the member `<key><suffix>` of `size` bytes (below 8 GiB); `key`: eight digits."""
        octal = b"%011o\0" % size
        total = self._sum + sum(key) + sum(octal)
        return b"".join((key, self._between, octal, self._mtime, b"%06o" % total, self._rest))


def npy_header(shape: Shape) -> bytes:
    """What a `.npy` file of one image, uint8 of this shape, begins with (NumPy's format 1.0); 128 bytes, as a rule."""
    described = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({shape[0]}, {shape[1]}, {shape[2]}), }}"
    length = -(-(len(described) + 11) // 64) * 64
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", length - 10) + described.ljust(length - 11).encode() + b"\n"


def shard_name(split: str, number: int, ending: str) -> str:
    return f"{split}-{number:06d}{ending}"
