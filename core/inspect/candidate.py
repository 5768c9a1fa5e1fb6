"""A file that is to be recognised, as plain bytes: no library sees it yet."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

from ..formats.maps import MapsItself

HEAD = 1 << 17
"""Bytes that are read at first: enough for the second meta page of an LMDB with 64 KiB pages."""


class UnidentifiedFile:
    """A file whose kind is asked for. Close it, or use it as a context manager. Reading raises OSError.

    `reach`: how far into it signatures are looked for: at an address, where each look costs a request, in its head.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("rb")
        self.size = self._file.seek(0, os.SEEK_END)
        self.reach = min(self.size, HEAD) if isinstance(path, MapsItself) else self.size

    @cached_property
    def head(self) -> bytes:
        return self.at(0, HEAD)

    def at(self, offset: int, count: int) -> bytes:
        """`count` bytes from `offset` on, fewer where the file ends before."""
        self._file.seek(offset)
        return self._file.read(count)

    def __enter__(self) -> UnidentifiedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
