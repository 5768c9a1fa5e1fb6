"""Shards in zstd frames, each of which is decompressed alone: the "seekable format" of zstd's contrib folder.

Frames follow each other, as in any .zst file; the last one is skippable and holds the table of the others: uint32
0x184D2A5E, uint32 length, per frame uint32 compressed and uint32 decompressed bytes, then uint32 number of frames, a
byte of flags (128: a checksum follows each entry), uint32 0x8F92EAB1, all little-endian. A frame here holds whole
samples, at least one and about 256 KiB of them. Any zstd decompresses such a file as a whole.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import zstandard

from ...base.contracts import MAX_PAYLOAD, Buffer

FRAME = 1 << 18
"""Decompressed bytes after which a frame ends: what one sample at random costs to decompress."""

LARGEST_FRAME = MAX_PAYLOAD + FRAME + (1 << 20)
LEVEL = 3
SKIPPABLE, SEEKABLE = 0x184D2A5E, 0x8F92EAB1
FOOTER = struct.Struct("<IBI")
CHECKSUMS = 128


class SeekableWriter:
    """`size`: the decompressed bytes up to now."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.size = 0
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._parts: list[Buffer] = []
        self._held = 0
        self._table: list[tuple[int, int]] = []

    def add(self, parts: Iterable[Buffer], size: int) -> None:
        """Append parts of `size` bytes together, which stay in one frame."""
        self._parts += parts
        self.size += size
        self._held += size
        if self._held >= FRAME:
            self._end_frame()

    def close(self) -> None:
        self._end_frame()
        table = np.array(self._table, "<u4").tobytes()
        self._write(struct.pack("<II", SKIPPABLE, len(table) + FOOTER.size))
        self._write(table + FOOTER.pack(len(self._table), 0, SEEKABLE))
        self.file.close()

    def abort(self) -> None:
        self.file.close()

    def _end_frame(self) -> None:
        if not self._held:
            return
        frame = self._compressor.compress(b"".join(self._parts))
        self._table.append((len(frame), self._held))
        self._write(frame)
        self._parts, self._held = [], 0

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self.file.fileno(), view) :]


class SeekableShard:
    """The frames of one shard. `memory`: its bytes, uint8 (size,). Raises ValueError where its table is damaged."""

    def __init__(self, memory: npt.NDArray[np.uint8]) -> None:
        self._memory = memory
        stored, sizes = _table(memory)
        self._places = np.concatenate([[0], np.cumsum(stored)])
        self.starts: npt.NDArray[np.int64] = np.concatenate([[0], np.cumsum(sizes)])
        """int64 (frames + 1,): the place in the decompressed shard at which each begins."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    def frame_of(self, offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The frames in which these places of the decompressed shard lie."""
        return np.searchsorted(self.starts, offsets, "right") - 1

    def stored_bytes(self, number: int) -> int:
        """What a frame takes in the file."""
        return int(self._places[number + 1] - self._places[number])

    def frame(self, number: int) -> bytes:
        """A frame, decompressed. Raises ValueError where it is damaged."""
        data = self._memory[self._places[number] : self._places[number + 1]].data
        size = int(self.starts[number + 1] - self.starts[number])
        try:
            if zstandard.frame_content_size(data) != size:
                raise ValueError(f"frame {number} is not of the size that the table tells")
            return zstandard.ZstdDecompressor().decompress(data)
        except zstandard.ZstdError as error:
            raise ValueError(f"frame {number} does not decompress: {error}") from None


def _table(memory: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(compressed, decompressed) bytes of each frame, int64 (frames,)."""
    tail = memory[-FOOTER.size :].tobytes()
    if len(tail) < FOOTER.size:
        raise ValueError("it is too short for a table of frames")
    frames, flags, magic = FOOTER.unpack(tail)
    words = 3 if flags & CHECKSUMS else 2
    length = 4 * words * frames
    body = len(memory) - FOOTER.size - length - 8
    if magic != SEEKABLE or body < 0:
        raise ValueError("it has no table of frames at its end, so no sample is found in it")
    table: Any = np.frombuffer(memory[body + 8 : body + 8 + length].tobytes(), "<u4").reshape(frames, words)
    stored, sizes = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
    if int(stored.sum()) != body or (sizes > LARGEST_FRAME).any():
        raise ValueError("its table of frames is not about this file")
    return stored, sizes
