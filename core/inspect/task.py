"""The verbs `inspect` and `scan` as tasks."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..base.errors import InputError
from ..base.events import Event, Message, Progress, Result
from ..base.home import Home
from ..base.time_left import Remaining
from .files import InspectedFile
from .findings import completed, merged
from .records import Finding
from .remote.objects import transferred

SCANNING = "scan"

TRIED, TOGETHER, TRIAL_SECONDS = 6, 16, 0.3
"""Places at which records are decoded on trial, how many at each, and how long that may take in all."""


@dataclass(frozen=True)
class Inspect:
    """What a file is, how it is understood, and one of its records.

    `index` may be negative (from the end); `image` is where that record's pixels are written as PNG; `range`
    ("dataset", "as-is" or "LOW:HIGH") and `bands` ("4,3,2", counted from 1) say how they are drawn.
    """

    path: str
    index: int | None = None
    key: str | None = None
    schema: str | None = None
    image: str | None = None
    range: str | None = None
    bands: str | None = None
    home: str | None = None

    def run(self) -> Iterator[Event]:
        from .display import Choice
        from .files import COMMAND_SECONDS, inspect_opened

        try:
            choice = Choice.parsed(self.range, self.bands)
        except ValueError as error:
            raise InputError(str(error)) from None
        with InspectedFile(self.path, self.schema, COMMAND_SECONDS, Home.find(self.home)) as file:
            yield from _walked(file, file.walk_to_inspect(self.index, self.key))
            about = inspect_opened(file, index=self.index, key=self.key, image=self.image, choice=choice)
            if "remote" in about:
                yield Message(transferred(about["remote"]))
            yield Result(about)


@dataclass(frozen=True)
class Index:
    """Walk through a file whose records are found only so, and keep what was noted; of any other file there is nothing
    to do. What a cancelled walk has noted is kept, too."""

    path: str
    home: str | None = None

    def run(self) -> Iterator[Event]:
        with InspectedFile(self.path, home=Home.find(self.home)) as file:
            yield from _walked(file, file.walk())
            yield Result({"entries": file.entries(), "bytes": file.walked[1] if file.walked else 0})


def _walked(file: InspectedFile, walk: Iterator[tuple[int, int]]) -> Iterator[Progress]:
    """How far the walk through a file is, with the time that is left."""
    if file.walked is None or file.complete:
        return
    before, then = file.walked[0], time.monotonic()
    left = Remaining({"walk": file.walked[1] - before})
    for done, total in walk:
        left.note("walk", done - before, time.monotonic() - then)
        before, then = done, time.monotonic()
        yield Progress("index", done, total, "bytes", left.seconds)


@dataclass(frozen=True)
class Scan:
    """Decode every record of a file; the bad ones are listed by key and reason, the first `most` of them, and what is
    wrong with others is counted by its kind."""

    path: str
    schema: str | None = None
    most: int = 10_000
    home: str | None = None

    def run(self) -> Iterator[Event]:
        from .scan import scan_file

        if self.most < 1:
            raise InputError("at least one bad record must be listed")
        home = Home.find(self.home)
        with InspectedFile(self.path, self.schema, home=home) as file:
            for event in _walked(file, file.walk()):
                yield replace(event, left_s=None)  # it knows of the walk alone
            findings, total, planned = file.findings(), file.entries(), _on_trial(file)
        done = decoded = 0
        bad: list[dict[str, str]] = []
        counted: list[Finding] = []
        left, then = Remaining({SCANNING: total}, {SCANNING: planned} if planned else {}), time.monotonic()
        for _, well, wrong, found in scan_file(self.path, self.schema, home, total):
            decoded += well
            done += well + len(wrong)
            bad += wrong[: self.most - len(bad)]
            counted = merged([*counted, *found])
            left.note(SCANNING, well + len(wrong), time.monotonic() - then)
            then = time.monotonic()
            yield Progress(SCANNING, min(done, total), total, "records", left.seconds)
        told = [finding.to_json() for finding in completed(findings, counted)]
        yield Result({"entries": total, "decoded": decoded, "bad": bad, "findings": told})


def _on_trial(file: InspectedFile) -> float | None:
    """Seconds that a record takes to be decoded, from a few, far from each other; None where there are not many more,
    or one of them ends the reader."""
    spent: list[float] = []
    total = file.entries()
    if total < 4 * TRIED * TOGETHER:
        return None
    try:
        file.scan(total // 2, total // 2 + TOGETHER)  # loads what decodes
        while len(spent) < TRIED and sum(spent) < TRIAL_SECONDS:
            place, began = len(spent) * (total // TRIED), time.monotonic()
            file.scan(place, place + TOGETHER)
            spent.append(time.monotonic() - began)
    except InputError:
        return None
    return statistics.mean(spent) / TOGETHER
