"""What a CSV manifest occupies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..registration import PayloadSizes

LINE = 48
"""Bytes of a line, about: a path, a label and the name of a class."""


def occupied(sizes: PayloadSizes) -> PayloadSizes:
    """A line each: the images are the dataset's."""
    return np.full_like(sizes, LINE)
