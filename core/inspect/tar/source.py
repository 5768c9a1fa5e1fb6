"""The bytes of an archive: a map of its file; behind a compression, what was decompressed, up to a limit.

What was decompressed counts as this process's memory. So of several archives only the last few are held, and others
are decompressed again when they are asked for.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import zstandard

from ...formats.container import open_file
from ...formats.maps import MapsItself
from .detect import BZIP2, GZIP, XZ, compression_of

MOST_DECOMPRESSED = 300_000_000
"""Bytes of one archive that are looked at behind a compression: more than a usual shard has."""

MOST_HELD = 450_000_000
"""Bytes of all archives together that are held decompressed."""

WINDOW = 1 << 27
CHUNK = 1 << 20

Memory = npt.NDArray[np.uint8]

_held: OrderedDict[tuple[int, ...], tuple[Memory, str | None]] = OrderedDict()
"""By what tells one file from another, and from itself before it was changed."""


class TarSource:
    """The archive at `path`. `size`: the file's bytes; `problem`: why not all of what is behind a compression is there.

    Raises OSError for a file that cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: str | None = None
        with open_file(path) as file:
            self.compressed = compression_of(file.read(8)) is not None
            self._map: Memory | None = None if self.compressed else _map_of(path, file)
        status = path.stat()
        self.size = status.st_size
        self._name = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)

    def memory(self) -> Memory:
        """All bytes of the archive, uint8 (bytes,), as far as they are looked at."""
        if self._map is not None:
            return self._map
        if self._name not in _held:
            while sum(len(memory) for memory, _ in _held.values()) > MOST_HELD - MOST_DECOMPRESSED:
                _held.popitem(last=False)
            _held[self._name] = decompressed(self.path)
        _held.move_to_end(self._name)
        memory, self.problem = _held[self._name]
        return memory

    def close(self) -> None:
        self._map = None
        _held.pop(self._name, None)


def _map_of(path: Path, file: BinaryIO) -> Memory:
    """Of the very file that was opened, so that no link is followed that was put in its place."""
    return np.frombuffer(path.mapped(), np.uint8) if isinstance(path, MapsItself) else np.memmap(file, np.uint8, "r")


def decompressed(path: Path) -> tuple[Memory, str | None]:
    """(what is behind a file's compression, why it is not all)."""
    whole = bytearray()
    problem = None
    try:
        for piece in _pieces(path):
            whole += piece[: MOST_DECOMPRESSED - len(whole)]
            if len(whole) >= MOST_DECOMPRESSED:
                problem = (
                    f"only the first {MOST_DECOMPRESSED:,} bytes behind the compression are looked at: decompress the "
                    "archive to see the rest"
                )
                break
    except (zlib.error, OSError, EOFError, ValueError, lzma.LZMAError, zstandard.ZstdError) as error:
        problem = f"it does not decompress behind byte {len(whole):,}: {error}"
    return np.frombuffer(whole, np.uint8), problem


def _pieces(path: Path) -> Iterator[bytes]:
    """The bytes behind a compression, a MiB at a time; several streams, members or frames follow each other."""
    with open_file(path) as file:
        signature = compression_of(file.read(8))
        file.seek(0)
        if signature not in (GZIP, BZIP2, XZ):
            reader = zstandard.ZstdDecompressor(max_window_size=WINDOW).stream_reader(file, read_across_frames=True)
            while piece := reader.read(CHUNK):
                yield piece
            return
        yield from _streams(file, signature)


def _streams(file: BinaryIO, signature: bytes) -> Iterator[bytes]:
    """Of gzip, bzip2 and xz."""
    given, decompressor = file.read(CHUNK), _decompressor(signature)
    while True:
        piece: bytes = decompressor.decompress(given, CHUNK)
        yield piece
        if decompressor.eof:
            given = (decompressor.unused_data or file.read(CHUNK)).lstrip(b"\0")
            if not given:
                return
            decompressor = _decompressor(signature)
            continue
        given = getattr(decompressor, "unconsumed_tail", b"")  # zlib's; the others keep what they have not taken yet
        if not given and getattr(decompressor, "needs_input", True):
            given = file.read(CHUNK)
            if not given and not piece:
                raise EOFError("it ends in the middle")


def _decompressor(signature: bytes) -> Any:
    if signature == GZIP:
        return zlib.decompressobj(31)
    return bz2.BZ2Decompressor() if signature == BZIP2 else lzma.LZMADecompressor(lzma.FORMAT_XZ, WINDOW)
