"""One RecordIO file, open: its records by number."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ...formats.maps import mapped
from ..display import Choice
from ..records import Finding, ReadCost
from ..remote.location import steps_at
from .beside import index_beside
from .parts import payload_at
from .walk import BETWEEN_LOOKS, RecordIoWalk


class RecordIoFile:
    """Where records begin is told by the `.idx` beside it, if that is right; else by a walk (`records.Indexed`)."""

    kind: ClassVar[str] = "recordio"

    def __init__(self, path: Path) -> None:
        self.choice = Choice()
        self.path = path
        self.data = mapped(path)
        self.index = index_beside(path, self.data)
        self.walk = RecordIoWalk(self.data, steps_at(path, BETWEEN_LOOKS))

    @property
    def keyed(self) -> bool:
        """Whether the `.idx` is used."""
        return self.index is not None and self.index.problem is None

    # ---- the walk

    def index_step(self, seconds: float) -> tuple[int, int]:
        """See `records.Indexed`."""
        size = len(self.data)
        if self.keyed:
            return size, size
        self.walk.step(seconds)
        return self.walk.at, size

    def index_arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """See `records.Indexed`; none where the `.idx` is used."""
        return {} if self.keyed else self.walk.arrays()

    def use_index(self, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """See `records.Indexed`."""
        if not self.keyed and arrays:
            self.walk.use(arrays)

    # ---- records

    @property
    def starts(self) -> np.ndarray[Any, Any]:
        """Where the records begin that are known so far, int64 (n,): in the order of the `.idx`, else of the file."""
        if self.index is not None and self.keyed:
            return self.index.offsets
        return self.walk.arrays()["starts"].astype(np.int64)

    def payload(self, start: int) -> bytes:
        """The record that begins there. Raises ValueError."""
        return payload_at(self.data, start)

    def head(self, start: int, count: int) -> bytes:
        """Its first `count` bytes, or more. Raises ValueError."""
        return payload_at(self.data, start, count)

    # ---- what there is to say

    def structure(self) -> Mapping[str, Any]:
        """The number of records, which index is used, what a sample costs to read."""
        count, size = len(self.starts), len(self.data)
        each = -(-size // count) if count else 0
        said = (
            "the place is known from the index, and the record is read"
            if self.keyed
            else ("once the file was walked through, the record alone; MXNet reads a file without .idx in order only")
        )
        return {
            "records": count,
            "apparent_bytes": size,
            "index": "none" if self.index is None else self.index.path.name if self.keyed else "stale",
            "damaged_places": self.walk.damaged_count,
            "read_cost": ReadCost(each, each, said).to_json(),
        }

    @property
    def findings(self) -> list[Finding]:
        """The state of the index, and what is no record."""
        found = [self._index_finding()]
        walk = self.walk
        cut = [] if not walk.damaged or walk.damaged[-1][1] < len(self.data) else [walk.damaged[-1]]
        spans = [span for span in walk.damaged if span not in cut]
        if spans:
            where = "; ".join(f"bytes {start:,} to {stop:,}" for start, stop in spans[:5])
            told = "bytes between records are none; a reader that goes through in order stops there"
            count = walk.damaged_count - len(cut)
            found.append(
                Finding("damaged", count, where, told, "copy the file again; the records around them are shown")
            )
        if cut:
            told = "the file ends in the middle of a record, as after a download or a writer that broke off"
            where = f"byte {cut[0][0]:,}"
            found.append(Finding("truncated", 1, where, told, "copy the file again"))
        return [one for one in found if one is not None]

    def _index_finding(self) -> Finding | None:
        if self.index is None:
            told = "MXNet reads a file without index in order only: no shuffling, no second worker"
            return Finding(
                "index-missing", 1, self.path.with_suffix(".idx").name, told, "make one with MXNet's rec2idx.py"
            )
        if self.index.problem is None:
            return None
        told = "the index does not belong to the file as it is: a loader that uses it reads other bytes, or stops"
        where = f"{self.index.path.name}: {self.index.problem}"
        return Finding("index-stale", 1, where, told, "make it again with MXNet's rec2idx.py")

    def warnings(self) -> list[str]:
        return []

    def close(self) -> None:
        self.data.close()
