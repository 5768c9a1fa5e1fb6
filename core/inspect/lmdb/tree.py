"""One tree of an LMDB: its entries by position and by key, whatever of it can be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...formats.lmdb.page_layout import DUPDATA, DUPSORT, INTEGERKEY, LEAF2, NODE, REVERSEKEY, SUBDATA, Database
from ...formats.lmdb.page_walk import NONE, UNSEEN_LEAVES, Walk, joined, parts, walk
from ...formats.lmdb.pages import LeafNode, Numbers, Pages

BETWEEN_RELEASES = 1 << 28
"""Bytes of pages that are read for their keys before they are given back: each that is read again then costs more."""

COUNTED_FIRST, COUNTED_AT_ONCE = 1_024, 16_384
"""Leaf pages are counted as far as they are needed, first few at a time and then more: none is read in vain."""


class LmdbEntry(NamedTuple):
    """One entry, copied: `stored` is what it occupies, in bytes; `is_tree` whether its value is a tree's record."""

    key: bytes
    value: bytes
    stored: int
    is_tree: bool


def _behind(text: bytes) -> bytes | None:
    """The first key behind all that begin with `text`; None where there is none."""
    kept = text.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1]) if kept else None


class LmdbTree:
    """Entries in the order of their keys. With duplicates (DUPSORT) each pair of key and value is an entry."""

    def __init__(self, pages: Pages, database: Database, leaves: Numbers | None = None) -> None:
        """`leaves` are given where they were salvaged and no walk finds them."""
        self.pages = pages
        self.database = database
        self.salvaged = leaves is not None
        self._walk = Walk(NONE, leaves, NONE) if leaves is not None else None
        self._ends: Numbers = np.empty(0, np.int64)
        self._duplicates: dict[int, LmdbTree] = {}
        self._read = 0

    @cached_property
    def walked(self) -> Walk:
        if self._walk is not None:
            return self._walk
        if self.database.root == self.pages.layout.no_page:
            return Walk(NONE, NONE, NONE)
        with self.pages.scattered():
            return walk(self.pages, self.database.root)

    @property
    def leaves(self) -> Numbers:
        return self.walked.leaves

    def sound_leaves(self) -> Iterator[Numbers]:
        """The leaf pages that may be read, some at a time."""
        for part in parts(self.leaves):
            yield part[self.pages.sound(part) & self.pages.is_leaf(part)]
            self.pages.release()

    @cached_property
    def _length(self) -> int:
        """Where there are too many leaf pages to count at once, what the file says is believed until they are read."""
        if len(self.leaves) > UNSEEN_LEAVES and not self.salvaged and not len(self.walked.lost):
            return self.database.entries
        return self._counted(2**62)

    def __len__(self) -> int:
        return self._length

    # ---- by position

    def entry(self, position: int) -> LmdbEntry:
        """Raises ValueError where it cannot be read, IndexError where the entries end before."""
        return self.entry_of(*self.node(position))

    def entry_of(self, node: LeafNode, duplicate: int) -> LmdbEntry:
        """The entry of a node, or one of its duplicates. Raises ValueError where it cannot be read."""
        key = self.pages.key_of(node)
        if node.flags & DUPDATA:
            value = self._duplicate(node, duplicate)
            return LmdbEntry(key, value, len(value) + 2 + (0 if duplicate else NODE + len(key) + 2), False)
        node = self.pages.with_value(node)
        return LmdbEntry(key, self.pages.value_of(node), self._stored(node), bool(node.flags & SUBDATA))

    def value_place(self, position: int) -> tuple[int, int] | None:
        """(where an entry's value begins in the file, its bytes); None for one of several values of a key.

        Raises as `entry` does.
        """
        node, _ = self.node(position)
        if node.flags & DUPDATA:
            return None
        node = self.pages.with_value(node)
        return node.value, node.value_size

    def key(self, position: int) -> bytes:
        return self.pages.key_of(self.node(position)[0])

    def duplicate(self, position: int) -> int | None:
        """Which of its key's values an entry is; None where the key has one alone."""
        node, duplicate = self.node(position)
        return duplicate if node.flags & DUPDATA else None

    def node(self, position: int) -> tuple[LeafNode, int]:
        """The node of an entry, and which of its duplicates the entry is. Raises as `entry` does."""
        if position < 0 or self._counted(position) <= position:
            raise IndexError(f"the entries end before number {position}")
        if self._pair_ends is None:
            return self._plain_node(position), 0
        node = int(np.searchsorted(self._pair_ends, position, "right"))
        return self._plain_node(node), position - (int(self._pair_ends[node - 1]) if node else 0)

    def _plain_node(self, number: int) -> LeafNode:
        leaf = int(np.searchsorted(self._ends, number, "right"))
        return self.pages.node(int(self.leaves[leaf]), number - (int(self._ends[leaf - 1]) if leaf else 0))

    def _counted(self, needed: int) -> int:
        """How many entries are counted, which are more than `needed` if there are as many."""
        if self._pair_ends is not None:
            return int(self._pair_ends[-1]) if len(self._pair_ends) else 0
        self._count_nodes(needed)
        return int(self._ends[-1]) if len(self._ends) else 0

    def _count_nodes(self, needed: int, release: bool = True) -> None:
        """`release`: unless the pages counted are read again at once."""
        leaves = self.leaves
        while len(self._ends) < len(leaves) and (not len(self._ends) or self._ends[-1] <= needed):
            done = len(self._ends)
            part = leaves[done : done + min(max(done, COUNTED_FIRST), COUNTED_AT_ONCE)]
            before = int(self._ends[-1]) if len(self._ends) else 0
            counts = np.where(self.pages.sound(part) & self.pages.is_leaf(part), self.pages.counts(part), 0)
            self._ends = np.concatenate([self._ends, before + np.cumsum(counts)])
            if release:
                self.pages.release()

    @cached_property
    def _pair_ends(self) -> Numbers | None:
        """For each node how many entries there are up to its last duplicate; None in a tree without duplicates."""
        if not self.database.flags & DUPSORT or self._is_packed:
            return None
        self._count_nodes(2**62)
        counts = np.ones(int(self._ends[-1]) if len(self._ends) else 0, np.int64)
        flags = joined([self.pages.node_flags(part) for part in self.sound_leaves()])
        for number in np.flatnonzero(flags & DUPDATA).tolist():
            try:
                counts[number] = self._duplicates_of(self._plain_node(number))[0]
            except ValueError:
                continue  # read one by one, it will say what is wrong with it
        return np.cumsum(counts)

    @property
    def _is_packed(self) -> bool:
        """Whether this is a tree of duplicates of one size."""
        return bool(len(self.leaves)) and bool(
            self.pages.header(int(self.leaves[0]) * self.pages.layout.page_size).flags & LEAF2
        )

    # ---- duplicates

    def _duplicate(self, node: LeafNode, number: int) -> bytes:
        return self._duplicates_of(node)[1](number)

    def _duplicates_of(self, node: LeafNode) -> tuple[int, Callable[[int], bytes]]:
        """How many values a node has, and the way to get one: they lie in a page inside it, or in a tree."""
        pages = self.pages
        if node.flags & SUBDATA:
            tree = self._duplicate_tree(node.value)
            return max(len(tree), 1), tree.key
        lower = pages.header(node.value).lower

        def within(number: int) -> bytes:
            return pages.key_of(pages.node_in(node.value, node.value_size, number))

        return max((min(lower, node.value_size) - pages.layout.header) // 2, 1), within

    def _duplicate_tree(self, at: int) -> LmdbTree:
        if at not in self._duplicates:
            record = self.pages.layout.database(self.pages.memory[at : at + self.pages.layout.database_bytes])
            if len(self._duplicates) > 64:
                self._duplicates.clear()
            self._duplicates[at] = LmdbTree(self.pages, record._replace(flags=record.flags & ~DUPSORT))
        return self._duplicates[at]

    # ---- by key

    def find(self, key: bytes) -> int | None:
        """The position of a key's first entry, or None. Raises ValueError where a damaged page is in the way."""
        place = self._place(key)
        if place is None:
            return None
        return self._pairs_before(self._nodes_before(place[0]) + place[1])

    def value(self, key: bytes) -> bytes | None:
        """A copy of a key's (first) value, or None. Nothing is counted for it."""
        place = self._place(key)
        if place is None:
            return None
        node = self.pages.node(int(self.leaves[place[0]]), place[1])
        return self._duplicate(node, 0) if node.flags & DUPDATA else self.pages.value_of(self.pages.with_value(node))

    def lower_bound(self, key: bytes) -> int:
        """How many entries have keys before this one."""
        leaf, slot = self._bisected(self._before(key))
        return self._pairs_before(self._nodes_before(leaf) + slot)

    def _before(self, key: bytes) -> Callable[[bytes], bool]:
        wanted = self._order(key)
        return lambda found: bool(self._order(found) < wanted)

    def _place(self, key: bytes) -> tuple[int, int] | None:
        """(leaf, slot) of a key, or None where it is not there."""
        leaf, slot = self._bisected(self._before(key))
        if leaf < len(self.leaves) and slot == self.pages.count(int(self.leaves[leaf])):
            leaf, slot = leaf + 1, 0
        if leaf >= len(self.leaves):
            return None
        return (leaf, slot) if self.pages.key_of(self.pages.node(int(self.leaves[leaf]), slot)) == key else None

    def _bisected(self, before: Callable[[bytes], bool]) -> tuple[int, int]:
        """(leaf, slot): behind the last node whose key is before the wanted one."""
        low, high = 0, len(self.leaves)
        while low < high:  # the last leaf whose first key is before the wanted one
            middle = (low + high) // 2
            if before(self._first_key(middle)):
                low = middle + 1
            else:
                high = middle
        return (low - 1, self._slot(low - 1, before)) if low else (0, 0)

    def _first_key(self, leaf: int) -> bytes:
        return self.pages.key_of(self.pages.node(int(self.leaves[leaf]), 0))

    def _slot(self, leaf: int, before: Callable[[bytes], bool]) -> int:
        page = int(self.leaves[leaf])
        low, high = 0, self.pages.count(page)
        while low < high:
            middle = (low + high) // 2
            if before(self.pages.key_of(self.pages.node(page, middle))):
                low = middle + 1
            else:
                high = middle
        return low

    def _nodes_before(self, leaf: int) -> int:
        while len(self._ends) < leaf:
            self._count_nodes(int(self._ends[-1]) if len(self._ends) else 0)
        return int(self._ends[leaf - 1]) if leaf else 0

    def _pairs_before(self, node: int) -> int:
        if self._pair_ends is None:
            return node
        return int(self._pair_ends[node - 1]) if node else 0

    def _order(self, key: bytes) -> Any:
        """What keys are sorted by."""
        if self.database.flags & INTEGERKEY:
            return int.from_bytes(key, "little" if self.pages.layout.order == "<" else "big")
        return key[::-1] if self.database.flags & REVERSEKEY else key

    def keys_between(self, start: int, stop: int, most: int) -> tuple[bytes, npt.NDArray[np.int32]] | None:
        """The keys of the entries start <= position < stop end to end, and where each ends, int32; an empty one where
        it cannot be read. None for a tree with duplicates, and where they have more than `most` bytes."""
        if self._pair_ends is not None:
            return None
        self._count_nodes(stop, release=False)
        counted = min(stop, self._counted(stop))
        if counted <= start:
            return b"", np.zeros(stop - start, np.int32)
        first, last = np.searchsorted(self._ends, (start, counted - 1), "right").tolist()
        leaves, before = self.leaves[first : last + 1], int(self._ends[first - 1]) if first else 0
        places, sizes, good = self.pages.keys(leaves[self.pages.sound(leaves) & self.pages.is_leaf(leaves)])
        inside = slice(start - before, counted - before)
        places, sizes = places[inside], sizes[inside]
        alone = {number: self._key_or_nothing(start + number) for number in np.flatnonzero(~good[inside]).tolist()}
        if int(sizes.sum()) + sum(map(len, alone.values())) > most:
            return None
        data, ends = self.pages.bytes_at(places, sizes), np.cumsum(sizes)
        self._read += len(leaves) * self.pages.layout.page_size
        if self._read > BETWEEN_RELEASES:
            self._read = 0
            self.pages.release()
        if alone:
            cut = zip((ends - sizes).tolist(), ends.tolist(), strict=True)
            keys = [alone.get(number, data[begin:end]) for number, (begin, end) in enumerate(cut)]
            data, ends = b"".join(keys), np.cumsum([len(key) for key in keys])
        missing = np.full(stop - counted, len(data))
        return data, np.concatenate([ends, missing]).astype(np.int32)

    def span(self, before: bytes) -> tuple[int, int]:
        """(start, stop) of the entries whose key begins with `before`, in a tree whose keys are sorted byte by byte."""
        last = _behind(before)
        return self.lower_bound(before), len(self) if last is None else self.lower_bound(last)

    def between(self, before: bytes, behind: bytes, digits: bool = False) -> Numbers:
        """The entries whose key begins with `before` and ends with `behind`; with `digits`, one follows `before`.

        Not for trees with duplicates, or whose keys are not sorted byte by byte.
        """
        bounds = (self.lower_bound(before + b"0"), self.lower_bound(before + b":"))
        start, stop = bounds if digits else self.span(before)
        positions = np.arange(start, stop)
        if not behind or not len(positions):
            return positions
        self._count_nodes(2**62)  # the nodes of damaged leaves count as none, here as there
        matching = joined([self.pages.keys_end_with(part, behind) for part in self.sound_leaves()])
        return np.asarray(positions[matching[start:stop] != 0])

    def _key_or_nothing(self, position: int) -> bytes:
        try:
            return self.key(position)
        except ValueError:
            return b""

    def _stored(self, node: LeafNode) -> int:
        """What an entry occupies: its node and the pointer to it, and the overflow pages of a large value."""
        return self.pages.layout.stored_bytes(node.key_size, node.value_size, node.overflow_pages)
