"""HDF5 files that end too early. The library refuses them as a whole, though most of what they hold may be there.

They are handed to it through an object that reads zeros beyond the end; which values would come from there is then
asked before they are read (see `guard`). Superblock layouts: HDF5 File Format Specification 3.0, section II.A.
"""

from __future__ import annotations

import struct
from contextlib import closing
from pathlib import Path

from ..read_anywhere import ReadAnywhere
from .detect import SIGNATURE
from .raw_bytes import RawBytes

_END_AT = {0: 40, 1: 44, 2: 28, 3: 28}
"""Where each version of the superblock keeps the address of the file's end, from its signature; 8-byte addresses."""

_WIDTH_AT = {0: 13, 1: 13, 2: 9, 3: 9}
"""Where it says how many bytes an address takes."""

MAX_END = 1 << 50


def stated_end(path: Path) -> int | None:
    """The length that an HDF5 file says it has, user block included; None where that cannot be told."""
    with closing(RawBytes(path)) as file:
        for start in _starts(path.stat().st_size):
            head = file.at(start, 96)
            if head.startswith(SIGNATURE):
                return _end(head, start)
    return None


def _starts(size: int) -> list[int]:
    starts = [0]
    while 2 * starts[-1] < size:
        starts.append(2 * starts[-1] or 512)
    return starts


def _end(head: bytes, start: int) -> int | None:
    version = head[8] if len(head) >= 64 else -1
    if version not in _END_AT or head[_WIDTH_AT[version]] != 8:
        return None
    end = int(struct.unpack_from("<Q", head, _END_AT[version])[0])
    end += start if end + start <= MAX_END and _base(head, version) == 0 else 0
    return end if end <= MAX_END else None


def _base(head: bytes, version: int) -> int:
    """The base address, which later files give as the user block's length: their end counts from the file's start."""
    return int(struct.unpack_from("<Q", head, {0: 24, 1: 28, 2: 12, 3: 12}[version])[0])


class Padded(ReadAnywhere):
    """A file that seems to go on with zeros to `length`, and behind it."""

    def __init__(self, path: Path, length: int) -> None:
        super().__init__(length)
        self._bytes = RawBytes(path)

    def _at(self, offset: int, count: int) -> bytes:
        return self._bytes.at(offset, count).ljust(count, b"\0")

    def close(self) -> None:
        if not self.closed:
            self._bytes.close()
        super().close()
