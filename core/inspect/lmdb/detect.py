"""Whether a file is an LMDB, told from its bytes."""

from __future__ import annotations

from ...formats.lmdb.page_layout import MAGIC, PAGE_SIZES, guess_layout
from ..candidate import UnidentifiedFile

PAGES = 34 * 65536
"""Bytes that are read where both meta pages are gone: enough for more than 32 pages of any size."""


def has_meta_page(candidate: UnidentifiedFile) -> bool:
    """Whether either meta page is LMDB's: the magic number follows a page header of 16 bytes (12 on 32-bit systems)."""
    starts = [page + header for page in (0, *PAGE_SIZES) for header in (16, 12)]
    magics = MAGIC.to_bytes(4, "little"), MAGIC.to_bytes(4, "big")
    return any(candidate.head[start : start + 4] in magics for start in starts)


def has_numbered_pages(candidate: UnidentifiedFile) -> bool:
    """Whether pages bear their own numbers, in a file whose meta pages are both gone."""
    return guess_layout(candidate.at(0, PAGES)) is not None
