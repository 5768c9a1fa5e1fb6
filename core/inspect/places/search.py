"""Bytes that were read, found again in the file that they were read from."""

from __future__ import annotations

import mmap
from pathlib import Path

from ...base.contracts import Buffer
from ...formats.maps import mapped

NEAR = 1 << 16
"""Bytes behind the last place that are looked through at once: records mostly follow each other."""

SEARCHED = 32
"""How many times the file is looked through, all in all, for what does not follow."""


class BytesSearch:
    """Finds the bytes of one record after the other. What it tells is always such a place: it compares all of them."""

    def __init__(self, path: Path) -> None:
        self._memory: mmap.mmap | None = mapped(path) if path.is_file() and path.stat().st_size else None
        self._next = 0
        self._left = SEARCHED * len(self._memory) if self._memory is not None else 0

    def has(self, at: int, data: bytes) -> bool:
        """Whether the file has these bytes there."""
        memory = self._memory
        return memory is not None and 0 <= at <= len(memory) - len(data) and memory[at : at + len(data)] == data

    def find(self, data: Buffer) -> int:
        """Where the file has these bytes; -1 where it has not, or looking for them has taken too long already."""
        memory, wanted = self._memory, bytes(data)
        if memory is None or not wanted:
            return -1
        at = memory.find(wanted, self._next, self._next + NEAR + len(wanted))
        for start, stop in ((self._next, len(memory)), (0, self._next + len(wanted))):
            if at < 0 and self._left > 0:
                at = memory.find(wanted, start, stop)
                self._left -= (stop if at < 0 else at) - start
        if at >= 0:
            self._next = at + len(wanted)
        return at
