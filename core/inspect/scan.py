"""Decoding every record of a file, past whatever breaks the reader."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

from ..base.home import Home
from .files import InspectedFile, open_inspected
from .reading_on import ReadBatch, ReadingOn
from .records import Finding
from .requests import Bad


class Scanned(NamedTuple):
    """A batch of records that were decoded: how many there are in all, how many of these decoded, those that did not,
    and what else is wrong with some."""

    total: int
    decoded: int
    bad: list[Bad]
    findings: list[Finding]


def scan_file(
    path: str | os.PathLike[str], schema: str | None = None, home: Home | None = None, total: int | None = None
) -> Iterator[Scanned]:
    """Decode every record, a batch at a time. `total`: how many there are, where that is known.

    A batch that kills its reader is halved until the record that does it is found.

    Raises:
        InputError: the file is of no known kind, or broken beyond use.
    """
    if total is None:
        with open_inspected(path, schema, home) as file:
            total = file.entries()
    yield Scanned(total, 0, [], [])
    with closing(ReadingOn(path, schema, home)) as reading:
        for _, batch, lost in reading.batches(total, _scan):
            decoded, bad, findings = (0, [], []) if batch is None else batch.value
            yield Scanned(total, decoded, [*bad, *lost], findings)


def _scan(file: InspectedFile, start: int, stop: int) -> ReadBatch[tuple[int, list[Bad], list[Finding]]]:
    stop, decoded, bad, findings = file.scan(start, stop)
    return ReadBatch(stop, (decoded, bad, findings), decoded, len(bad), bad[-1]["reason"] if bad else "")
