"""A TFRecord file that anybody may have written: its records one by one, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ...formats.maps import mapped
from ...formats.tfrecord.records import BESIDE
from ..display import Choice
from ..records import Finding, ReadCost
from ..remote.location import steps_at
from . import findings
from .walk import AT_ONCE, RecordWalk, walk_of

_ENDINGS = (".gz", ".gzip", ".zlib", ".zz", ".z")
_OF = re.compile(r"\d-of-(\d{1,9})(?!\d)")
_LAST_NUMBER = re.compile(r"(.*?)(\d{1,15})(\D*)", re.DOTALL)


class TfRecordFile:
    """Its records are found by one walk over their lengths (`records.Indexed`)."""

    kind: ClassVar[str] = "tfrecord"

    def __init__(self, path: Path) -> None:
        self.choice = Choice()
        self.path = path
        self._memory = memoryview(mapped(path))
        self._walk: RecordWalk
        self._walk, self._stream = walk_of(self._memory, steps_at(path, AT_ONCE))
        self.complete = False

    # ---- the walk

    def index_step(self, seconds: float) -> tuple[int, int]:
        done, total = self._walk.step(seconds)
        self.complete = done >= total
        return done, total

    def index_arrays(self) -> Mapping[str, np.ndarray[Any, Any]]:
        return self._walk.arrays()

    def use_index(self, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        self._walk.use(arrays)

    # ---- its records

    def __len__(self) -> int:
        return len(self._walk)

    def start(self, index: int) -> int:
        """Where a record begins, in bytes of the file, or of what it inflates to."""
        return self._walk.starts[index]

    def record(self, index: int) -> tuple[bytes, bool]:
        """(data, whether both checksums are right). Raises ValueError where there is no whole record."""
        return self._walk.record(self.start(index))

    def record_bytes(self, index: int) -> int:
        """What a record takes, in the file or in what it inflates to, with its length and checksums."""
        following = self._walk.starts[index + 1] if index + 1 < len(self) else self._walk.at
        holes = (start for start, _ in self._walk.gaps if self.start(index) < start < following)
        return min([*holes, following]) - self.start(index)

    @property
    def compression(self) -> str | None:
        """ "gzip", "zlib", or None."""
        if self._stream is None:
            return None
        return "gzip" if bytes(self._memory[:2]) == b"\x1f\x8b" else "zlib"

    @cached_property
    def is_alone(self) -> bool:
        """Whether no further file of the same folder belongs to it, by their names: "-00000-of-00008", or numbers that
        count from 0 or 1."""
        told = _OF.search(self.path.name)
        if told is not None:
            return int(told[1]) <= 1
        parts = _LAST_NUMBER.fullmatch(self.path.name)
        if parts is None:
            return True
        pattern = re.compile(rf"{re.escape(parts[1])}(\d+){re.escape(parts[3])}")
        try:
            found = [pattern.fullmatch(entry.name) for entry in self.path.parent.iterdir()]
        except OSError:  # at an address it is not known what lies beside it
            return False
        numbers = {int(match[1]) for match in found if match is not None}
        return len(numbers) < 2 or min(numbers) > 1 or max(numbers) > 2 * len(numbers)

    # ---- as a file

    @property
    def findings(self) -> Sequence[Finding]:
        """What the walk has shown to be wrong."""
        found = list(findings.of_walk(self._walk, len(self._memory), self.compression))
        if self.compression and not self.path.name.lower().endswith(_ENDINGS):
            found.append(findings.unnamed_compression(self.compression))
        return found

    def structure(self) -> Mapping[str, Any]:
        count, inside = len(self), self._walk.at
        told: dict[str, Any] = {
            "records": count,
            "compression": self.compression,
            "apparent_bytes": len(self._memory),
            "allocated_bytes": getattr(self.path.stat(), "st_blocks", 0) * 512 or len(self._memory),
            "framing_bytes": BESIDE * count,
            "read_cost": self._cost().to_json(),
        }
        if self._stream is not None:
            told["inflated_bytes"] = inside
        if count:
            sizes = np.diff(np.array(self._walk.starts, np.int64), append=inside) - BESIDE
            told["record_bytes"] = {
                "least": int(sizes.min()),
                "mean": int(sizes.mean()),
                "most": int(sizes.max()),
            }
        return told

    def _cost(self) -> ReadCost:
        count = max(len(self), 1)
        if self._stream is None:
            each = len(self._memory) // count
            return ReadCost(each, each, "one record, at the place that the walk has noted")
        said = (
            f"a record behind {self.compression}: from the last place where reading can begin, up to "
            f"{self._stream.spacing:,} bytes are inflated; in order each byte is inflated once"
        )
        share = len(self._memory) / max(self._walk.at, 1)
        each = len(self._memory) // count
        inflated = min(int(self._stream.spacing // 2 * share), len(self._memory))
        return ReadCost(max(inflated, each), each, said)

    def warnings(self) -> list[str]:
        return []

    def close(self) -> None:
        """Let go of the map."""
        self._stream = None
        del self._walk
        self._memory.release()
