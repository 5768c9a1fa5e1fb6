"""Whether a file is HDF5, told from its bytes."""

from __future__ import annotations

from collections.abc import Iterator

from ..candidate import UnidentifiedFile

SIGNATURE = b"\x89HDF\r\n\x1a\n"


def has_signature(candidate: UnidentifiedFile) -> bool:
    """HDF5 lets a user block of 512, 1024, 2048, ... bytes precede its signature."""
    return any(candidate.at(offset, len(SIGNATURE)) == SIGNATURE for offset in _user_blocks(candidate.reach))


def _user_blocks(size: int) -> Iterator[int]:
    offset = 0
    while offset + len(SIGNATURE) <= size:
        yield offset
        offset = 2 * offset or 512
