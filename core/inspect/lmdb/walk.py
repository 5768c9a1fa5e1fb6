"""From the root of a tree in an LMDB to its leaf pages, past whatever is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .pages import Numbers, Pages

DEEPEST = 32
PAGES_AT_ONCE = 4096
UNSEEN_LEAVES = 65_536
"""Of more leaf pages than that only the first are looked at; the others when they are read."""


class Walk(NamedTuple):
    """What a walk from the root came by: branch pages, leaf pages in order, and the pages that are not sound."""

    branches: Numbers
    leaves: Numbers
    lost: Numbers


def walk(pages: Pages, root: int) -> Walk:
    """Every page below `root` that is sound, each once; a damaged one costs what lies below it and no more."""
    seen = np.zeros(pages.whole, np.bool_)
    level = np.array([min(root, 2**62)], np.int64)
    branches: list[Numbers] = []
    lost: list[Numbers] = []
    for _ in range(DEEPEST):
        if len(level) > UNSEEN_LEAVES and _begins_with_leaves(pages, level):
            inside = (level >= 2) & (level < pages.whole)
            return Walk(joined(branches), _unseen(level[inside], seen)[0], joined([*lost, level[~inside]]))
        sound, leaf = _kinds(pages, level)
        lost.append(level[~sound])
        level, first = _unseen(level[sound], seen)
        leaf = leaf[sound][first]
        if leaf.sum() * 2 >= len(level):  # all leaves are equally deep; what is not like most is damaged
            lost.append(level[~leaf])
            return Walk(joined(branches), level[leaf], joined(lost))
        lost.append(level[leaf])
        branches.append(level[~leaf])
        level = joined([pages.children(part) for part in parts(level[~leaf])])
        pages.release()
    return Walk(joined(branches), np.empty(0, np.int64), joined([*lost, level]))


def _begins_with_leaves(pages: Pages, level: Numbers) -> bool:
    """Whether the first pages are leaves. So many are not looked at one by one before they are needed."""
    some = level[:64]
    some = some[pages.sound(some)]
    return bool(len(some)) and bool(pages.is_leaf(some).all())


def _kinds(pages: Pages, level: Numbers) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """(which are sound, which of these are leaves); a few at a time, for what is looked at counts as memory."""
    sound, leaf = np.zeros(len(level), np.bool_), np.zeros(len(level), np.bool_)
    for start in range(0, len(level), PAGES_AT_ONCE):
        part = slice(start, start + PAGES_AT_ONCE)
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
    return np.concatenate(numbers) if numbers else np.empty(0, np.int64)


def parts(pages: Numbers) -> Iterator[Numbers]:
    return (pages[start : start + PAGES_AT_ONCE] for start in range(0, len(pages), PAGES_AT_ONCE))
