"""The bytes of an LMDB's pages: meta pages, databases, nodes, for either size of word and either order of bytes.

The layout is LMDB 0.9's (data version 1), as `mdb.c` defines it. All page numbers and sizes are words of the system
that wrote the file: 8 bytes on 64-bit systems, 4 on 32-bit ones, in that system's order of bytes.

- page header: word number, uint16 pad, uint16 flags, uint16 lower, uint16 upper;
- meta (pages 0 and 1; the later transaction counts): uint32 magic, uint32 version, word address, word map size, two
  databases (free pages, main), word last page, word transaction;
- database: uint32 pad (of the first: the page size), uint16 flags, uint16 depth, then words: branch pages, leaf pages,
  overflow pages, entries, root page;
- branch and leaf: after the page header uint16 pointers to the nodes, (lower - header) / 2 of them;
- node: uint16 low, uint16 high (swapped where the high byte comes first), uint16 flags, uint16 key size, key, value. In
  a branch the first three are the child's page number, in a leaf low and high are the value's size. A value with the
  flag BIGDATA lies on overflow pages behind their header; the node has the first one's number, a word, in its place.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap
from typing import NamedTuple

from ...base.errors import InputError

NODE, POINTER = 8, 2
"""Bytes of a node before its key, and of the pointer to it."""


MAGIC, VERSION = 0xBEEFC0DE, 1
PAGE_SIZES = (4096, 16384, 8192, 32768, 65536, 2048, 1024, 512, 256)
"""The size of a page is the writing system's: 4 KiB most often, 16 KiB on Apple's processors, 64 KiB on others."""

BRANCH, LEAF, OVERFLOW, META, LEAF2 = 0x01, 0x02, 0x04, 0x08, 0x20
"""Flags of a page. LEAF2: keys of one size side by side, without nodes."""
BIGDATA, SUBDATA, DUPDATA = 0x01, 0x02, 0x04
"""Flags of a node in a leaf: its value lies on overflow pages, is a database's record, is several values."""

FLAGS = {
    0x02: "reversekey",
    0x04: "dupsort",
    0x08: "integerkey",
    0x10: "dupfixed",
    0x20: "integerdup",
    0x40: "reversedup",
}
REVERSEKEY, DUPSORT, INTEGERKEY = 0x02, 0x04, 0x08

_NUMBERED = 3
"""Pages that must bear their own number for a file without a meta page to be taken for an LMDB."""


class Database(NamedTuple):
    """What the file says of one of its trees."""

    pad: int
    flags: int
    depth: int
    branch_pages: int
    leaf_pages: int
    overflow_pages: int
    entries: int
    root: int

    @property
    def pages(self) -> int:
        return self.branch_pages + self.leaf_pages + self.overflow_pages


@dataclass(frozen=True, slots=True)
class PageLayout:
    """The writing system: bytes of a word (4 or 8), order of bytes ("<" or ">"), bytes of a page."""

    word: int
    order: str
    page_size: int

    @property
    def header(self) -> int:
        """Bytes before a page's pointers."""
        return self.word + 8

    @property
    def word_code(self) -> str:
        return "Q" if self.word == 8 else "I"

    @property
    def no_page(self) -> int:
        """The root of an empty tree."""
        return int(2 ** (8 * self.word) - 1)

    @property
    def database_bytes(self) -> int:
        return 8 + 5 * self.word

    @property
    def largest_node(self) -> int:
        """Bytes of the largest node inside a page (me_nodemax of `mdb.c`: at least two nodes per page)."""
        return (((self.page_size - self.header) // 2) & ~1) - POINTER

    def overflow_pages(self, value_size: int) -> int:
        """How many pages a value takes outside of its leaf."""
        return -(-(self.header + value_size) // self.page_size)

    def stored_bytes(self, key_size: int, value_size: int, overflow_pages: int) -> int:
        """What an entry occupies: its node and the pointer to it, and the overflow pages of a large value."""
        size = NODE + key_size + (self.word if overflow_pages else value_size)
        return size + (size & 1) + POINTER + overflow_pages * self.page_size

    def database(self, data: bytes) -> Database:
        """A database's record. Raises ValueError where it is not as long as one."""
        if len(data) < self.database_bytes:
            raise ValueError("the record of a sub-database is cut short")
        return Database(*struct.unpack_from(f"{self.order}IHH5{self.word_code}", data))


class Meta(NamedTuple):
    """One meta page."""

    layout: PageLayout
    transaction: int
    last_page: int
    map_bytes: int
    free: Database
    main: Database


def read_metas(memory: mmap) -> list[Meta]:
    """The meta pages that are whole, the latest first; none where both are damaged.

    Raises InputError for a version of the layout that is not known.
    """
    first = _meta(memory, 0)
    metas: list[Meta | None] = [first]
    if first is not None:
        metas.append(_meta(memory, first.layout.page_size))
    else:
        metas += [meta for size in PAGE_SIZES if (meta := _meta(memory, size)) and meta.layout.page_size == size][:1]
    return sorted((meta for meta in metas if meta is not None), key=lambda meta: -meta.transaction)


def _meta(memory: mmap, start: int) -> Meta | None:
    for word in (8, 4):
        for order in "<>":
            code = "Q" if word == 8 else "I"
            form = struct.Struct(f"{order}II2{code}" + 2 * f"IHH5{code}" + f"2{code}")
            begin = start + word + 8
            if begin + form.size > len(memory):
                continue
            magic, version, _, map_bytes, *rest = form.unpack_from(memory, begin)
            if magic == MAGIC and _known(version) and _is_page_size(rest[0]):
                layout = PageLayout(word, order, rest[0])
                return Meta(layout, rest[17], rest[16], map_bytes, Database(*rest[:8]), Database(*rest[8:16]))
    return None


def _known(version: int) -> bool:
    if version & 0xFFFF == 2:
        raise InputError(
            "it is an LMDB of data version 2 (LMDB 1.0), which is not read here: copy it with its own mdb_dump, and "
            "load that with the mdb_load of LMDB 0.9"
        )
    return version in (VERSION, 999)  # 999 is what development versions write; the layout is the same


def _is_page_size(size: int) -> bool:
    return 256 <= size <= 1 << 16 and size & (size - 1) == 0


def guess_layout(memory: mmap | bytes) -> PageLayout | None:
    """The layout of a file whose meta pages are both gone, from pages that bear their own numbers; else None."""
    return next((layout for layout in _layouts() if _numbered(memory, layout) >= _NUMBERED), None)


def _layouts() -> Iterator[PageLayout]:
    for size in PAGE_SIZES:
        for word in (8, 4):
            for order in "<>":
                yield PageLayout(word, order, size)


def _numbered(memory: mmap | bytes, layout: PageLayout) -> int:
    """How many of the pages 2 to 33 are a branch or a leaf that bears its own number."""
    form = struct.Struct(f"{layout.order}{layout.word_code}HHHH")
    found = 0
    for page in range(2, 34):
        if (page + 1) * layout.page_size > len(memory):
            break
        number, _, flags, lower, upper = form.unpack_from(memory, page * layout.page_size)
        inside = layout.header < lower <= upper <= layout.page_size
        found += number == page and flags & ~0x30 in (BRANCH, LEAF) and inside
    return found
