"""Decoding every record of a file, past whatever breaks the reader."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import NamedTuple

from ..base.errors import InputError
from ..base.home import Home
from .files import InspectedFile, open_inspected
from .records import Finding
from .requests import Bad

BATCH = 512
LOST_SECONDS = 15.0
"""Seconds that may be lost with readers that die; then the rest of the file is given up."""

HOPELESS = 5_000
"""Records in a row that do not decode; then the rest of the file is given up."""


class Scanned(NamedTuple):
    """A batch of records that were decoded: how many there are in all, how many of these decoded, those that did not,
    and what else is wrong with some."""

    total: int
    decoded: int
    bad: list[Bad]
    findings: list[Finding]


def scan_file(path: str | os.PathLike[str], schema: str | None = None, home: Home | None = None) -> Iterator[Scanned]:
    """Decode every record, a batch at a time.

    A batch that kills its reader is halved until the record that does it is found.

    Raises:
        InputError: the file is of no known kind, or broken beyond use.
    """
    with open_inspected(path, schema, home) as file:
        total = file.entries()
    yield Scanned(total, 0, [], [])
    work = _Scan(path, schema, home, total)
    try:
        while work.position < total and not work.hopeless:
            yield Scanned(total, *work.next())
        if work.position < total:
            yield Scanned(total, 0, [work.given_up()], [])
    finally:
        work.close()


class _Scan:
    """How far a scan is, and the reader that works on it until it dies."""

    def __init__(self, path: str | os.PathLike[str], schema: str | None, home: Home | None, total: int) -> None:
        self.position = 0
        self._path = path
        self._schema = schema
        self._home = home
        self._total = total
        self._size = BATCH
        self._file: InspectedFile | None = None
        self._lost = 0.0
        self._failed = 0
        self._reason = ""

    @property
    def hopeless(self) -> bool:
        return self._lost > LOST_SECONDS or self._failed >= HOPELESS

    def next(self) -> tuple[int, list[Bad], list[Finding]]:
        """(decoded, bad, findings) of the next batch; of nothing where it killed its reader and is to be halved."""
        started = time.monotonic()
        stop = min(self.position + self._size, self._total)
        try:
            stop, decoded, bad, findings = self._opened().scan(self.position, stop)
        except InputError as error:
            self._reason = str(error)
            self._lost += time.monotonic() - started
            self.close()
            return 0, self._after_a_death(stop - self.position), []
        self.position = stop
        self._size = min(2 * self._size, BATCH)
        self._failed = 0 if decoded else self._failed + len(bad)
        self._reason = bad[-1]["reason"] if bad else self._reason
        return decoded, bad, findings

    def given_up(self) -> Bad:
        """One entry for all the records that are left."""
        return {
            "key": f"#{self.position} to #{self._total - 1}",
            "reason": f"given up; the last reason: {self._reason}",
        }

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
        return [{"key": f"#{self.position - 1}", "reason": self._reason}]

    def _opened(self) -> InspectedFile:
        if self._file is None:
            self._file = open_inspected(self._path, self._schema, self._home)
        return self._file
