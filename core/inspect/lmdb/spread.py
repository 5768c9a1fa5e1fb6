"""Some entries from all over a tree, that it is recognised by, without counting how many lie before them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np

from ...formats.lmdb.page_layout import DUPSORT
from ...formats.lmdb.pages import LeafNode
from .tree import LmdbTree

SMALL = 1_024
"""Leaf pages of a tree whose entries may as well be counted."""


def spread(tree: LmdbTree, ends: int, between: int) -> Iterator[tuple[LeafNode, int]]:
    """(node, which of its duplicates) of the first and the last `ends` entries and of `between` others, in order, for
    `LmdbTree.entry_of`. What cannot be read is left out."""
    if len(tree.leaves) <= SMALL or tree.database.flags & DUPSORT:
        yield from _by_position(tree, ends, between)
    else:
        with tree.pages.scattered():
            yield from _by_leaf(tree, ends, between)


def _by_position(tree: LmdbTree, ends: int, between: int) -> Iterator[tuple[LeafNode, int]]:
    total = len(tree)
    positions = {*range(min(total, ends)), *range(max(total - ends, 0), total)}
    positions |= {total * part // between for part in range(between)} if total else set()
    for position in sorted(positions):
        with contextlib.suppress(IndexError, ValueError):
            yield tree.node(position)


def _by_leaf(tree: LmdbTree, ends: int, between: int) -> Iterator[tuple[LeafNode, int]]:
    """The others are from leaf pages at equal distances, from another place on each: what comes first on a page, such
    as the image before its label, would be all there is otherwise."""
    count = len(tree.leaves)
    places = [place for leaf in range(min(ends, count)) for place in _places(tree, leaf)][:ends]
    for number, leaf in enumerate(np.linspace(0, count - 1, between + 2).astype(np.int64).tolist()[1:-1]):
        on_page = _places(tree, leaf)
        places += on_page[number % len(on_page) :][:1] if on_page else []
    places += [place for leaf in range(max(count - ends, 0), count) for place in _places(tree, leaf)][-ends:]
    for leaf, slot in places:
        with contextlib.suppress(ValueError):
            yield tree.pages.node(int(tree.leaves[leaf]), slot), 0


def _places(tree: LmdbTree, leaf: int) -> list[tuple[int, int]]:
    """(leaf, slot) of the entries on a leaf page; none where it is damaged."""
    page = tree.leaves[leaf : leaf + 1]
    if not (tree.pages.sound(page)[0] and tree.pages.is_leaf(page)[0]):
        return []
    return [(leaf, slot) for slot in range(tree.pages.count(int(page[0])))]
