"""What files occupy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..sample_files import BLOCK

if TYPE_CHECKING:
    from ..registration import PayloadSizes


def occupied(sizes: PayloadSizes) -> PayloadSizes:
    """A file each: whole blocks."""
    return np.ceil(sizes / BLOCK) * BLOCK
