"""What Parquet files occupy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..registration import PayloadSizes


PER_ROW = 56
"""Bytes beside a payload: its length (4), its path of 12 characters and that one's length, its label (8), and its
entry in the index beside the files (28)."""


def occupied(sizes: PayloadSizes) -> PayloadSizes:
    """End to end in pages; pages and row groups cost next to nothing."""
    return sizes + PER_ROW
