"""What files occupy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..registration import PayloadSizes


BLOCK = 4096
"""Bytes of a block of most file systems: a file occupies whole ones."""


def occupied(sizes: PayloadSizes) -> PayloadSizes:
    """A file each: whole blocks."""
    return np.ceil(sizes / BLOCK) * BLOCK
