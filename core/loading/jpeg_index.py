"""A store's JPEG index as a loader uses it: records for a batch, and what is said where one is wrong.

A wrong record never changes a picture: its image is decoded as without one. That is told once, as a warning.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from ..base.contracts import Extents
from ..base.errors import InputError, WorkError
from ..stores.jpeg_index import JpegIndex
from ..stores.store import Store
from .batch_sampler import Indices
from .jpeg.records import EntryRecords, no_records
from .pipeline import Stored, name_of

if TYPE_CHECKING:
    from .noted_points import NotedEntryPoints

REMEDY = "verify the store, and build it again (jpeg_index=False loads without its index)"


class EntryPoints:
    """The records of one split. Usable from several threads at once; a copy that comes through pickle warns anew."""

    def __init__(self, index: JpegIndex, name: str) -> None:
        self._index, self._name = index, name
        self._warned = False

    def of_batch(self, indices: Indices, payloads: Extents) -> EntryRecords:
        """The records of these samples, whose bytes are `payloads`; of one that is damaged, none."""
        if not self._index.sizes(indices).any():
            return no_records(len(indices))
        found = [self._record(index) for index in indices.tolist()]
        lengths = np.fromiter(map(len, found), np.int64, len(found))
        memory = np.frombuffer(b"".join(found) or b"\0", np.uint8)
        return EntryRecords(memory, np.cumsum(lengths) - lengths, lengths, self._index.interval)

    def warn(self, sample: int, why: str) -> None:
        """Say, the first time, that a sample's record is of no use."""
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"the JPEG index of {self._name} is wrong for sample {sample} ({why}): such images are decoded as "
                f"without an index, their pixels are right; {REMEDY}",
                RuntimeWarning,
                stacklevel=2,
            )

    def _record(self, sample: int) -> bytes:
        try:
            return self._index.record(sample)
        except ValueError as error:
            self.warn(sample, str(error))
            return b""


def entry_points_of(store: Stored, transform: str, note: bool = False) -> EntryPoints | NotedEntryPoints | None:
    """The index that a store was built with; without one, those that are noted on the way where `note` says so, else
    None. None for a transform that shows it all.

    Raises WorkError where it is missing, damaged, or another store's.
    """
    if transform == "none":
        return None
    if not isinstance(store, Store) or store.jpeg_index is None:
        return _noting(len(store)) if note else None
    try:
        return EntryPoints(JpegIndex(store.path, store.split, len(store)), name_of(store))
    except InputError as error:
        raise WorkError(f"{name_of(store)} was built with a JPEG index, but {error}: {REMEDY}") from error


def _noting(samples: int) -> NotedEntryPoints:
    from .noted_points import NotedEntryPoints  # with the kernels that note

    return NotedEntryPoints(samples)
