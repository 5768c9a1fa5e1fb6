"""Files that the inspector has open: each in a reader process that all sessions share, its answers kept."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from core.base.contracts import Labels
from core.base.errors import FormatMattersError
from core.inspect import search
from core.inspect.changes import statuses
from core.inspect.display import Choice
from core.inspect.files import InspectedFile
from core.inspect.process import ReaderDied
from core.inspect.reader_request import ReaderRequest
from core.inspect.remote.location import RemotePath, located
from core.inspect.requests import (
    Cell,
    CellsRequest,
    CensusRequest,
    EncodedSizesRequest,
    FindRequest,
    InspectedSample,
    MatchingRequest,
    NumbersRequest,
    PayloadRequest,
    SampleRequest,
    SummaryRequest,
)
from core.inspect.search import Census, Wanted
from core.inspect.size_estimate import SizeEstimate, estimates
from ui.shared import state
from ui.shared.cached import cache_data, cache_resource

T = TypeVar("T")

OPEN_FILES = 8
IDLE_SECONDS = 300
HOPELESS_SECONDS = 600
AT_ONCE = 2.0
"""Seconds within which a reader that was released says that it is gone; one that dies later died of the question."""

CENSUS_SECONDS = 0.4
COUNT_SECONDS = 5.0
FIRST_SECONDS, SEARCH_SECONDS = 0.15, 1.0
"""Of a search's first round, which is answered at once, and of each that follows."""

SEARCH_MOST = 100_000
SIZES_SECONDS = 2.0
BOX = 576
"""Pixels of the longer side of a picture as it is sent, twice what it is shown at."""

SAMPLED = 200
DEATHS = 6
"""Readers that one page of a damaged file may cost."""


@dataclass(frozen=True)
class Span:
    """A part of a file's records: `start` <= i < `stop`. `stamp` changes whenever the file does; `schema` is the way
    in which it is to be read, None for the recognised one; `choice` how its pictures are drawn."""

    path: str
    stamp: int
    start: int
    stop: int
    schema: str | None = None
    choice: Choice = field(default_factory=Choice)

    @classmethod
    def of_split(cls, store: Path, samples: dict[str, int], split: str) -> Span:
        """One split of a built store, whose records are its splits one after the other."""
        names = list(samples)
        start = sum(samples[name] for name in names[: names.index(split)])
        return cls(str(store), stamp_of(store / "manifest.json"), start, start + samples[split])

    @classmethod
    def of_file(cls, path: str, schema: str | None = None) -> Span:
        """All records of a file or folder. Raises what `summary` does."""
        stamp = stamp_of(located(path))
        return cls(path, stamp, 0, int(summary(path, stamp, schema)["entries"]), schema)

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class SearchResult:
    """What a search has brought: positions in the span, and how many of `total` records were looked at."""

    positions: Labels
    looked: int
    total: int

    @property
    def complete(self) -> bool:
        return self.looked >= self.total


def stamp_of(path: Path) -> int:
    """Changes whenever what is opened of a path is replaced or written to; 0 where there is nothing."""
    try:
        found = statuses(path)
    except (OSError, FormatMattersError):
        return 0
    return hash(tuple((status.st_mtime_ns, status.st_size, status.st_ino) for status in found))


def changed_at(path: Path) -> float:
    """When what is opened of a path was last written to, as `time.time` tells time. Raises OSError."""
    return max((status.st_mtime for status in statuses(path)), default=0.0)


@cache_data(max_entries=16, show_spinner="Opening…")
def summary(path: str, stamp: int, schema: str | None) -> dict[str, Any]:
    """Everything about a file as a whole, see `SummaryRequest`."""
    return _ask(path, stamp, schema, SummaryRequest())


def walked(path: str, schema: str | None) -> tuple[int, int] | None:
    """(done, total) bytes of a file that must be walked through before all of its records are known; None for any
    other. Raises what `summary` does."""
    stamp = stamp_of(located(path))
    return _open(path, stamp, schema, _hopeless(path, stamp, schema)).walked


def walk_on(path: str, schema: str | None, seconds: float) -> None:
    """Walk on through such a file for so long. Raises what `summary` does."""
    stamp = stamp_of(located(path))
    _open(path, stamp, schema, _hopeless(path, stamp, schema)).walk(seconds)
    summary.clear(path, stamp, schema)


def remote(path: str, schema: str | None) -> dict[str, Any] | None:
    """What a file at an address has taken by now, see `InspectedFile.remote`; None for any other. Raises what `summary`
    does."""
    stamp = stamp_of(located(path))
    return _open(path, stamp, schema, _hopeless(path, stamp, schema)).remote


def forget(path: str, schema: str | None) -> None:
    """Open a file anew when it is asked for the next time."""
    stamp = stamp_of(located(path))
    summary.clear(path, stamp, schema)
    _opened.clear(path, stamp, schema)


def classes(span: Span) -> list[str] | None:
    """The names of the classes by number, where the file gives them."""
    names: list[str] | None = summary(span.path, span.stamp, span.schema)["classes"]
    return names


def cells(span: Span, positions: tuple[int, ...], edge: int) -> list[Cell]:
    """Some records of a span, made to fit `edge` pixels. One that kills the reader is a cell that says so."""
    return _cells(span, positions, edge, [DEATHS])


def _cells(span: Span, positions: tuple[int, ...], edge: int, deaths: list[int]) -> list[Cell]:
    try:
        if deaths[0] <= 0:
            raise ReaderDied("not read: too many records on this page crashed the reader")
        return _of(span, CellsRequest([span.start + position for position in positions], edge, span.choice))
    except ReaderDied as error:
        deaths[0] -= 1
        if len(positions) == 1 or deaths[0] < 0:
            return [Cell({"key": f"#{position}", "problem": str(error)}, None) for position in positions]
    half = len(positions) // 2
    return _cells(span, positions[:half], edge, deaths) + _cells(span, positions[half:], edge, deaths)


@cache_data(max_entries=64, show_spinner=False)
def sample(span: Span, position: int) -> InspectedSample:
    """One record of a span, whole."""
    return _of(span, SampleRequest(span.start + position, choice=span.choice))


@cache_data(max_entries=128, show_spinner=False)
def picture(span: Span, position: int) -> InspectedSample:
    """The same, its pictures no larger than they are shown. Also asked for by threads that draw no page."""
    return _of(span, SampleRequest(span.start + position, choice=span.choice, box=BOX))


def payload(span: Span, position: int) -> bytes:
    """All bytes of one record."""
    return _of(span, PayloadRequest(span.start + position))


@cache_data(max_entries=8, show_spinner="Reading labels…")
def labels(span: Span) -> Labels | None:
    """The class numbers of a span, int64, where its file keeps them together."""
    numbers = _of(span, NumbersRequest())
    return None if numbers is None else numbers[span.start : span.stop]


@cache_data(max_entries=32, show_spinner=False)
def census(span: Span, seconds: float = CENSUS_SECONDS) -> Census:
    """How often each label occurs in a span."""
    numbers = labels(span)
    return search.of_numbers(numbers) if numbers is not None else _of(span, CensusRequest(seconds))


def matching(span: Span, wanted: Wanted, rounds: int) -> SearchResult:
    """What was found after so many rounds."""
    numbers = labels(span) if wanted.label is not None and not wanted.key else None
    if numbers is not None:
        return SearchResult(np.flatnonzero(numbers == wanted.label), len(span), len(span))
    found, looked = [np.empty(0, np.int64)], 0
    for number in range(rounds):
        positions, looked = _round(span, wanted, looked, SEARCH_SECONDS if number else FIRST_SECONDS)
        found.append(positions)
        if looked >= len(span):
            break
    return SearchResult(np.concatenate(found), looked, len(span))


@cache_data(max_entries=256, show_spinner="Looking through the entries…")
def _round(span: Span, wanted: Wanted, looked: int, seconds: float) -> tuple[Labels, int]:
    positions, end = _of(span, MatchingRequest(wanted, span.start + looked, seconds, SEARCH_MOST))
    return positions[positions < span.stop] - span.start, min(end, span.stop) - span.start


@cache_data(max_entries=32, show_spinner="Looking for it…")
def find(span: Span, key: str) -> int | None:
    """The position in the span of a record by its key."""
    index = _of(span, FindRequest(key))
    return index - span.start if index is not None and span.start <= index < span.stop else None


@cache_data(max_entries=16, show_spinner=False)
def encoded_sizes(span: Span) -> list[dict[str, int]]:
    """Sizes of some records, drawn at random, here and in other encodings; see `size_estimate.encoded_sizes`."""
    drawn = np.random.default_rng(0).permutation(search.spread(len(span), 50 * SAMPLED))[:SAMPLED]
    return _of(span, EncodedSizesRequest([span.start + int(one) for one in drawn], SIZES_SECONDS))


def estimated(span: Span) -> list[SizeEstimate]:
    """What the span would occupy in each format, the smallest first."""
    return estimates(encoded_sizes(span), len(span))


@cache_data(max_entries=32, show_spinner="Reading the layout…")
def ask(span: Span, request: ReaderRequest[T]) -> T:
    """The answer to a request that is about the file as a whole."""
    return _of(span, request)


@cache_data(max_entries=32, show_spinner=False)
def largest_edge(span: Span) -> int:
    """The longer side of the first record's image, in pixels; 0 where it is none."""
    shape = sample(span, 0).about["shape"] if len(span) else None
    return max(shape[:2]) if shape else 0


# ---------------------------------------------------------------- the readers


class _Kept:
    """An open file that closes itself when nobody has asked it anything for a while."""

    def __init__(self, file: InspectedFile) -> None:
        self._file = file
        self._timer: threading.Timer | None = None

    @property
    def walked(self) -> tuple[int, int] | None:
        return self._file.walked

    @property
    def remote(self) -> dict[str, Any] | None:
        return self._file.remote

    def ask(self, request: ReaderRequest[T]) -> T:
        with self._in_use():
            return self._file.ask(request)

    def walk(self, seconds: float) -> None:
        with self._in_use():
            for _ in self._file.walk(seconds):
                pass

    @contextlib.contextmanager
    def _in_use(self) -> Iterator[None]:
        self._stop_timer()
        try:
            yield
        finally:
            self._timer = threading.Timer(IDLE_SECONDS, self._file.close)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        self._stop_timer()
        self._file.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _of(span: Span, request: ReaderRequest[T]) -> T:
    return _ask(span.path, span.stamp, span.schema, request)


def _ask(path: str, stamp: int, schema: str | None, request: ReaderRequest[T]) -> T:
    """Ask the file's reader; where it was gone already (idle, or killed by another question), ask a new one once."""
    hopeless = _hopeless(path, stamp, schema)
    if hopeless:
        raise ReaderDied(hopeless[0])
    for last in (False, True):
        began = time.monotonic()
        try:
            return _open(path, stamp, schema, hopeless).ask(request)
        except ReaderDied:
            _opened.clear(path, stamp, schema)
            if last or time.monotonic() - began > AT_ONCE:
                raise
    raise AssertionError("the second answer was returned or raised")


def _open(path: str, stamp: int, schema: str | None, hopeless: list[str]) -> _Kept:
    """The file's reader; one that took long to die while it opened the file is noted in `hopeless`."""
    began = time.monotonic()
    try:
        return _opened(path, stamp, schema)
    except ReaderDied as error:
        if time.monotonic() - began > AT_ONCE:
            hopeless.append(str(error))
        raise


@cache_resource(ttl=HOPELESS_SECONDS, max_entries=64, show_spinner=False)
def _hopeless(path: str, stamp: int, schema: str | None) -> list[str]:
    """Why a file cannot be opened, where finding out took long: a page asks many questions, and each would take as
    long again."""
    return []


@cache_resource(max_entries=OPEN_FILES, show_spinner=False, on_release=lambda kept: kept.close())
def _opened(path: str, stamp: int, schema: str | None) -> _Kept:
    """`stamp` is part of the cache's key only: a file that was written again is another one."""
    given = located(path)
    opened = given if isinstance(given, RemotePath) else os.path.realpath(path)
    return _Kept(InspectedFile(opened, schema, home=state.home()))
