"""From the root of a tree in an LMDB to its leaf pages, past whatever is damaged.

Every page is met once and levels are counted, so no circle of pages, and no page with two parents, takes more time or
memory than a sound file of this length.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .pages import Numbers, Pages

DEEPEST = 32
PAGES_AT_ONCE, SCATTERED_AT_ONCE, BRANCHES_AT_ONCE = 4096, 512, 32
"""What is looked at counts as this process's memory until it is given back: leaves lie side by side, but each branch
brings its neighbours into memory with it."""
UNSEEN_LEAVES = 65_536
"""Of more leaf pages than that only the first are looked at; the others when they are read."""

NONE: Numbers = np.empty(0, np.int64)
"""No pages."""


class Walk(NamedTuple):
    """What a walk from the root came by: branch pages, leaf pages in order, the pages that are not sound, how often a
    page was met again, and how many levels there are, the leaves' among them."""

    branches: Numbers
    leaves: Numbers
    lost: Numbers
    repeated: int = 0
    levels: int = 0


def walk(pages: Pages, root: int, unseen_leaves: int | None = None) -> Walk:
    """Every page below `root` that is sound, each once; a damaged one costs what lies below it and no more.

    unseen_leaves: of more leaf pages only the first are looked at here, the others when they are read; None: as many as
    `UNSEEN_LEAVES` says.
    """
    if unseen_leaves is None:
        unseen_leaves = UNSEEN_LEAVES
    seen = np.zeros(pages.whole, np.bool_)
    level = np.array([min(root, 2**62)], np.int64)
    branches: list[Numbers] = []
    lost: list[Numbers] = []
    met = 0
    for levels in range(1, DEEPEST + 1):
        if len(level) > unseen_leaves and _begins_with_leaves(pages, level):
            inside = (level >= 2) & (level < pages.whole)
            lost.append(level[~inside])
            leaves, _ = _unseen(level[inside], seen)
            return _walk(branches, leaves, lost, met + len(level), levels)
        met += len(level)
        sound, leaf = _kinds(pages, level)
        lost.append(level[~sound])
        level, first = _unseen(level[sound], seen)
        leaf = leaf[sound][first]
        if leaf.sum() * 2 >= len(level):  # all leaves are equally deep; what is not like most is damaged
            lost.append(level[~leaf])
            return _walk(branches, level[leaf], lost, met, levels)
        lost.append(level[leaf])
        branches.append(level[~leaf])
        level = _below(pages, level[~leaf])
    return _walk(branches, NONE, [*lost, level], met + len(level), DEEPEST)


def _walk(branches: list[Numbers], leaves: Numbers, lost: list[Numbers], met: int, levels: int) -> Walk:
    above, gone = joined(branches), joined(lost)
    return Walk(above, leaves, gone, met - len(above) - len(leaves) - len(gone), levels)


def _below(pages: Pages, branches: Numbers) -> Numbers:
    found = []
    for part in parts(branches, BRANCHES_AT_ONCE):
        found.append(pages.children(part))
        pages.release()
    return joined(found)


def _begins_with_leaves(pages: Pages, level: Numbers) -> bool:
    """Whether the first pages are leaves. So many are not looked at one by one before they are needed."""
    some = level[:64]
    some = some[pages.sound(some)]
    return bool(len(some)) and bool(pages.is_leaf(some).all())


def _kinds(pages: Pages, level: Numbers) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """(which are sound, which of these are leaves); a few at a time, for what is looked at counts as memory."""
    sound, leaf = np.zeros(len(level), np.bool_), np.zeros(len(level), np.bool_)
    for start in range(0, len(level), SCATTERED_AT_ONCE):
        part = slice(start, start + SCATTERED_AT_ONCE)
        sound[part] = pages.sound(level[part])
        leaf[part] = sound[part] & pages.is_leaf(np.where(sound[part], level[part], 0))
        pages.release()
    return sound, leaf


def _unseen(level: Numbers, seen: npt.NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
    """The pages that are met for the first time, in order, and their places; a page has one parent."""
    _, first = np.unique(level, return_index=True)
    first = np.sort(first)
    first = first[~seen[level[first]]]
    seen[level[first]] = True
    return level[first], first


def joined(numbers: list[Numbers]) -> Numbers:
    return np.concatenate(numbers) if numbers else NONE


def parts(pages: Numbers, count: int = PAGES_AT_ONCE) -> Iterator[Numbers]:
    """`count` pages at a time."""
    return (pages[start : start + count] for start in range(0, len(pages), count))
