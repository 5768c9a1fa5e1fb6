"""Readers of the Inspector that serve one file after another: starting a process takes longer than most tests do.

What is tested is all there: the process, its limits, the messages. A reader goes on with the next file where its last
answer came whole and was none about a limit; any other ends with its file, as every reader does outside the tests.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from core.inspect import reader_pool, wire
from core.inspect.process import ReaderProcess
from core.inspect.reader_pool import Started

_exchange, _end = ReaderProcess._exchange, Started.end

FILES = 15
"""So many files a reader serves: it closes none, and may have 64 open."""

_served: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
"""Files that a process has served. One whose last answer did not come whole is not among these."""

_keeping = False


def keep_readers() -> None:
    """From now on, in this process."""
    global _keeping
    _keeping = True
    ReaderProcess._exchange, Started.end = _noted, _end_or_keep


@contextmanager
def own_readers() -> Iterator[None]:
    """Within it, each file has a reader of its own, as there is outside the tests."""
    global _keeping
    end_kept()
    _keeping = False
    try:
        yield
    finally:
        end_kept()
        _keeping = True


def end_kept() -> None:
    """End the reader that waits."""
    while reader_pool._ahead:
        _end(reader_pool._ahead.pop())


def _noted(reader: ReaderProcess, request: Mapping[str, Any], timeout: float) -> wire.Message:
    served = _served.pop(reader._process, 0) + (request["request"] == "open")
    fields, blobs = _exchange(reader, request, timeout)
    if not fields.get("limit"):
        _served[reader._process] = served
    return fields, blobs


def _end_or_keep(started: Started) -> None:
    if not (_keeping and started.is_ours and _served.get(started.process, FILES) < FILES):
        _end(started)
    elif not reader_pool._ahead:
        started.complaints.seek(0)
        started.complaints.truncate()
        reader_pool._ahead.append(started)
    elif started not in reader_pool._ahead:
        _end(started)
