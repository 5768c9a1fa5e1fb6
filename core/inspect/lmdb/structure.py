"""How an LMDB lies on its pages: for each database its pages, what its entries need, and what is wasted."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...formats.lmdb.page_layout import BIGDATA, FLAGS, LEAF2, Meta
from ...formats.lmdb.pages import Numbers, Pages
from .tree import LmdbTree

MOST_LEAVES = 4096
"""At most so many leaf pages are read; of more, so many evenly spread ones stand for all."""

MOST_FREE_RECORDS = 100_000


def structure_of(path: Path, pages: Pages, meta: Meta | None, trees: Mapping[str | None, LmdbTree]) -> dict[str, Any]:
    """Plain JSON. `trees` has the main database under None."""
    layout, status, main = pages.layout, path.stat(), trees[None]
    with pages.scattered():
        databases = [database_of(name, tree) for name, tree in trees.items()]
    pages.release()
    free, free_tree_pages = (0, 0) if meta is None else (_free_pages(pages, meta), meta.free.pages)
    in_use = 2 + free_tree_pages + sum(tree.database.pages for tree in trees.values())
    return {
        "page_bytes": layout.page_size,
        "word_bits": 8 * layout.word,
        "byte_order": "little" if layout.order == "<" else "big",
        "depth": main.database.depth,
        "branch_pages": main.database.branch_pages,
        "leaf_pages": main.database.leaf_pages,
        "overflow_pages": main.database.overflow_pages,
        "entries": len(main),
        "databases": databases,
        "meta_pages": 2,
        "free_pages": free,
        "free_tree_pages": free_tree_pages,
        "map_bytes": 0 if meta is None else meta.map_bytes,
        "last_page": pages.whole - 1 if meta is None else meta.last_page,
        "used_bytes": min(in_use, pages.whole + 1) * layout.page_size,
        "apparent_bytes": status.st_size,
        "allocated_bytes": getattr(status, "st_blocks", 0) * 512 or status.st_size,
    }


def database_of(name: str | None, tree: LmdbTree) -> dict[str, Any]:
    """One database: its pages as it says, and its bytes as they are found, or as a sample of its pages suggests."""
    record, leaves = tree.database, tree.leaves
    sampled = len(leaves) > MOST_LEAVES
    chosen = leaves[np.linspace(0, len(leaves) - 1, MOST_LEAVES).astype(np.int64)] if sampled else leaves
    chosen = chosen[tree.pages.sound(chosen)]
    payload, keys, wasted = (round(number * len(leaves) / max(len(chosen), 1)) for number in _bytes(tree, chosen))
    about = {
        "name": name,
        "flags": [text for bit, text in FLAGS.items() if record.flags & bit],
        "entries": len(tree),
        "depth": record.depth,
        "branch_pages": record.branch_pages,
        "leaf_pages": record.leaf_pages,
        "overflow_pages": record.overflow_pages,
        "payload_bytes": payload,
        "key_bytes": keys,
        "wasted_bytes": wasted + int(_free_bytes(tree.pages, tree.walked.branches)),
    }
    return about | {"sampled": True} if sampled else about


def _bytes(tree: LmdbTree, leaves: Numbers) -> tuple[int, int, int]:
    """(of values, of keys, of empty room) in some leaves and the overflow pages that they lead to."""
    pages, size, header = tree.pages, tree.pages.layout.page_size, tree.pages.layout.header
    packed = bool(len(leaves)) and bool(pages.header(int(leaves[0]) * size).flags & LEAF2)
    if packed or not len(leaves):
        return 0, 0, int(_free_bytes(pages, leaves))
    nodes = pages.nodes(leaves)
    big = nodes.size[(nodes.flags & BIGDATA) != 0]
    overflow = (-(-(big + header) // size) * size - header - big).clip(0, size).sum()
    # A damaged node may say any size; what does not fit the file is left out.
    values = nodes.size[nodes.size <= pages.whole * size].sum()
    return int(values), int(nodes.key_size.clip(0, size).sum()), int(_free_bytes(pages, leaves) + overflow)


def _free_bytes(pages: Pages, numbers: Numbers) -> int:
    return int(pages.free_bytes(numbers).clip(0).sum()) if len(numbers) else 0


def _free_pages(pages: Pages, meta: Meta) -> int:
    """Pages that the next writer would use again: each record of the tree of free pages begins with their number."""
    tree, found = LmdbTree(pages, meta.free), 0
    for position in range(min(len(tree), MOST_FREE_RECORDS)):
        with contextlib.suppress(ValueError, IndexError):
            word = pages.layout.word
            found += int.from_bytes(tree.entry(position).value[:word], "little" if pages.layout.order == "<" else "big")
    return min(found, pages.whole)
