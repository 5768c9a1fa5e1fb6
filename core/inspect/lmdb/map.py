"""Which pages of an LMDB are of which kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ...formats.lmdb.page_layout import BIGDATA, NODE
from ...formats.lmdb.pages import Numbers
from .tree import LmdbTree

KINDS = ("free", "meta", "branch", "leaf", "overflow")
FREE, META, BRANCH, LEAF, OVERFLOW = range(5)


def page_kinds(trees: list[LmdbTree], total: int) -> npt.NDArray[np.uint8]:
    """The kind of every page, by its number in `KINDS`; what no tree leads to is free."""
    kinds = np.zeros(total, np.uint8)
    kinds[:2] = META
    for tree in trees:
        _set(kinds, tree.walked.branches, BRANCH)
        _set(kinds, tree.leaves, LEAF)
        for first, count in _overflow_runs(tree):
            _set_runs(kinds, first, count)
    return kinds


def _set(kinds: npt.NDArray[np.uint8], pages: Numbers, kind: int) -> None:
    kinds[pages[(pages >= 0) & (pages < len(kinds))]] = kind


def _overflow_runs(tree: LmdbTree) -> Iterator[tuple[Numbers, Numbers]]:
    """(first overflow page, how many) of the values that lie on such, some leaf pages at a time."""
    pages = tree.pages
    for part in tree.sound_leaves():
        nodes = pages.nodes(part)
        big = (nodes.flags & BIGDATA) != 0
        first = pages.words_at(nodes.at[big] + NODE + nodes.key_size[big])
        yield first, -(-(nodes.size[big] + pages.layout.header) // pages.layout.page_size)


def _set_runs(kinds: npt.NDArray[np.uint8], first: Numbers, count: Numbers) -> None:
    """Mark runs of overflow pages: where each begins and behind its end, added up."""
    inside = (first >= 2) & (first < len(kinds)) & (count > 0)
    first, end = first[inside], np.minimum(first[inside] + count[inside], len(kinds))
    edges = np.zeros(len(kinds) + 1, np.int32)
    np.add.at(edges, first, 1)
    np.add.at(edges, end, -1)
    kinds[np.cumsum(edges)[:-1] > 0] = OVERFLOW


def in_cells(kinds: npt.NDArray[np.uint8], cells: int) -> dict[str, Any]:
    """The map in at most `cells` parts of equal length: the kind of most pages of each."""
    each = max(-(-len(kinds) // max(cells, 1)), 1)
    counts = np.stack([np.add.reduceat(kinds == kind, np.arange(0, len(kinds), each)) for kind in range(len(KINDS))])
    return {"cells": [KINDS[kind] for kind in counts.argmax(axis=0)], "pages_each": each, "pages": len(kinds)}
