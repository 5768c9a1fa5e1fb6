"""What is left of an LMDB whose tree cannot be walked: the leaf pages that nothing leads to any more.

LMDB never changes a page in place, so a file is also full of leaves that were given up when they were changed. Of pages
whose keys overlap one is kept: of those that the damaged tree may have had, the one that was written last stands
furthest back more often than not.
"""

from __future__ import annotations

import bisect
import contextlib
from collections.abc import Iterable, Iterator

import numpy as np

from ...formats.lmdb.page_layout import LEAF2, Meta
from ...formats.lmdb.pages import Numbers, Pages
from .tree import LmdbTree

SCANNED_AT_ONCE = 65_536
MOST_LEAVES = 200_000


def stray_leaves(pages: Pages, known: Iterable[Numbers]) -> Numbers:
    """The sound leaf pages that are none of the known ones, by number; at most `MOST_LEAVES`."""
    met = np.zeros(pages.whole, np.bool_)
    for numbers in known:
        met[numbers[(numbers >= 0) & (numbers < pages.whole)]] = True
    found: list[Numbers] = []
    for start in range(2, pages.whole, SCANNED_AT_ONCE):
        part = np.arange(start, min(start + SCANNED_AT_ONCE, pages.whole))
        part = part[~met[part]]
        part = part[pages.sound(part)]
        part = part[pages.is_leaf(part)]
        found.append(part[pages.counts(part) > 0])
    return np.concatenate(found)[:MOST_LEAVES] if found else np.empty(0, np.int64)


def known_pages(pages: Pages, trees: Iterable[LmdbTree], meta: Meta | None) -> list[Numbers]:
    """The pages that trees lead to, and those that the tree of free pages names."""
    known = [numbers for tree in trees for numbers in (tree.walked.branches, tree.leaves)]
    if meta is not None:
        free = LmdbTree(pages, meta.free)
        known += [free.walked.branches, free.leaves, *_free_pages(free)]
    return known


def _free_pages(free: LmdbTree) -> Iterator[Numbers]:
    word, order = free.pages.layout.word, free.pages.layout.order
    for position in range(len(free)):
        with contextlib.suppress(ValueError, IndexError):
            value = free.entry(position).value
            yield np.frombuffer(value, f"{order}u{word}", len(value) // word)[1:].astype(np.int64)


def in_order(pages: Pages, kept: Numbers, strays: Numbers) -> Numbers:
    """The kept leaves and those of the strays whose keys lie between theirs, in the order of their keys."""
    firsts: list[bytes] = []
    lasts: list[bytes] = []
    order: list[int] = []
    for page in [*kept.tolist(), *sorted(strays.tolist(), reverse=True)]:
        ends = _first_and_last(pages, page)
        if ends is None:
            continue
        place = bisect.bisect_left(firsts, ends[0])
        if (place and lasts[place - 1] >= ends[0]) or (place < len(firsts) and firsts[place] <= ends[1]):
            continue
        firsts.insert(place, ends[0])
        lasts.insert(place, ends[1])
        order.insert(place, page)
    return np.array(order, np.int64)


def _first_and_last(pages: Pages, page: int) -> tuple[bytes, bytes] | None:
    """A leaf's first and last key; None for one that is no leaf of keys and values."""
    size = pages.layout.page_size
    if pages.header(page * size).flags & LEAF2:
        return None
    try:
        first, last = (pages.key_of(pages.node(page, slot)) for slot in (0, pages.count(page) - 1))
    except ValueError:
        return None
    return (first, last) if first <= last else None
