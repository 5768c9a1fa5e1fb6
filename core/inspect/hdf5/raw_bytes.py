"""Bytes of an HDF5 file by their place, beside the library that reads it."""

from __future__ import annotations

import os
from pathlib import Path

from ...formats.maps import MapsItself


class RawBytes:
    """The file at `path`, open until it is closed. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._map = path.mapped() if isinstance(path, MapsItself) else None
        self._descriptor = -1 if self._map is not None else os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))

    def at(self, offset: int, count: int) -> bytes:
        """`count` bytes from `offset` on, fewer where the file ends before."""
        if self._map is None:
            return os.pread(self._descriptor, count, offset)
        return self._map[max(offset, 0) : max(offset + count, 0)]

    def close(self) -> None:
        """Safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
