"""What an LMDB occupies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .layout import KEY_DIGITS

if TYPE_CHECKING:
    from ..registration import PayloadSizes

PAGE, PAGE_HEADER, NODE_HEADER, NODE_POINTER = 4096, 16, 8, 2
"""Bytes, on systems with pages of 4 KiB."""

SMALL_NODE = (PAGE - PAGE_HEADER) // 2 - NODE_POINTER
"""A larger node keeps its value on overflow pages of its own."""


def occupied(sizes: PayloadSizes) -> PayloadSizes:
    """A node in a leaf page that holds a whole number of them, or a short one and overflow pages."""
    node = np.ceil((NODE_HEADER + KEY_DIGITS + sizes) / 2) * 2 + NODE_POINTER
    in_leaf = PAGE / np.maximum((PAGE - PAGE_HEADER) // np.maximum(node, 1), 1)
    reference = NODE_HEADER + KEY_DIGITS + 8 + NODE_POINTER
    overflowing = np.ceil((sizes + PAGE_HEADER) / PAGE) * PAGE + reference
    return np.where(NODE_HEADER + KEY_DIGITS + sizes <= SMALL_NODE, in_leaf, overflowing)
