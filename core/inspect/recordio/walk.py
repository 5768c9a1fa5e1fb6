"""One walk through a RecordIO file: where its records begin, and what in it is none."""

from __future__ import annotations

import mmap
import time
from array import array
from collections.abc import Mapping
from typing import Any

import numpy as np

from .parts import FIRST, LAST, MAGIC_BYTES, MIDDLE, WHOLE, behind, part_at

BETWEEN_LOOKS = 4096
"""Records between two looks at the clock."""

MOST_RECORDS = 40_000_000
MOST_DAMAGED = 1000
"""Damaged places that are noted one by one."""


class RecordIoWalk:
    """How far it is. starts: where records begin, ascending; damaged: (from, to) of what is no record; at: where the
    next part begins; within: whether it should be one of the record that was begun last."""

    def __init__(self, data: mmap.mmap, between_looks: int = BETWEEN_LOOKS) -> None:
        """`between_looks`: records that are gone through between two looks at the clock."""
        self._data = data
        self._between_looks = between_looks
        self.starts = array("Q")
        self.damaged: list[tuple[int, int]] = []
        self.damaged_count = 0
        self.at = 0
        self.within = False

    @property
    def done(self) -> bool:
        return self.at >= len(self._data)

    def step(self, seconds: float) -> None:
        """Walk on for about so long. Raises ValueError where there are more records than are read here."""
        deadline = time.monotonic() + seconds
        while not self.done and time.monotonic() < deadline:
            self._some()
            if len(self.starts) > MOST_RECORDS:
                raise ValueError(f"it has more than {MOST_RECORDS:,} records, which is the limit here")

    def _some(self) -> None:
        for _ in range(self._between_looks):
            if self.done:
                break
            found = part_at(self._data, self.at)
            if found is None or found[0] not in ((MIDDLE, LAST) if self.within else (WHOLE, FIRST)):
                self._skip(self.at if self.within and found is not None else self.at + 4)
                continue
            if found[0] in (WHOLE, FIRST):
                self.starts.append(self.at)
            self.within = found[0] in (FIRST, MIDDLE)
            self.at = min(behind(self.at, found[1]), len(self._data))
        if self.done and self.within:
            self._skip(len(self._data))

    def _skip(self, at: int) -> None:
        """Go on with the next record from `at` on; what lies before it is damaged, the record that was begun, too."""
        start = self.starts[-1] if self.within else self.at
        self.at, self.within = self._next(at), False
        self.damaged_count += 1
        if len(self.damaged) < MOST_DAMAGED:
            self.damaged.append((start, self.at))

    def _next(self, at: int) -> int:
        """Where the next record begins, from `at` on; the end of the file where none does.

        The magic number at a multiple of 4 is never part of a record's bytes, as the writer cuts them there.
        """
        while (at := self._data.find(MAGIC_BYTES, at)) >= 0:
            found = part_at(self._data, at) if at % 4 == 0 else None
            if found is not None and found[0] in (WHOLE, FIRST):
                return at
            at += 1
        return len(self._data)

    # ---- kept

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """What has been noted, and all that is needed to go on."""
        return {
            "starts": np.array(self.starts, np.uint64),
            "damaged": np.array(self.damaged, np.uint64).reshape(-1, 2),
            "state": np.array([self.at, self.within, self.damaged_count], np.uint64),
        }

    def use(self, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Go on from there. Raises ValueError where the numbers are none of this file."""
        starts, damaged = (np.asarray(arrays[name], np.uint64) for name in ("starts", "damaged"))
        at, within, count = (int(number) for number in arrays["state"])
        size = len(self._data)
        if at > size or damaged.ndim != 2 or damaged.shape[1:] != (2,) or len(damaged) > MOST_DAMAGED:
            raise ValueError("it is the index of another file")
        if starts.size and (int(starts.max()) >= size or not bool(np.all(starts[1:] > starts[:-1]))):
            raise ValueError("it is the index of another file")
        self.starts = array("Q", starts.tobytes())
        self.damaged = [(int(start), int(stop)) for start, stop in damaged]
        self.at, self.within, self.damaged_count = at, bool(within and starts.size), count
