"""The pages of an LMDB, read one by one or many at once, every number checked before it is followed.

Nothing here asks LMDB's own library, which trusts its files: a damaged page costs the entries that it holds, and files
of other systems (32-bit words, another order of bytes, other sizes of pages) are read like our own. The reader of our
stores (`store_tree`) and the inspector stand on it; the layout is described in `page_layout`.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .page_layout import BIGDATA, BRANCH, LEAF, LEAF2, META, NODE, OVERFLOW, PageLayout

MAX_VALUE = 1 << 28
"""256 MiB; a larger value is refused, not read."""

Numbers = npt.NDArray[np.int64]


class PageHeader(NamedTuple):
    number: int
    pad: int
    flags: int
    lower: int
    upper: int


class LeafNode(NamedTuple):
    """One entry of a leaf: where key and value lie in the file, in bytes, and how many overflow pages it has."""

    flags: int
    key: int
    key_size: int
    value: int
    value_size: int
    overflow_pages: int


class NodeArrays(NamedTuple):
    """Many nodes, int64 (n,) each: the position of its page in what was asked for, where it begins, its numbers."""

    page: Numbers
    at: Numbers
    size: Numbers
    flags: Numbers
    key_size: Numbers


class Pages:
    """A file as pages. Single pages and nodes raise ValueError where they do not lie where they should."""

    def __init__(self, memory: mmap.mmap, layout: PageLayout) -> None:
        self.memory = memory
        self.layout = layout
        self.whole = len(memory) // layout.page_size
        self._shorts: npt.NDArray[Any] = np.frombuffer(memory, f"{layout.order}u2", len(memory) // 2)
        self._words: npt.NDArray[Any] = np.frombuffer(
            memory, f"{layout.order}u{layout.word}", len(memory) // layout.word
        )
        self._header = struct.Struct(f"{layout.order}{layout.word_code}HHHH")
        self._node = struct.Struct(f"{layout.order}IHH")
        self._word = struct.Struct(f"{layout.order}{layout.word_code}")
        self._pointer = struct.Struct(f"{layout.order}H")

    # ---- what the system is told of the way in which the file is read

    @contextmanager
    def scattered(self) -> Iterator[None]:
        """While single pages far apart are read: the system must not fetch what lies behind each of them as well."""
        self._advise("MADV_RANDOM")
        try:
            yield
        finally:
            self._advise("MADV_NORMAL")

    def release(self) -> None:
        """What was read is given back: it counts as this process's memory until then."""
        self._advise("MADV_DONTNEED")

    def _advise(self, name: str) -> None:
        if hasattr(mmap, name):
            self.memory.madvise(getattr(mmap, name))

    # ---- one page, one node

    def header(self, at: int) -> PageHeader:
        """The header of the page (or the page inside a node) that begins at byte `at`."""
        if at < 0 or at + self.layout.header > len(self.memory):
            raise ValueError("a page lies outside of the file")
        return PageHeader(*self._header.unpack_from(self.memory, at))

    def count(self, page: int) -> int:
        """The entries of a leaf or branch page."""
        return max(self.header(page * self.layout.page_size).lower - self.layout.header, 0) // 2

    def node(self, page: int, slot: int) -> LeafNode:
        """An entry of a leaf page. Raises ValueError where it does not lie where it should."""
        size = self.layout.page_size
        return self.node_in(page * size, size, slot)

    def node_in(self, begin: int, size: int, slot: int) -> LeafNode:
        """An entry of the leaf page of `size` bytes at `begin`; pages inside nodes are smaller than others."""
        _, pad, flags, lower, _ = self.header(begin)
        if flags & LEAF2:
            return self._packed(begin, size, pad, slot)
        pointer = begin + self.layout.header + 2 * slot
        if pointer + 2 > len(self.memory):
            raise ValueError("a node lies outside of the file")
        inside = self._pointer.unpack_from(self.memory, pointer)[0]
        if not max(lower, self.layout.header) <= inside <= size - NODE or begin + size > len(self.memory):
            raise ValueError("a node lies outside of its page")
        length, flags, key_size = self._node.unpack_from(self.memory, begin + inside)
        key = begin + inside + NODE
        if key + key_size > begin + size:
            raise ValueError("a key lies outside of its page")
        return LeafNode(flags, key, key_size, key + key_size, length, 0)

    def _packed(self, begin: int, size: int, width: int, slot: int) -> LeafNode:
        """Duplicates of one size lie side by side, without nodes."""
        key = begin + self.layout.header + slot * width
        if key + width > min(begin + size, len(self.memory)):
            raise ValueError("a duplicate lies outside of its page")
        return LeafNode(0, key, width, key + width, 0, 0)

    def with_value(self, node: LeafNode) -> LeafNode:
        """A node as it leads to its value, which may lie on overflow pages. Raises ValueError where it cannot."""
        if not node.flags & BIGDATA:
            end = (node.key // self.layout.page_size + 1) * self.layout.page_size
            if node.value + node.value_size > min(end, len(self.memory)):
                raise ValueError("a value lies outside of its page")
            return node
        if node.value + self.layout.word > len(self.memory):
            raise ValueError("the number of an overflow page lies outside of the file")
        first = self._word.unpack_from(self.memory, node.value)[0]
        value = first * self.layout.page_size + self.layout.header
        if value + node.value_size > len(self.memory):
            raise ValueError("its overflow pages lie beyond the end of the file")
        head = self.header(first * self.layout.page_size)
        if not head.flags & OVERFLOW or head.number != first:
            raise ValueError("its overflow pages hold something else")
        return node._replace(value=value, overflow_pages=self.layout.overflow_pages(node.value_size))

    def key_of(self, node: LeafNode) -> bytes:
        return self.memory[node.key : node.key + node.key_size]

    def value_of(self, node: LeafNode) -> bytes:
        if node.value_size > MAX_VALUE:
            raise ValueError(
                f"it has {node.value_size:,} bytes; values of more than {MAX_VALUE >> 20} MiB are not read"
            )
        return self.memory[node.value : node.value + node.value_size]

    # ---- many pages

    def sound(self, pages: Numbers) -> npt.NDArray[np.bool_]:
        """Which of the pages lie in the file and bear their number, as a branch or a leaf whose nodes may be read."""
        inside = (pages >= 2) & (pages < self.whole)
        begins = np.where(inside, pages, 0) * self.layout.page_size
        flags, lower, upper = (self._short_at(begins, place) for place in (1, 2, 3))
        own = self._words[begins // self.layout.word] == pages.astype(self._words.dtype)
        kind = flags & (BRANCH | LEAF | OVERFLOW | META)
        bounded = (lower >= self.layout.header) & (lower <= upper) & (upper <= self.layout.page_size)
        return np.asarray(inside & own & ((kind == BRANCH) | (kind == LEAF)) & bounded)

    def is_leaf(self, pages: Numbers) -> npt.NDArray[np.bool_]:
        return np.asarray(self._short_at(pages * self.layout.page_size, 1) & LEAF != 0)

    def is_packed(self, pages: Numbers) -> npt.NDArray[np.bool_]:
        """Which of the pages hold duplicates of one size, without nodes."""
        return np.asarray(self._short_at(pages * self.layout.page_size, 1) & LEAF2 != 0)

    def counts(self, pages: Numbers) -> Numbers:
        """The entries of each page, which must be sound."""
        return (self._short_at(pages * self.layout.page_size, 2) - self.layout.header) // 2

    def free_bytes(self, pages: Numbers) -> Numbers:
        """What is left empty between the pointers and the nodes of each page."""
        begins = pages * self.layout.page_size
        return self._short_at(begins, 3) - self._short_at(begins, 2)

    def nodes(self, pages: Numbers) -> NodeArrays:
        """The nodes of sound pages (no packed duplicates) in order, without those that lie outside of their page."""
        page, at, good = self._places(pages)
        if not good.all():
            page, at = page[good], at[good]
        first, second, flags, key_size = (self._shorts[at // 2 + part].astype(np.int64) for part in range(4))
        low, high = (first, second) if self.layout.order == "<" else (second, first)
        return NodeArrays(page, at, low | high << 16, flags, key_size)

    def node_flags(self, pages: Numbers) -> Numbers:
        """The flags of all nodes of sound leaf pages, in order; 0 for one that lies outside of its page."""
        _, at, good = self._places(pages)
        return np.where(good, self._shorts[np.where(good, at // 2 + 2, 0)].astype(np.int64), 0)

    def keys_end_with(self, pages: Numbers, text: bytes) -> Numbers:
        """For each node of sound leaf pages 1 where its key ends with `text`, else 0."""
        _, at, good = self._places(pages)
        at = np.where(good, at, 0)
        end = at + NODE + self._shorts[at // 2 + 3].astype(np.int64)
        good &= (end - len(text) >= at + NODE) & (end <= len(self.memory))
        places = np.where(good, end - len(text), 0)[:, None] + np.arange(len(text))
        data = np.frombuffer(self.memory, np.uint8)
        return np.asarray(good & (data[places] == np.frombuffer(text, np.uint8)).all(axis=1), np.int64)

    def keys(self, pages: Numbers) -> tuple[Numbers, Numbers, npt.NDArray[np.bool_]]:
        """For each node of sound leaf pages where its key begins, its bytes, and whether both are known; 0 bytes where
        it must be asked for by itself (`node`)."""
        page, at, good = self._places(pages)
        good &= ~self.is_packed(pages)[page]
        at = np.where(good, at, 0)
        sizes = self._shorts[at // 2 + 3].astype(np.int64)
        good &= at + NODE + sizes <= (pages[page] + 1) * self.layout.page_size
        return at + NODE, np.where(good, sizes, 0), good

    def bytes_at(self, places: Numbers, sizes: Numbers) -> bytes:
        """Pieces of the file end to end; each must lie in it."""
        before = np.cumsum(sizes) - sizes
        each = np.repeat(places - before, sizes) + np.arange(int(sizes.sum()))
        return np.frombuffer(self.memory, np.uint8)[each].tobytes()

    def _places(self, pages: Numbers) -> tuple[Numbers, Numbers, npt.NDArray[np.bool_]]:
        """For each node its page's place in `pages`, where it begins, and whether it lies in its page."""
        size, counts = self.layout.page_size, self.counts(pages)
        page = np.repeat(np.arange(len(pages)), counts)
        begins = np.repeat(pages * size, counts)
        slot = np.arange(len(page)) - np.repeat(np.cumsum(counts) - counts, counts)
        inside = self._shorts[begins // 2 + self.layout.header // 2 + slot].astype(np.int64)
        # Behind the pointers of its page: a node that begins among them would be read as what it is not.
        good = (inside >= np.repeat(self.layout.header + 2 * counts, counts)) & (inside <= size - NODE)
        good &= inside % 2 == 0
        return page, begins + inside, good

    def children(self, pages: Numbers) -> Numbers:
        """The pages below sound branch pages, in order."""
        nodes = self.nodes(pages)
        return nodes.size | nodes.flags << 32 if self.layout.word == 8 else nodes.size

    def words_at(self, offsets: Numbers) -> Numbers:
        """The page number at each offset, aligned or not; 0 if beyond the file, -1 if the offset itself is outside."""
        width, data = self.layout.word, np.frombuffer(self.memory, np.uint8)
        inside = offsets + width <= len(data)
        digits = data[np.where(inside, offsets, 0)[:, None] + np.arange(width)]
        numbers = np.ascontiguousarray(digits).view(f"{self.layout.order}u{width}").reshape(-1)
        return np.where(inside & (numbers < self.whole + 1), numbers, 0).astype(np.int64) - (~inside).astype(np.int64)

    def _short_at(self, begins: Numbers, place: int) -> Numbers:
        """pad, flags, lower or upper (0 to 3) of the pages that begin there."""
        return np.asarray(self._shorts[begins // 2 + self.layout.word // 2 + place].astype(np.int64))
