"""Entry points into JPEGs that a loader notes by itself, in memory, when it first meets a file.

For stores without a JPEG index, and files that are loaded as they are. Noting a photo takes about as long as one view
of it, and saves a quarter of each view afterwards, so it pays from the fifth epoch on and has to be asked for.
"""

from __future__ import annotations

import numpy as np

from ..base.contracts import Extents
from .batch_sampler import Indices
from .jpeg.entry_points import TAIL
from .jpeg.noting import records_of
from .jpeg.records import EntryRecords

INTERVAL = 16
"""MCUs between two entry points; docs/loading.md says what other intervals cost."""

MOST_BYTES = 256 << 20
"""Of all records of one loader together; images that are met afterwards are decoded as without."""


class NotedEntryPoints:
    """The records of the samples that were met so far. Usable from several threads at once; a copy in another process
    notes for itself."""

    def __init__(self, samples: int) -> None:
        self._records: list[bytes | None] = [None] * samples
        self._size = 0

    def of_batch(self, indices: Indices, payloads: Extents) -> EntryRecords:
        """The records of these samples, whose bytes are `payloads`; those that are not there yet are noted."""
        found = [self._record(sample, payloads, number) for number, sample in enumerate(indices.tolist())]
        lengths = np.fromiter(map(len, found), np.int64, len(found))
        memory = np.frombuffer(b"".join(found) or b"\0", np.uint8)
        return EntryRecords(memory, np.cumsum(lengths) - lengths, lengths, INTERVAL)

    @property
    def size(self) -> int:
        """The bytes that the records take in memory."""
        return self._size

    def warn(self, sample: int, why: str) -> None:
        """The sample's bytes are not those that were noted: they are noted again when they are met next."""
        self._records[sample] = None

    def _record(self, sample: int, payloads: Extents, number: int) -> bytes:
        known = self._records[sample]
        if known is None:
            begin = int(payloads.offsets[number])
            known = self._noted(payloads.memory[begin : begin + int(payloads.lengths[number])])
            self._records[sample] = known
        return known

    def _noted(self, payload: np.ndarray) -> bytes:
        if self._size >= MOST_BYTES:
            return b""
        (record,) = records_of([payload.data], INTERVAL)
        self._size += len(record)
        return record + bytes(TAIL) if record else b""  # kernels read so far behind the packed numbers

    def __reduce__(self) -> tuple[type[NotedEntryPoints], tuple[int]]:
        return NotedEntryPoints, (len(self._records),)
