"""One tar archive, open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ...formats.webdataset.tar_walk import BATCH
from ..display import Choice
from ..records import ReadCost
from ..remote.location import steps_at
from .beside import FilesBeside, beside
from .index import TarIndex
from .source import TarSource

LISTED, LONGEST_LISTED = 100, 500
"""Members that `structure` lists, and characters of their names."""

TYPES = {"0": "files", "7": "files", "1": "hard links", "2": "links", "3": "devices", "4": "devices", "5": "folders",
         "6": "pipes", "S": "sparse files"}  # fmt: skip


class TarFile:
    """An archive whose members are found by one walk (`records.Indexed`)."""

    kind: ClassVar[str] = "tar"

    def __init__(self, path: Path) -> None:
        self.choice = Choice()
        self.path = path
        self.source = TarSource(path)
        self.index = TarIndex(self.source.memory(), steps_at(path, BATCH))

    @property
    def memory(self) -> npt.NDArray[np.uint8]:
        """The archive's bytes, uint8 (bytes,)."""
        return self.source.memory()

    @cached_property
    def beside(self) -> FilesBeside:
        return beside(self.path)

    def index_step(self, seconds: float) -> tuple[int, int]:
        """See `records.Indexed`; in bytes of the archive, decompressed."""
        return self.index.step(seconds), len(self.memory)

    def index_arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """See `records.Indexed`."""
        return self.index.arrays()

    def use_index(self, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """See `records.Indexed`."""
        self.index.use(arrays)

    def name(self, member: int) -> str:
        """The whole name of a member; "" for -1."""
        return "" if member < 0 else self.index.members.name(member).decode("utf-8", "backslashreplace")

    def of_types(self, types: str) -> tuple[int, int]:
        """(number, first) of the members of these types; (0, -1) for none."""
        found = np.flatnonzero(np.isin(self.index.members.types, list(types.encode())))
        return len(found), int(found[0]) if len(found) else -1

    def structure(self) -> Mapping[str, Any]:
        """Members by type and by ending, and what a sample costs to read."""
        members, groups = self.index.members, self.index.groups
        records = max(len(groups.ends), 1)
        blocks = -(-members.sizes // 512) * 512 + 512
        each = int(blocks[groups.members].sum()) // records if len(groups.members) else 0
        reads = -(-int(groups.facts.interleaved) * 2 // records) or 1
        return {
            "members": len(members.headers),
            "records": len(groups.ends),
            "compressed": self.source.compressed,
            "apparent_bytes": self.source.size,
            "archive_bytes": len(self.memory),
            "end_mark": self.index.told.end_mark,
            "read_cost": ReadCost(each, len(self.memory) // records, self._cost(), reads).to_json(),
            "types": self._types(),
            "endings": [{"ending": name, "members": count} for name, count in self.index.endings().items()],
            "first_members": [self._listed(member) for member in range(min(len(members.headers), LISTED))],
        }

    def _types(self) -> list[dict[str, Any]]:
        counts = Counter[str]()
        for kind, count in zip(*np.unique(self.index.members.types, return_counts=True), strict=True):
            counts[TYPES.get(chr(int(kind)), "other members")] += int(count)
        return [{"type": name, "members": count} for name, count in counts.items()]

    def _listed(self, member: int) -> dict[str, Any]:
        members = self.index.members
        kind = TYPES.get(chr(int(members.types[member])), "other")
        place = {"header_at": int(members.headers[member]), "bytes": int(members.sizes[member])}
        return {"name": self.name(member)[:LONGEST_LISTED], "type": kind, **place}

    def _cost(self) -> str:
        if self.source.compressed:
            return "all before it is decompressed; a tar behind a compression has no random access of its own"
        return "its members, once a walk over all headers has told where they lie; a tar has no index of its own"

    def warnings(self) -> list[str]:
        return []

    def close(self) -> None:
        self.source.close()
