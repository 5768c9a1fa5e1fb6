"""What an LMDB occupies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .layout import KEY_DIGITS
from .page_layout import NODE, POINTER, PageLayout

if TYPE_CHECKING:
    from ..registration import PayloadSizes

USUAL = PageLayout(word=8, order="<", page_size=4096)
"""Of 64-bit systems with pages of 4 KiB."""


def occupied(sizes: PayloadSizes) -> PayloadSizes:
    """A node in a leaf page that holds a whole number of them, or a short one and overflow pages."""
    page, header = USUAL.page_size, USUAL.header
    node = np.ceil((NODE + KEY_DIGITS + sizes) / 2) * 2 + POINTER
    in_leaf = page / np.maximum((page - header) // np.maximum(node, 1), 1)
    reference = NODE + KEY_DIGITS + USUAL.word + POINTER
    overflowing = np.ceil((sizes + header) / page) * page + reference
    return np.where(NODE + KEY_DIGITS + sizes <= USUAL.largest_node, in_leaf, overflowing)
