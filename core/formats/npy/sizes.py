"""What NumPy files occupy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..registration import PayloadSizes

PER_SAMPLE = 16
"""Bytes beside a packed payload: its offset and its label."""


def occupied(sizes: PayloadSizes) -> PayloadSizes:
    """Packed end to end."""
    return sizes + PER_SAMPLE
