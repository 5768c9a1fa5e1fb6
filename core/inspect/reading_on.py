"""Reading many records of a file, past whatever breaks the reader: a batch that kills it is halved until the record
that does it is found, which is left out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from ..base.errors import InputError
from ..base.home import Home
from .files import InspectedFile, open_inspected
from .requests import Bad

BATCH = 512
LOST_SECONDS = 15.0
"""Seconds that may be lost with readers that die; then the rest of the file is given up."""

HOPELESS = 5_000
"""Records in a row that do not decode; then the rest of the file is given up."""

T = TypeVar("T")


class ReadBatch(NamedTuple, Generic[T]):
    """What was read: up to before which position, what it gave, how many of the records were good, how many were not,
    and why the last of these was not."""

    stop: int
    value: T
    good: int
    bad: int = 0
    reason: str = ""


class ReadingOn(Generic[T]):
    """Positions 0 to `total`, read by `ask(file, start, stop)` in the batches that it takes. Close it."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        schema: str | None,
        home: Home | None,
        total: int,
        ask: Callable[[InspectedFile, int, int], ReadBatch[T]],
        name: Callable[[int], str] = "#{}".format,
    ) -> None:
        """`name`: what to call the record at a position."""
        self.position = 0
        self._path = path
        self._schema = schema
        self._home = home
        self._total = total
        self._ask = ask
        self._name = name
        self._size = BATCH
        self._file: InspectedFile | None = None
        self._lost = 0.0
        self._failed = 0
        self._reason = ""

    @property
    def done(self) -> bool:
        """Whether all were read, or the rest is given up."""
        return self.position >= self._total or self.hopeless

    @property
    def hopeless(self) -> bool:
        return self._lost > LOST_SECONDS or self._failed >= HOPELESS

    def next(self) -> tuple[ReadBatch[T] | None, list[Bad]]:
        """The next batch; None where it killed its reader and is to be halved, with the record that is left out where
        it was that alone."""
        started = time.monotonic()
        stop = min(self.position + self._size, self._total)
        try:
            batch = self._ask(self._opened(), self.position, stop)
        except InputError as error:
            self._reason = str(error)
            self._lost += time.monotonic() - started
            self.close()
            return None, self._after_a_death(stop - self.position)
        self.position = batch.stop
        self._size = min(2 * self._size, BATCH)
        self._failed = 0 if batch.good else self._failed + batch.bad
        self._reason = batch.reason or self._reason
        return batch, []

    def given_up(self) -> list[Bad]:
        """One entry for all the records that are left."""
        if self.position >= self._total:
            return []
        left = f"{self._name(self.position)} to {self._name(self._total - 1)}"
        return [{"key": left, "reason": f"given up; the last reason: {self._reason}"}]

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _after_a_death(self, size: int) -> list[Bad]:
        """Half of the batch is tried next, and behind a record that is found the next one alone."""
        self._size = max(size // 2, 1)
        if size > 1:
            return []
        self.position += 1
        return [{"key": self._name(self.position - 1), "reason": self._reason}]

    def _opened(self) -> InspectedFile:
        if self._file is None:
            self._file = open_inspected(self._path, self._schema, self._home)
        return self._file
