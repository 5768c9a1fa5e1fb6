"""Reading many records of a file, past whatever breaks the reader: a batch that kills it is halved until the record
that does it is found, which is left out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
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


class ReadingOn:
    """A file that is read by one schema, opened again whenever its reader dies. Close it."""

    def __init__(
        self, path: str | os.PathLike[str], schema: str | None, home: Home | None, file: InspectedFile | None = None
    ) -> None:
        """`file`: the same, where it is open already; it is closed with the rest."""
        self._path = path
        self._schema = schema
        self._home = home
        self._file = file
        self._lost = 0.0
        self._failed = 0
        self._reason = ""

    @property
    def hopeless(self) -> bool:
        """Whether the rest of the file is given up."""
        return self._lost > LOST_SECONDS or self._failed >= HOPELESS

    def batches(
        self,
        total: int,
        ask: Callable[[InspectedFile, int, int], ReadBatch[T]],
        name: Callable[[int], str] = "#{}".format,
    ) -> Iterator[tuple[int, ReadBatch[T] | None, list[Bad]]]:
        """(position, batch, records that are left out there) for the positions 0 to `total`, which `ask(file, start,
        stop)` reads; no batch where it killed its reader and is to be halved. `name`: what to call a record.

        The last one has all that are given up as one.
        """
        position, size = 0, BATCH
        while position < total and not self.hopeless:
            started = time.monotonic()
            stop = min(position + size, total)
            try:
                batch = ask(self.opened(), position, stop)
            except InputError as error:
                self._reason = str(error)
                self._lost += time.monotonic() - started
                self.close()
                lost = [Bad(key=name(position), reason=self._reason)] if stop - position == 1 else []
                yield position, None, lost
                size = max((stop - position) // 2, 1)  # behind a record that is found the next one is tried alone
                position += len(lost)
                continue
            yield position, batch, []
            position, size = batch.stop, min(2 * size, BATCH)
            self._failed = 0 if batch.good else self._failed + batch.bad
            self._reason = batch.reason or self._reason
        if position < total:
            left = name(position) if position == total - 1 else f"{name(position)} to {name(total - 1)}"
            yield position, None, [Bad(key=left, reason=f"given up; the last reason: {self._reason}")]

    def opened(self) -> InspectedFile:
        """Raises InputError where it cannot be opened."""
        if self._file is None:
            self._file = open_inspected(self._path, self._schema, self._home)
        return self._file

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
