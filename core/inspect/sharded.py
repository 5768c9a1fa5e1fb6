"""Several files of one kind as one: in the reader process, each opened when it is needed, few of them at a time.

A shard that cannot be read is a finding, and the others go on.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from ..base.errors import InputError
from .candidate import UnidentifiedFile
from .display import Choice
from .kinds import KINDS
from .limits import sentence
from .records import UNREADABLE, File, Indexed, Records
from .schemas import understand
from .sharded_records import ShardedRecords

OPEN = 12
"""Shards that are open at a time: a reader may have `limits.OPEN_FILES`, and a map keeps its file."""

LISTED = 1000
"""Shards that `structure` lists."""


@dataclass(frozen=True, slots=True)
class OpenShard:
    """One shard, open and understood."""

    file: File
    records: Records


class ShardedFile:
    """Files of one kind, in order. Each is opened by the kind's own class."""

    def __init__(self, kind: str, path: Path, paths: Sequence[Path], notes: Sequence[str] = ()) -> None:
        self.kind = kind
        self.path = path
        self.paths = list(paths)
        self.sizes = [path.stat().st_size for path in self.paths]
        self.schema: str | None = None
        self.broken: dict[int, str] = {}
        self._notes = list(notes)
        self._choice = Choice()
        self._open: OrderedDict[int, OpenShard] = OrderedDict()
        self._indexes: dict[int, dict[str, np.ndarray[Any, Any]]] = {}
        self._walking: tuple[int, File] | None = None
        self._walked = 0

    # ---- its shards

    @property
    def choice(self) -> Choice:
        """How pictures are drawn, the same in all shards."""
        return self._choice

    @choice.setter
    def choice(self, choice: Choice) -> None:
        self._choice = choice
        for shard in self._open.values():
            shard.file.choice = choice

    def shard(self, number: int) -> OpenShard:
        """One shard, opened where it is not open. Raises what opening it does."""
        if number in self.broken:
            raise ValueError(f"{self.paths[number].name}: {self.broken[number]}")
        if number in self._open:
            self._open.move_to_end(number)
            return self._open[number]
        while len(self._open) >= OPEN:
            _close(self._open.popitem(last=False)[1].file)
        file = self._opened(number)
        index = self._indexes.get(number)
        if self._walking is not None and self._walking[0] == number:
            index = _noted(self._walking[1])
        if index is not None and isinstance(file, Indexed):
            file.use_index(index)
        file.choice = self._choice
        schema, records = understand(file, self.schema)
        self.schema = self.schema or schema
        self._open[number] = OpenShard(file, records)
        return self._open[number]

    def _opened(self, number: int) -> File:
        path, kind = self.paths[number], KINDS[self.kind]
        with UnidentifiedFile(path) as candidate:
            if not (kind.is_sure_of(candidate) or kind.may_be(candidate)):
                raise ValueError(f"it is empty or no file of the kind {kind.title}")
        return cast("Callable[[Path], File]", KINDS.load(self.kind))(path)

    # ---- the walk through all of them

    def index_step(self, seconds: float) -> tuple[int, int]:
        """See `records.Indexed`; the shards one after the other. One that cannot be walked is left out."""
        deadline = time.monotonic() + seconds
        done = 0
        while self._walked < len(self.paths):
            number = self._walked
            try:
                done, total = self._walk_on(number, max(deadline - time.monotonic(), 0))
            except UNREADABLE as error:
                self.broken[number], done, total = sentence(error), 0, 0
            if done >= total:
                self._note(number)
                done = 0
            if time.monotonic() >= deadline:
                break
        if self._walking is not None and self._walking[0] in self._open:
            _close(self._open.pop(self._walking[0]).file)  # it has more records by now
        whole, left = self.sizes[: self._walked], self.sizes[self._walked :]
        return sum(whole) + min(done, left[0] if left else 0), sum(self.sizes)

    def _walk_on(self, number: int, seconds: float) -> tuple[int, int]:
        if self._walking is None:
            self._walking = number, self._opened(number)
            file = self._walking[1]
            if isinstance(file, Indexed) and number in self._indexes:
                file.use_index(self._indexes[number])
        file = self._walking[1]
        return file.index_step(seconds) if isinstance(file, Indexed) else (0, 0)

    def _note(self, number: int) -> None:
        """The walk through this shard is complete."""
        if self._walking is not None:
            file = self._walking[1]
            if number not in self.broken:
                self._indexes[number] = _noted(file)
            _close(file)
        self._walking = None
        self._walked = number + 1

    def index_arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """See `records.Indexed`."""
        told = {f"{number}/{name}": array for number, kept in self._indexes.items() for name, array in kept.items()}
        if self._walking is not None:
            number = self._walking[0]
            told |= {f"{number}/{name}": array for name, array in _noted(self._walking[1]).items()}
        broken = np.array(sorted(number for number in self.broken if number < self._walked), np.int64)
        return {**told, "walked": np.array([self._walked], np.int64), "broken": broken}

    def use_index(self, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """See `records.Indexed`. What a shard's own arrays say is checked when it is opened."""
        walked = int(arrays["walked"][0])
        if not 0 <= walked <= len(self.paths):
            raise ValueError("it is the index of other files")
        for name, array in arrays.items():
            number, slash, own = name.partition("/")
            if slash and number.isdigit() and int(number) < len(self.paths):
                self._indexes.setdefault(int(number), {})[own] = array
        for number in arrays["broken"][: len(self.paths)].tolist():
            self.broken[int(number)] = "it could not be walked through"
        if not {*range(walked)} <= self._indexes.keys() | self.broken.keys():
            self._indexes.clear()
            raise ValueError("the index of a file is missing")
        self._walked = walked

    @property
    def reached(self) -> int:
        """How many of the shards have records: all, or those that were walked through, or into."""
        return len(self.paths) if not KINDS[self.kind].index else self._walked + (self._walking is not None)

    @property
    def whole(self) -> int:
        """How many of the shards have all of their records: those that were walked into are left out."""
        return len(self.paths) if not KINDS[self.kind].index else self._walked

    # ---- as a file

    def understood(self, schema: str | None) -> tuple[str, ShardedRecords]:
        """The schema of all shards, which the first that can be read tells, and their records.

        Raises InputError where no shard can be read.
        """
        self.schema = schema
        records = ShardedRecords(self)
        if self.schema is None:
            reason = next(iter(self.broken.values()), "there is no shard")
            raise InputError(f"{self.path} is damaged: none of its {len(self.paths):,} files can be read: {reason}")
        return self.schema, records

    def structure(self) -> Mapping[str, Any]:
        """The shards, and how the first one that can be read is laid out."""
        first = next((number for number in range(len(self.paths)) if number not in self.broken), None)
        rows = [[path.name, size] for path, size in zip(self.paths[:LISTED], self.sizes, strict=False)]
        blocks = [getattr(path.stat(), "st_blocks", 0) * 512 for path in self.paths]
        return {
            "shard_count": len(self.paths),
            "apparent_bytes": sum(self.sizes),
            "allocated_bytes": sum(blocks) or sum(self.sizes),
            "shards": rows,
            "first_shard": {} if first is None else dict(self.shard(first).file.structure()),
        }

    def warnings(self) -> list[str]:
        return list(self._notes)

    def close(self) -> None:
        """Close what is open."""
        while self._open:
            _close(self._open.popitem()[1].file)


def _noted(file: File) -> dict[str, np.ndarray[Any, Any]]:
    return dict(file.index_arrays()) if isinstance(file, Indexed) else {}


def _close(file: File) -> None:
    close = getattr(file, "close", None)
    if callable(close):
        close()
