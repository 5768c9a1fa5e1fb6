"""Shards that begin with a table of their samples, as MDS and LitData have them:

    uint32 N, uint32 offset[N + 1], ...    little-endian; sample i lies from offset[i] to offset[i + 1], from the start

Offsets of 32 bits wrap at 4 GiB. Those of a larger shard grow all the same from sample to sample, so each step back is
a multiple of 4 GiB that was lost; libraries do not see that and read other bytes.
"""

from __future__ import annotations

import numpy as np

from ..records import Finding
from .folder import InflatedShard, ShardBytes, ShardPart

WRAPS = 1 << 32
MOST_UNWRAPPED = 1 << 24
"""Samples of a shard larger than 4 GiB whose offsets are held in memory (128 MiB)."""


class OffsetTable:
    """The table of one shard. Raises ValueError where it does not lie in it."""

    def __init__(self, shard: ShardBytes) -> None:
        self.shard = shard
        self.count = int.from_bytes(shard.at(0, 4), "little")
        self.end = 4 * (self.count + 2)
        if self.end > shard.size:
            told = f"a table of {self.count:,} samples needs {self.end:,} bytes, and it has {shard.size:,}"
            raise ValueError(f"{shard.name}: {told}")
        self._unwrapped: np.ndarray[tuple[int], np.dtype[np.int64]] | None = None

    @property
    def wraps(self) -> bool:
        """Whether offsets of 32 bits cannot tell all places of this shard."""
        return self.shard.size >= WRAPS

    def span(self, index: int) -> tuple[int, int]:
        """(start, stop) of a sample. Raises ValueError where there is none, or it lies elsewhere than it can."""
        if not 0 <= index < self.count:
            raise ValueError(f"{self.shard.name}: it has {self.count:,} samples, and none with the number {index:,}")
        if self.wraps:
            if self._unwrapped is None:
                self._unwrapped = self._all()
            start, stop = (int(place) for place in self._unwrapped[index : index + 2])
        else:
            pair = self.shard.at(4 + 4 * index, 8)
            start, stop = int.from_bytes(pair[:4], "little"), int.from_bytes(pair[4:], "little")
        if not self.end <= start <= stop <= self.shard.size:
            told = f"sample {index:,} is said to lie at {start:,} to {stop:,}"
            raise ValueError(f"{self.shard.name}: {told}, the file has {self.shard.size:,} bytes")
        return start, stop

    def open(self, index: int) -> ShardBytes:
        """The bytes of a sample, not yet read. Raises ValueError as `span` does."""
        return ShardPart(self.shard, *self.span(index))

    def stored(self, index: int) -> int | None:
        """What a sample takes, with its offset; None where the shard is compressed as a whole."""
        start, stop = self.span(index)
        return None if isinstance(self.shard, InflatedShard) else stop - start + 4

    def where(self, index: int) -> str:
        return f"byte {self.span(index)[0]:,}"

    def _all(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        if self.count > MOST_UNWRAPPED:
            raise ValueError(f"{self.shard.name}: {self.count:,} samples beyond 4 GiB are more than are read here")
        offsets = np.frombuffer(self.shard.at(4, 4 * (self.count + 1)), "<u4").astype(np.int64)
        offsets[1:] += np.cumsum(offsets[1:] < offsets[:-1]) * WRAPS
        return offsets


def wrapped_finding(names: list[str], library: str) -> Finding:
    """That shards are larger than their offsets can tell."""
    return Finding(
        "offsets-wrapped",
        len(names),
        ", ".join(names[:5]),
        f"the shard is 4 GiB or larger, and its offsets of 32 bits begin anew there: {library} reads other bytes than "
        "those of the sample; here the places are told from their order",
        "write it again with smaller shards",
    )
