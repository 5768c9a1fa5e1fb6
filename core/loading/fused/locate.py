"""Fetch and decompress, for kernels: where the payloads of a batch lie in memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...base.contracts import Buffer, Extents, ManyAtOnce, Mapped, Rearranged
from ..batch_sampler import Indices
from ..pipeline import StagedPipeline, Stopwatch


def joined(payloads: Sequence[Buffer]) -> Extents:
    """Payloads side by side in one piece of memory."""
    lengths = np.fromiter(map(len, payloads), np.int64, len(payloads))
    memory = np.frombuffer(b"".join(payloads), np.uint8)
    return Extents(memory, np.cumsum(lengths) - lengths, lengths)


@dataclass(frozen=True)
class Locate:
    """Fetch and decompress, as far as there is anything to do: where the payloads of these samples lie in memory."""

    stages: StagedPipeline

    def __call__(self, indices: Indices, watch: Stopwatch) -> Extents:
        mapped = self._mapped if self.stages.distant is None else self._told()
        if mapped is None:
            stored = self.stages.fetch(indices)
            watch.lap("fetch")
            located = joined(self.stages.decompressed(indices, stored))
        else:
            located = Extents(mapped.memory, mapped.offsets[indices], mapped.lengths[indices])
            watch.lap("fetch")
            if not self.stages.compression.identity:
                located = joined(self._decompressed(indices, located))
            if self.stages.checks is not None:
                self.stages.checks.of_extents(indices, located)
        watch.lap("decompress")
        return located

    def _decompressed(self, indices: Indices, stored: Extents) -> Sequence[Buffer]:
        """All at once where the compression can; one by one where not, or where one is broken: that names it."""
        compression = self.stages.compression
        if isinstance(compression, ManyAtOnce):
            with suppress(ValueError):
                return compression.decompress_many(stored)
        return self.stages.decompressed(indices, self.stages.fetch(indices))

    @cached_property
    def _mapped(self) -> Extents | None:
        """The whole container's extents, where it is mapped."""
        return self._told()

    def _told(self) -> Extents | None:
        """What the reader says now; of shards that come and go it says something else later."""
        return None if self._reader is None else self._reader.extents()

    @cached_property
    def _reader(self) -> Mapped | None:
        reader = self.stages.reader
        return reader if isinstance(reader, Mapped) else None

    def __getstate__(self) -> dict[str, Any]:
        return {"stages": self.stages}


@dataclass(frozen=True)
class Interleave:
    """As `Locate`, of bare pixels that lie otherwise than the kernels take them: these are laid out anew, in memory of
    the batch's own."""

    locate: Locate
    encoding: Rearranged

    def __call__(self, indices: Indices, watch: Stopwatch) -> Extents:
        """A batch with a payload of another size is told of as it lies: it is none of bare pixels."""
        located = self.locate(indices, watch)
        size = self.encoding.stored_size
        if (located.lengths != size).any():
            return located._replace(lengths=np.zeros(len(indices), np.int64))
        memory = located.memory.data
        side_by_side = b"".join([memory[start : start + size] for start in located.offsets.tolist()])
        made = self.encoding.interleave(np.frombuffer(side_by_side, np.uint8).reshape(-1, size))
        watch.lap("decode")
        lengths = np.full(len(made), made.shape[1], np.int64)
        return Extents(made.reshape(-1), np.cumsum(lengths) - lengths, lengths)
