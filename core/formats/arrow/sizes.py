"""What an Arrow file occupies."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..registration import PayloadSizes


PER_ROW = 28
"""Bytes beside a payload: two offsets (4 each), its path of 12 characters, its label (8)."""


def occupied(sizes: PayloadSizes) -> PayloadSizes:
    """Packed end to end in each batch."""
    return sizes + PER_ROW
