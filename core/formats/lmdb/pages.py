"""Where an LMDB keeps its values: a walk over the pages of `data.mdb`.

The layout is that of LMDB 0.9 (data version 1) on 64-bit little-endian machines, as `mdb.c` defines it:

- page: uint64 number, uint16 pad, uint16 flags, uint16 lower, uint16 upper, then uint16 pointers to the nodes;
  the page has (lower - 16) / 2 nodes.
- meta (pages 0 and 1, the one of the later transaction counts): after the page header uint32 magic, uint32 version,
  uint64 address, uint64 map size, two databases (free pages, main), uint64 last page, uint64 transaction.
- database: uint32 pad (of the first: the page size), uint16 flags, uint16 depth, uint64 branch pages, leaf pages,
  overflow pages, entries, root page.
- node: uint16 low, uint16 high, uint16 flags, uint16 key size, then key and value. In a branch low, high and flags
  together are the child's page number; in a leaf low and high are the value's size, and a value with the flag
  BIGDATA lies on overflow pages, behind their header, with only the first page's number in the node.

Every number read is checked before it is followed, and every page is met once at most: a damaged file is an error,
not a crash, and takes no more memory than a sound one of its length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from ...base.errors import InputError
from ..container import open_file, reason_of
from ..maps import release_pages

MAGIC, VERSION = 0xBEEFC0DE, 1
HEADER = 16
NODE = 8
OVERFLOW_NUMBER = 8
"""Bytes of an overflow page's number, in place of a value."""
BRANCH, LEAF, LEAF2 = 0x01, 0x02, 0x20
"""Flags of a page. Leaves of the kind LEAF2 (keys of one size, without nodes) are not among ours."""
BIGDATA, SUBDATA, DUPDATA = 0x01, 0x02, 0x04
"""Flags of a node in a leaf: a value on overflow pages, a database, several values. Ours have the first only."""
LARGEST_PAGE = 1 << 16
NO_ROOT = 2**64 - 1
DEEPEST = 32
BRANCHES_AT_ONCE, LEAVES_AT_ONCE = 32, 512
"""Leaves lie side by side; each branch page brings its neighbours into memory with it."""

_META = struct.Struct("<IIQQ" + 2 * "IHHQQQQQ" + "QQ")

Offsets = npt.NDArray[np.int64]


class _Database(NamedTuple):
    pad: int
    flags: int
    depth: int
    branch_pages: int
    leaf_pages: int
    overflow_pages: int
    entries: int
    root: int


class Nodes(NamedTuple):
    """The nodes of some pages in order: where each begins in the file, and its four numbers, int64 (n,) each."""

    at: Offsets
    low: Offsets
    high: Offsets
    flags: Offsets
    key_size: Offsets


class Entries(NamedTuple):
    """Some entries: where their keys and values lie in the file, int64 (n,) each, in bytes."""

    keys: Offsets
    key_sizes: Offsets
    offsets: Offsets
    lengths: Offsets


@dataclass(frozen=True)
class Tree:
    """The main database of an LMDB, as a map of its file."""

    path: Path
    memory: np.memmap[Any, np.dtype[np.uint8]]
    page_size: int
    database: _Database

    @classmethod
    def open(cls, path: Path) -> Self:
        """The tree in folder `path`. Raises InputError where there is none, or none that can be read here."""
        file = path / "data.mdb"
        try:
            with open_file(file) as opened:
                memory = np.memmap(opened, np.uint8, "r")
        except (OSError, ValueError) as error:
            raise InputError(f"{file} cannot be opened as LMDB: {reason_of(error)}") from None
        metas = [meta for meta in _metas(memory) if meta is not None]
        if not metas:
            raise InputError(f"{file} has no LMDB meta page of data version {VERSION}: not an LMDB, or damaged")
        _, page_size, database = max(metas)
        return cls(path, memory, page_size, database)

    @property
    def used_bytes(self) -> int:
        """The two meta pages and the pages of the tree."""
        database = self.database
        return (2 + database.branch_pages + database.leaf_pages + database.overflow_pages) * self.page_size

    @cached_property
    def leaf_pages(self) -> npt.NDArray[np.uint64]:
        """The numbers of all leaf pages in the order of their keys. Raises InputError as `entries` does."""
        if self.database.root == NO_ROOT:
            return np.empty(0, np.uint64)
        if not 1 <= self.database.depth <= DEEPEST:
            raise self._damaged(f"a tree of {self.database.depth} levels")
        seen = np.zeros(len(self.memory) // self.page_size, np.bool_)
        pages = self._met(np.array([self.database.root], np.uint64), seen)
        for _ in range(self.database.depth - 1):
            below = [self._met(self._children(part), seen) for part in self._parts(pages, BRANCHES_AT_ONCE)]
            pages = np.concatenate(below)
        return pages

    def _met(self, pages: npt.NDArray[np.uint64], seen: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint64]:
        """The pages themselves, which nobody may have come by before: a page has one parent, and a tree no circle."""
        if pages.max() >= len(seen):
            raise self._damaged("a page lies outside of the file")
        if seen[pages].any() or len(np.unique(pages)) != len(pages):
            raise self._damaged("a page has two parents")
        seen[pages] = True
        return pages

    def entries(self) -> Iterator[Entries]:
        """All entries in the order of their keys, some leaf pages at a time, so that memory stays bounded.

        Raises InputError where a page, a key or a value does not lie where it should.
        """
        found = 0
        for part in self._parts(self.leaf_pages, LEAVES_AT_ONCE):
            entries = self._entries(part)
            found += len(entries.keys)
            yield entries
        if found != self.database.entries:
            raise self._damaged(f"{found:,} entries where it says {self.database.entries:,}")

    def last_entries(self) -> dict[bytes, npt.NDArray[np.uint8]]:
        """The entries of the last few leaf pages, four at least if there are as many: key -> value, uint8 (n,)."""
        entries = self._entries(self.leaf_pages[-4:])
        places = zip(*(part[-4:].tolist() for part in entries), strict=True)
        return {
            self.memory[key : key + key_size].tobytes(): self.memory[offset : offset + length]
            for key, key_size, offset, length in places
        }

    def _parts(self, pages: npt.NDArray[np.uint64], count: int) -> Iterator[npt.NDArray[np.uint64]]:
        """`count` pages at a time. A walk touches all of them, so what it mapped is given back part by part."""
        for start in range(0, len(pages), count):
            yield pages[start : start + count]
            release_pages(self.memory)

    def _children(self, pages: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        nodes = self._nodes(pages, BRANCH)
        return (nodes.low | nodes.high << 16 | nodes.flags << 32).astype(np.uint64)

    def _entries(self, pages: npt.NDArray[np.uint64]) -> Entries:
        nodes = self._nodes(pages, LEAF)
        lengths = nodes.low | nodes.high << 16
        keys = nodes.at + NODE
        offsets = keys + nodes.key_size
        if (nodes.flags & (SUBDATA | DUPDATA)).any():
            raise self._damaged("a key has several values, or a database of its own")
        large = (nodes.flags & BIGDATA) != 0
        ends = nodes.at % self.page_size + NODE + nodes.key_size + np.where(large, OVERFLOW_NUMBER, lengths)
        if (ends > self.page_size).any():
            raise self._damaged("a value lies outside of its page")
        big = np.flatnonzero(large)
        offsets[big] = self._overflow_pages(offsets[big]) * self.page_size + HEADER
        if (offsets + lengths > len(self.memory)).any():
            raise self._damaged("a value lies outside of the file")
        return Entries(keys, nodes.key_size, offsets, lengths)

    @cached_property
    def _words(self) -> npt.NDArray[np.uint16]:
        """The file as uint16: everything but keys and values is aligned to two bytes."""
        return self.memory[: len(self.memory) // 2 * 2].view("<u2")

    @cached_property
    def _longs(self) -> npt.NDArray[np.uint64]:
        """The file as uint64: pages begin with their own number."""
        return self.memory[: len(self.memory) // 8 * 8].view("<u8")

    def _nodes(self, pages: npt.NDArray[np.uint64], kind: int) -> Nodes:
        """The nodes of `pages`, which must all be of this kind, in order."""
        if len(pages) and pages.max() >= len(self.memory) // self.page_size:
            raise self._damaged("a page lies outside of the file")
        begins = pages.astype(np.int64) * self.page_size
        words = self._words
        counts = (words[begins // 2 + 6].astype(np.int64) - HEADER) // 2
        if (words[begins // 2 + 5] & (BRANCH | LEAF | LEAF2) != kind).any() or (counts < 1).any():
            raise self._damaged("a page is not of the kind that its parent says")
        if (counts > (self.page_size - HEADER) // (2 + NODE)).any():
            raise self._damaged("a page has more nodes than it has room for")
        if (self._longs[begins // 8] != pages).any():
            raise self._damaged("a page lies in the place of another")
        first = np.repeat(np.cumsum(counts) - counts, counts)
        page = np.repeat(begins, counts)
        slots = page // 2 + HEADER // 2 + np.arange(len(page)) - first
        inside = words[slots].astype(np.int64)
        # Behind the slots of its page, that is; a node that begins among them would be read as what it is not.
        early = inside < np.repeat(HEADER + 2 * counts, counts)
        if (early | (inside + NODE > self.page_size) | (inside % 2 == 1)).any():
            raise self._damaged("a node lies outside of its page")
        at = page + inside
        low, high, flags, key_size = (words[at // 2 + part].astype(np.int64) for part in range(4))
        if (inside + NODE + key_size > self.page_size).any():
            raise self._damaged("a key lies outside of its page")
        return Nodes(at, low, high, flags, key_size)

    def _overflow_pages(self, offsets: Offsets) -> Offsets:
        """The page number at each offset, none beyond the end of the file. The offsets lie inside of their pages."""
        numbers = self._numbers_at(offsets)
        if len(numbers) and numbers.max() >= len(self.memory) // self.page_size:
            raise self._damaged("an overflow page lies outside of the file")
        return np.asarray(numbers, np.int64)

    def _numbers_at(self, offsets: Offsets) -> npt.NDArray[np.uint64]:
        """The uint64 at each offset, which lies inside of the file; aligned or not."""
        digits = self.memory[offsets[:, None] + np.arange(8)].astype(np.uint64)
        return np.asarray((digits << np.arange(0, 64, 8, dtype=np.uint64)).sum(axis=1, dtype=np.uint64))

    def _damaged(self, what: str) -> InputError:
        return InputError(f"{self.path / 'data.mdb'} is damaged: {what}")


def _metas(memory: npt.NDArray[np.uint8]) -> Iterator[tuple[int, int, _Database] | None]:
    """(transaction, page size, main database) of the two meta pages; None for one that is none."""
    first = _meta(memory, 0)
    yield first
    yield _meta(memory, first[1]) if first else None


def _meta(memory: npt.NDArray[np.uint8], page: int) -> tuple[int, int, _Database] | None:
    data = memory[page + HEADER : page + HEADER + _META.size].tobytes()
    if len(data) < _META.size:
        return None
    magic, version, _, _, *rest = _META.unpack(data)
    page_size, main, transaction = rest[0], _Database(*rest[8:16]), rest[17]
    if magic != MAGIC or version != VERSION or not 256 <= page_size <= LARGEST_PAGE or page_size & (page_size - 1):
        return None
    return transaction, page_size, main
