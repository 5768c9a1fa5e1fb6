"""Whether a file is an idx file: its magic number, and a size that its shape explains."""

from __future__ import annotations

from ..candidate import UnidentifiedFile
from .header import behind_gzip, header_of, is_gzip

MOST_OF_IT = 1 << 12
"""Compressed bytes that hold the header for sure."""

MNIST = (b"\x00\x00\x08\x01", b"\x00\x00\x08\x03")
"""Labels and images of bytes, which nobody else begins a gzip file with, even where it is cut short."""


def is_whole(candidate: UnidentifiedFile) -> bool:
    """A plain file is as long as its header says; of a gzipped one the length at its end agrees, or it is MNIST."""
    head = candidate.head
    if not is_gzip(head):
        header = header_of(head)
        return header is not None and header.end == candidate.size
    inside = behind_gzip(head[:MOST_OF_IT])
    header = header_of(inside)
    if header is None:
        return False
    stated = stated_length(candidate.at(max(candidate.size - 4, 0), 4))
    return stated == header.end % (1 << 32) or inside[:4] in MNIST


def begins_like_one(candidate: UnidentifiedFile) -> bool:
    """One that is cut short or has something behind it; MNIST's own magic numbers are told from zeros."""
    head = candidate.head
    header = header_of(behind_gzip(head[:MOST_OF_IT]) if is_gzip(head) else head)
    return header is not None and (len(header.shape) in (1, 3, 4) or header.end <= 4 * candidate.size)


def stated_length(end: bytes) -> int:
    """The length of what a gzip file holds, modulo 2^32, from its last four bytes (RFC 1952)."""
    return int.from_bytes(end, "little")
