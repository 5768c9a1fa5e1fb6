"""Fetch: indices to stored payloads, many in one call."""

from __future__ import annotations

from dataclasses import dataclass

from ..base.contracts import Buffer, Reader
from .batch_sampler import Indices


@dataclass(frozen=True)
class Fetch:
    """Reads whole batches from a container. Picklable; the reader opens for itself in each process."""

    reader: Reader

    def __call__(self, indices: Indices) -> list[Buffer]:
        """The stored bytes of these samples, in this order."""
        return self.reader.read(indices.tolist())
