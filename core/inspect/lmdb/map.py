"""Which pages of an LMDB are of which kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core.inspect.lmdb.layout import BIGDATA
from core.inspect.lmdb.pages import Numbers
from core.inspect.lmdb.tree import Tree, walk_numbers

KINDS = ("free", "meta", "branch", "leaf", "overflow")
FREE, META, BRANCH, LEAF, OVERFLOW = range(5)


def page_kinds(trees: list[Tree], total: int) -> npt.NDArray[np.uint8]:
    """The kind of every page, by its number in `KINDS`; what no tree leads to is free."""
    kinds = np.zeros(total, np.uint8)
    kinds[:2] = META
    for tree in trees:
        _set(kinds, tree.walked.branches, BRANCH)
        _set(kinds, tree.leaves, LEAF)
        for first, count in walk_numbers(tree, BIGDATA):
            _set_runs(kinds, first, count)
    return kinds


def _set(kinds: npt.NDArray[np.uint8], pages: Numbers, kind: int) -> None:
    kinds[pages[(pages >= 0) & (pages < len(kinds))]] = kind


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
