"""What a Zarr group occupies."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..registration import PayloadSizes

PER_SAMPLE = 24
"""Bytes beside a packed payload: its offset, its length and its label; the index of 64 KiB chunks adds next to none."""


def occupied(sizes: PayloadSizes) -> PayloadSizes:
    """Packed end to end."""
    return sizes + PER_SAMPLE
