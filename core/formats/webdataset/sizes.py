"""What a WebDataset occupies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..folder import ENTRY
from .tar_layout import BLOCK

if TYPE_CHECKING:
    from ..registration import PayloadSizes


def occupied(sizes: PayloadSizes) -> PayloadSizes:
    """Whole blocks and a header; the label's header and block; the entry in the index."""
    return np.ceil(sizes / BLOCK) * BLOCK + 3 * BLOCK + ENTRY.itemsize
