"""The shards of a container, mapped: where payloads lie in them, and blocks of what they inflate to."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...base.contracts import MAX_PAYLOAD
from ..folder import read_table
from ..joined_maps import JoinedFiles, can_join, mapped_together
from ..maps import release_pages
from .layout import BLOCK, BLOCK_BYTES, BLOCKS

GZIP = zlib.MAX_WBITS | 16
LARGEST_BLOCK = MAX_PAYLOAD + BLOCK_BYTES + (1 << 20)
"""Bytes that a block may inflate to: a payload, the records before it, and what is beside it."""

PIECE = 1 << 16
"""Bytes of a gzip file that are inflated at once where its members are looked for."""

Blocks = npt.NDArray[np.void]


class Part(NamedTuple):
    """A piece of a shard's records, and where it begins among all of them."""

    memory: memoryview
    start: int


class PlainShards:
    """Shards whose records lie bare. `sizes`: bytes of records of each, `file_sizes`: of its file, int64 (shards,)."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.joined: JoinedFiles | None = mapped_together(paths) if can_join(len(paths)) else None
        if self.joined is None:
            self._maps = [mapped_together([path]).memory for path in paths]
            self.memories = [memory.data for memory in self._maps]
        else:
            self._maps, memory = [self.joined.memory], self.joined.memory.data
            places = zip(self.joined.starts.tolist(), self.joined.sizes.tolist(), strict=True)
            self.memories = [memory[start : start + size] for start, size in places]
        self.sizes = self.file_sizes = np.array([len(memory) for memory in self.memories], np.int64)

    def part(self, shard: int, offset: int) -> Part:
        """What holds the record around this byte."""
        return Part(self.memories[shard], 0)

    def parts(self, shard: int) -> Iterator[Part]:
        """All of a shard, in order, whole records at a time."""
        yield Part(self.memories[shard], 0)

    def stored_bytes(self, shard: int, offset: int, size: int) -> int:
        """What `size` bytes of records around this byte take in the file."""
        return size

    def release(self) -> None:
        for memory in self._maps:
            release_pages(memory)


class GzipShards:
    """Shards in gzip, of which a block is inflated at a time; the last one is kept."""

    def __init__(self, folder: Path, paths: Sequence[Path]) -> None:
        self._folder = folder
        self._plain = PlainShards(paths)
        self.file_sizes = self._plain.sizes
        self._last: tuple[int, bytes] = (-1, b"")

    @cached_property
    def blocks(self) -> Blocks:
        """(m,) of `layout.BLOCK`, in order; looked for in the files where `blocks.npy` is missing or does not fit."""
        try:
            return self._read_blocks()
        except (OSError, ValueError):
            found = [block for shard in range(len(self._plain.memories)) for block in self._walked(shard)]
            return np.array(found, BLOCK)

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Bytes of records of each shard, int64 (shards,)."""
        sizes = np.zeros(len(self._plain.memories), np.int64)
        np.maximum.at(sizes, self.blocks["shard"], (self.blocks["start"] + self.blocks["length"]).astype(np.int64))
        return sizes

    def part(self, shard: int, offset: int) -> Part:
        """The block around this byte. Raises ValueError where it does not inflate to what it should."""
        number = self._number(shard, offset)
        return Part(memoryview(self._inflated(number)), int(self.blocks["start"][number]))

    def parts(self, shard: int) -> Iterator[Part]:
        """All of a shard, in order, whole records at a time."""
        for number in np.flatnonzero(self.blocks["shard"] == shard).tolist():
            yield Part(memoryview(self._inflated(number)), int(self.blocks["start"][number]))

    def stored_bytes(self, shard: int, offset: int, size: int) -> int:
        """The share of `size` bytes of records around this byte in their block."""
        block = self.blocks[self._number(shard, offset)]
        return -(-size * int(block["stored_length"]) // max(int(block["length"]), 1))

    def release(self) -> None:
        self._plain.release()

    def _number(self, shard: int, offset: int) -> int:
        first, last = np.searchsorted(self.blocks["shard"], [shard, shard + 1])
        starts = self.blocks["start"][first:last]
        return int(first + np.searchsorted(starts, np.uint64(offset), "right") - 1)

    def _inflated(self, number: int) -> bytes:
        last = self._last
        if last[0] == number:
            return last[1]
        shard, _, length, stored, stored_length = self.blocks[number].tolist()
        made = zlib.decompressobj(GZIP)
        try:
            data = made.decompress(self._plain.memories[shard][stored : stored + stored_length], length + 1)
        except zlib.error as error:
            raise ValueError(f"its block of gzip does not inflate ({error})") from None
        if len(data) != length or not made.eof:
            raise ValueError("its block of gzip does not inflate to what it should")
        self._last = (number, data)
        return data

    def _read_blocks(self) -> Blocks:
        """`blocks.npy`, checked: blocks lie end to end in files and in what these inflate to."""
        blocks = read_table(self._folder / BLOCKS, BLOCK)
        if (blocks["length"] > LARGEST_BLOCK).any():
            raise ValueError(f"{BLOCKS} has a block that is none")
        bounds = np.searchsorted(blocks["shard"], np.arange(len(self.file_sizes) + 1)).tolist()
        for number, (first, last) in enumerate(pairwise(bounds)):
            own = blocks[first:last]
            if (own["shard"] != number).any() or not _end_to_end(own, int(self.file_sizes[number])):
                raise ValueError(f"{BLOCKS} is not of these shards")
        if bounds[-1] != len(blocks):
            raise ValueError(f"{BLOCKS} names a shard that is not there")
        return blocks

    def _walked(self, shard: int) -> Iterator[tuple[int, int, int, int, int]]:
        """The blocks of one shard, found by inflating it. Raises ValueError where it breaks off."""
        memory, stored, start = self._plain.memories[shard], 0, 0
        while stored < len(memory):
            length, end = _inflated_member(memory, stored)
            yield shard, start, length, stored, end - stored
            stored, start = end, start + length


def _end_to_end(blocks: Blocks, file_size: int) -> bool:
    """Whether the blocks of one shard follow each other without a gap and fill its file."""
    starts, stored = (np.cumsum(blocks[name]) - blocks[name] for name in ("length", "stored_length"))
    fits = (blocks["start"] == starts).all() and (blocks["stored"] == stored).all()
    return bool(fits and (blocks["stored_length"] <= file_size).all() and blocks["stored_length"].sum() == file_size)


def _inflated_member(memory: memoryview, at: int) -> tuple[int, int]:
    """(bytes that the member of a gzip file at `at` inflates to, where it ends)."""
    made, length = zlib.decompressobj(GZIP), 0
    while not made.eof:
        if at >= len(memory):
            raise ValueError("a gzip file breaks off")
        piece = bytes(memory[at : at + PIECE])
        try:
            while piece and not made.eof:
                length += len(made.decompress(piece, PIECE))
                piece = made.unconsumed_tail
        except zlib.error as error:
            raise ValueError(f"a gzip file is damaged at byte {at:,} ({error})") from None
        at = min(at + PIECE, len(memory)) - len(made.unused_data)
        if length > LARGEST_BLOCK:
            raise ValueError(f"a gzip file has a member of more than {LARGEST_BLOCK:,} bytes")
    return length, at
