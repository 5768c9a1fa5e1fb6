"""Read-only access to an LMDB: its databases, their keys and values, and what can be saved of a damaged one.

The file is a map of this process, read by code of ours (`pages`); nothing is locked and nothing is written.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from ...base.errors import InputError
from ...formats.lmdb.page_layout import (
    DUPSORT,
    INTEGERKEY,
    SUBDATA,
    Database,
    Meta,
    PageLayout,
    guess_layout,
    read_metas,
)
from ...formats.lmdb.pages import Pages
from ...formats.maps import mapped
from ..contents import Content
from ..display import Choice
from ..records import FilePart
from .bookkeeping import bookkeeping_of, is_bookkeeping
from .databases import part_of
from .facts import LmdbFacts, facts_of
from .keys import KeyText, key_text, key_text_of
from .map import in_cells, page_kinds
from .salvage import in_order, known_pages, stray_leaves
from .spread import spread
from .structure import structure_of
from .tree import LmdbEntry, LmdbTree

MOST_DATABASES = 1024
SAMPLED_BYTES = 1 << 26
CONTENTS_LOOKED_AT, CONTENTS_SECONDS = 12, 3.0
NAMED_LEAVES = 65_536
FIRST_LEAVES = 2_048
"""Sub-databases are looked for among all entries of the main one; where it has more leaf pages than the former, among
those of the first few."""

_EMPTY = Database(0, 0, 0, 0, 0, 0, 0, 0)


class LmdbView:
    """One database of a file: the main one (`name` None) or a sub-database."""

    kind: ClassVar[str] = "lmdb"

    def __init__(self, path: Path, tree: LmdbTree, name: bytes | None = None, owner: LmdbFile | None = None) -> None:
        self.path = path
        self.tree = tree
        self.name = name
        self._owner = owner
        self._choice = Choice()

    @property
    def owner(self) -> LmdbFile:
        """The file that this is a database of."""
        assert self._owner is not None
        return self._owner

    @property
    def choice(self) -> Choice:
        """How pictures are to be drawn; the same for all databases of a file."""
        return self.owner._choice

    @choice.setter
    def choice(self, choice: Choice) -> None:
        self.owner._choice = choice

    def __len__(self) -> int:
        """Entries, bookkeeping ones included."""
        return len(self.tree)

    def get(self, key: bytes) -> bytes | None:
        """A copy of a key's (first) value, or None. Raises ValueError where a damaged page is in the way."""
        return self.tree.value(key)

    def key_at(self, position: int) -> bytes:
        """Raises IndexError where there are fewer entries, ValueError where a damaged page is in the way."""
        return self.tree.key(position)

    def entry_at(self, position: int) -> LmdbEntry:
        return self.tree.entry(position)

    def stored_bytes(self, key: bytes) -> int | None:
        """What the (first) entry of a key occupies, or None. Raises as `get` does."""
        position = self.tree.find(key)
        return None if position is None else self.tree.entry(position).stored

    def index_of(self, key: bytes) -> int | None:
        return self.tree.find(key)

    @cached_property
    def keys(self) -> KeyText:
        """How keys are written as text."""
        native: Literal["little", "big"] = "little" if self.tree.pages.layout.order == "<" else "big"
        sampled = [self.tree.pages.key_of(node) for node, _ in spread(self.tree, 8, 2)]
        told = [key for key in sampled if not key.startswith(b"__")]
        return key_text_of(told, native if self.tree.database.flags & INTEGERKEY else None)

    @property
    def tree_positions(self) -> list[int]:
        """Where among the entries the records of sub-databases are."""
        return self.owner.trees_among_values if self.name is None else []

    @cached_property
    def sample(self) -> list[tuple[bytes, bytes]]:
        """Entries from the beginning, the end and between, in order, that a layout is recognised by."""
        left, found = SAMPLED_BYTES, []
        for node, duplicate in spread(self.tree, 12, 24):
            with contextlib.suppress(IndexError, ValueError):
                entry = self.tree.entry_of(node, duplicate)
                left -= len(entry.value)
                if not entry.is_tree and left > 0:
                    found.append((entry.key, entry.value))
        return found

    @cached_property
    def contents(self) -> list[tuple[bytes, Content]]:
        """What some values of the sample are, but those that keep the books."""
        chosen = [(key, value) for key, value in self.sample if not is_bookkeeping(key)]
        step = max(len(chosen) // CONTENTS_LOOKED_AT, 1)
        found: list[tuple[bytes, Content]] = []
        end = time.monotonic() + CONTENTS_SECONDS
        for key, value in chosen[::step][:CONTENTS_LOOKED_AT]:
            if found and time.monotonic() > end:
                break
            found.append((key, self.facts.content(value)))
        return found

    @cached_property
    def facts(self) -> LmdbFacts:
        """What it says of all its entries."""
        return facts_of(self)

    @cached_property
    def bookkeeping(self) -> set[bytes]:
        """The keys among these entries that say something of the others; more may be found by a schema."""
        try:
            return bookkeeping_of(self)
        except (ValueError, IndexError):
            return set()

    def siblings(self) -> dict[str, LmdbView]:
        """The file's other databases, by name."""
        return {name: view for name, view in self.owner.databases.items() if view.name != self.name}

    def structure(self) -> Mapping[str, Any]:
        return self.owner.structure()

    def warnings(self) -> list[str]:
        return self.owner.warnings()

    def close(self) -> None:
        """The file is closed by whoever opened it."""


class LmdbFile(LmdbView):
    """An LMDB file (`data.mdb` in a folder, or a single file), and its main database."""

    def __init__(self, path: Path) -> None:
        self._problems: list[str] = []
        self._memory = mapped(path)
        self.meta, layout = self._read_meta(path)
        self.pages = Pages(self._memory, layout)
        super().__init__(path, LmdbTree(self.pages, self._choose(path)))
        self._owner = self
        self._save_what_is_left()
        if not len(self.tree.leaves) and self._problems:
            raise InputError(f"{path} is an LMDB, but damaged beyond use: {self._problems[0]}")

    # ---- which state of the file is read

    def _read_meta(self, path: Path) -> tuple[Meta | None, PageLayout]:
        try:
            self._metas = read_metas(self._memory)
        except InputError as error:
            raise InputError(f"{path} cannot be read: {error}") from None
        if self._metas:
            return self._metas[0], self._metas[0].layout
        layout = guess_layout(self._memory)
        if layout is None:
            raise InputError(f"{path} is an LMDB whose meta pages are both damaged, and no other page is whole")
        self._problems.append("both meta pages are damaged: entries were gathered from the pages that are whole")
        return None, layout

    def _choose(self, path: Path) -> Database:
        """The main database of the latest state whose root is there; a damaged last write leaves the one before it."""
        for meta in self._metas:
            root = np.array([min(meta.main.root, 2**62)], np.int64)
            latest = meta is self._metas[0]
            if (latest and meta.main.root == meta.layout.no_page) or self.pages.sound(root)[0]:
                if not latest:
                    self._problems.append("the last write is damaged: this is the state before it")
                self.meta = meta
                return meta.main
        return self._metas[0].main if self._metas else _EMPTY

    def _save_what_is_left(self) -> None:
        """Add the leaves that nothing leads to any more to the tree that lost some."""
        damaged = [view for view in (self, *self._named.values()) if len(view.tree.walked.lost)]
        if self.meta is not None and not damaged:
            return
        trees = [view.tree for view in (self, *self._named.values())]
        strays = stray_leaves(self.pages, known_pages(self.pages, trees, self.meta))
        view = self if self.meta is None or damaged[0] is self or len(damaged) > 1 else damaged[0]
        before = len(view.tree.leaves)
        leaves = in_order(self.pages, view.tree.leaves, strays)
        lost = view.tree.walked.lost
        view.tree = LmdbTree(self.pages, view.tree.database, leaves)
        for name in ("_named", "databases", "trees_among_values") if view is self else ():
            self.__dict__.pop(name, None)
        what = f"database {key_text(view.name)}" if view.name is not None else "the tree of keys"
        pages = ", ".join(map(str, lost[:5].tolist())) + (", ..." if len(lost) > 5 else "")
        if len(lost):
            self._problems.append(f"{what} is damaged: {len(lost):,} of its pages cannot be read (page {pages})")
        if len(leaves) > before:
            self._problems.append(
                f"{len(view.tree):,} entries were found, {len(leaves) - before:,} leaf pages of them by searching the "
                "whole file; some may be older than the last write"
            )

    # ---- its databases

    @cached_property
    def databases(self) -> dict[str, LmdbView]:
        """The sub-databases by name (as text)."""
        return {key_text(name): view for name, view in self._named.items()}

    @cached_property
    def _named(self) -> dict[bytes, LmdbView]:
        found: dict[bytes, LmdbView] = {}
        for position in self.trees_among_values:
            with contextlib.suppress(ValueError, IndexError):
                entry = self.tree.entry(position)
                record = self.pages.layout.database(entry.value)
                found[entry.key] = LmdbView(self.path, LmdbTree(self.pages, record), entry.key, self)
        return found

    @cached_property
    def trees_among_values(self) -> list[int]:
        """The entries of the main database whose values are the records of other databases."""
        leaves = self.tree.leaves if len(self.tree.leaves) <= NAMED_LEAVES else self.tree.leaves[:FIRST_LEAVES]
        leaves = leaves[self.pages.sound(leaves)]
        if self.tree.database.flags & DUPSORT or not len(leaves):
            return []
        flags = self.pages.node_flags(leaves)
        return [int(number) for number in np.flatnonzero(flags & SUBDATA)[:MOST_DATABASES]]

    def part(self, wanted: str | None) -> FilePart:
        """See `records.SeveralInOne`."""
        return part_of(self, wanted)

    # ---- the file as a whole

    def structure(self) -> Mapping[str, Any]:
        """Pages of every database, and the numbers that are confused most: map, used, allocated, apparent."""
        return self._structure

    @cached_property
    def _structure(self) -> Mapping[str, Any]:
        trees: dict[str | None, LmdbTree] = {None: self.tree}
        trees |= {name: view.tree for name, view in self.databases.items()}
        return structure_of(self.path, self.pages, self.meta, trees)

    def page_map(self, cells: int) -> Mapping[str, Any]:
        """The kinds of the pages, see `records.Paged`, up to the last one in use: behind it a map is only reserved."""
        trees = [self.tree, *(view.tree for view in self._named.values())]
        trees += [LmdbTree(self.pages, self.meta.free)] if self.meta is not None else []
        used = self.pages.whole if self.meta is None else min(self.pages.whole, max(self.meta.last_page + 1, 2))
        return in_cells(page_kinds(trees, used), cells)

    def warnings(self) -> list[str]:
        """What is wrong with the file as a whole."""
        missing = 0
        if self.meta is not None:
            missing = (self.meta.last_page + 1) * self.pages.layout.page_size - len(self._memory)
        # The last page of a file may end with its last value.
        if missing >= self.pages.layout.page_size:
            return [f"the file is damaged: it was cut short, {missing:,} bytes are missing at its end", *self._problems]
        return list(self._problems)

    def close(self) -> None:
        """The map goes with the last array that views it."""
        self.tree = LmdbTree(self.pages, _EMPTY, np.empty(0, np.int64))
