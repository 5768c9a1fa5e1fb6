"""Where an LMDB of ours keeps its entries, found for all of them at once by a walk over its pages.

What is checked in each page stands in `pages`. Here nothing may be missing: a page, a key or a value that does not lie
where it should makes the whole file damaged, as one sample would otherwise be taken for another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from ...base.errors import InputError
from ..container import open_file, reason_of
from ..maps import map_of
from .page_layout import BIGDATA, DUPDATA, NODE, SUBDATA, Database, read_metas
from .page_walk import parts, walk
from .pages import Numbers, Pages

LEAVES_AT_ONCE = 512


class StoreEntries(NamedTuple):
    """Some entries: where their keys and values lie in the file, int64 (n,) each, in bytes."""

    keys: Numbers
    key_sizes: Numbers
    offsets: Numbers
    lengths: Numbers


DATA = "data.mdb"
"""The file in the folder of an LMDB."""


@dataclass(frozen=True)
class StoreTree:
    """The main database of an LMDB, and a map of its file."""

    path: Path
    memory: np.memmap[Any, np.dtype[np.uint8]]
    pages: Pages
    database: Database

    @property
    def file(self) -> Path:
        return self.path / DATA

    @classmethod
    def open(cls, path: Path) -> Self:
        """The tree in folder `path`. Raises InputError where there is none, or none that can be read here."""
        file = path / DATA
        try:
            with open_file(file) as opened:
                memory = np.memmap(opened, np.uint8, "r")
            mapped = map_of(memory)
            metas = read_metas(mapped)
        except (OSError, ValueError, InputError) as error:
            raise InputError(f"{file} cannot be opened as LMDB: {reason_of(error)}") from None
        if not metas:
            raise InputError(f"{file} has no LMDB meta page: it is not an LMDB, or damaged")
        return cls(path, memory, Pages(mapped, metas[0].layout), metas[0].main)

    @property
    def used_bytes(self) -> int:
        """The two meta pages and the pages of the tree."""
        return (2 + self.database.pages) * self.pages.layout.page_size

    @cached_property
    def leaf_pages(self) -> Numbers:
        """The numbers of all leaf pages in the order of their keys. Raises InputError as `entries` does."""
        if self.database.root == self.pages.layout.no_page:
            return np.empty(0, np.int64)
        with self.pages.scattered():
            walked = walk(self.pages, self.database.root, unseen_leaves=0)
        if len(walked.lost):
            raise self._damaged(f"page {walked.lost[0]} lies outside of the file, or is not what its parent says")
        if walked.repeated:
            raise self._damaged("a page has two parents")
        if walked.levels != self.database.depth:
            raise self._damaged(f"a tree of {walked.levels} levels where it says {self.database.depth}")
        return walked.leaves

    def entries(self) -> Iterator[StoreEntries]:
        """All entries in the order of their keys, some leaf pages at a time, so that memory stays bounded.

        Raises InputError where a page, a key or a value does not lie where it should.
        """
        found = 0
        for part in parts(self.leaf_pages, LEAVES_AT_ONCE):
            entries = self._entries(part)
            found += len(entries.keys)
            yield entries
            self.pages.release()
        if found != self.database.entries:
            raise self._damaged(f"{found:,} entries where it says {self.database.entries:,}")

    def last_entries(self) -> dict[bytes, np.ndarray[Any, np.dtype[np.uint8]]]:
        """The entries of the last few leaf pages, four at least if there are as many: key -> value, uint8 (n,)."""
        entries = self._entries(self.leaf_pages[-4:])
        places = zip(*(part[-4:].tolist() for part in entries), strict=True)
        return {
            self.memory[key : key + key_size].tobytes(): self.memory[offset : offset + length]
            for key, key_size, offset, length in places
        }

    def _entries(self, leaves: Numbers) -> StoreEntries:
        pages, size = self.pages, self.pages.layout.page_size
        if not pages.sound(leaves).all() or not pages.is_leaf(leaves).all() or pages.is_packed(leaves).any():
            raise self._damaged("a page is not what its parent says")
        nodes = pages.nodes(leaves)
        if len(nodes.at) != pages.counts(leaves).sum():
            raise self._damaged("a node lies outside of its page")
        if (nodes.flags & (SUBDATA | DUPDATA)).any():
            raise self._damaged("a key has several values, or a database of its own")
        big = np.flatnonzero(nodes.flags & BIGDATA)
        keys = nodes.at + NODE
        offsets = keys + nodes.key_size
        inside = nodes.size.copy()
        inside[big] = pages.layout.word
        if (nodes.at % size + NODE + nodes.key_size + inside > size).any():
            raise self._damaged("a key or a value lies outside of its page")
        first = pages.words_at(offsets[big])
        if (first < 2).any():
            raise self._damaged("an overflow page lies outside of the file")
        offsets[big] = first * size + pages.layout.header
        if (offsets + nodes.size > len(self.memory)).any():
            raise self._damaged("a value lies outside of the file")
        return StoreEntries(keys, nodes.key_size, offsets, nodes.size)

    def _damaged(self, what: str) -> InputError:
        return InputError(f"{self.file} is damaged: {what}")
