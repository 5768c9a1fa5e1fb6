"""Decompress: what the container keeps to what the encoding made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..base.contracts import Buffer, Compression


@dataclass(frozen=True)
class Decompress:
    """Payload by payload; nothing at all where the store is not compressed."""

    compression: Compression

    def __call__(self, stored: Sequence[Buffer]) -> Sequence[Buffer]:
        """Raises ValueError for bytes that do not decompress."""
        if self.compression.identity:
            return stored
        return [self.compression.decompress(payload) for payload in stored]
