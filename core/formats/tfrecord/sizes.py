"""What TFRecord files occupy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..registration import PayloadSizes


PER_RECORD = 16
"""Bytes of a record's length and its two checksums."""

FEATURES = 180
"""Bytes of an Example beside its payload, about: six names, what they are wrapped in, a class's name."""

INDEX = 28
"""Bytes of a line of `index.npy`."""


def occupied(sizes: PayloadSizes) -> PayloadSizes:
    """A record each, end to end."""
    return sizes + (PER_RECORD + FEATURES + INDEX)
