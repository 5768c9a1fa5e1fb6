"""A file object over whatever gives bytes at a place."""

from __future__ import annotations

import io
from typing import Any


class ReadAnywhere(io.RawIOBase):
    """A file, read-only, of `length` bytes. A subclass says what lies at a place."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence] + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        data = self._at(self._position, len(view))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _at(self, offset: int, count: int) -> bytes:
        """`count` bytes from `offset` on, fewer where the file ends before."""
        raise NotImplementedError
