"""The process that does a job's work: runs the task, writes its events, reports the outcome."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..base.errors import InputError, WorkError, disk_error_text
from ..base.events import STARTING, Event, Progress, Result
from ..processes.freed_memory import keep_freed_memory
from .eventlog import EventWriter
from .files import read_json, write_json
from .job import EVENTS, OUTCOME, SPEC
from .tasks import TaskEntry, entry_of, expected_seconds, make

INTERRUPTED = 130
GRACE = 10.0
"""Seconds that a task has for tidying up after an interrupt before it is killed."""


def work(folder: Path, tasks: Mapping[str, TaskEntry]) -> int:
    """Run the task of the job in `folder`; the exit status is the command line's.

    The outcome is left in `outcome.json`: `{"result": ...}` or `{"error": sentence}`.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a server started in the background ignores it
    _end_with_supervisor()
    spec = read_json(folder / SPEC) or {}
    outcome: dict[str, Any]
    try:
        outcome, status = {"result": _record(_events(spec, tasks), folder)}, 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except InputError as error:
        outcome, status = {"error": str(error)}, 2
    except (WorkError, OSError, MemoryError) as error:
        traceback.print_exc(file=sys.stderr)
        outcome, status = {"error": _sentence(error)}, 1
    except Exception as error:  # noqa: BLE001 - the last line of defence: whatever it was, the person gets a sentence
        traceback.print_exc(file=sys.stderr)
        outcome, status = {"error": f"It failed unexpectedly ({_sentence(error)}); its log has the details."}, 1
    try:
        write_json(folder / OUTCOME, outcome)
    except OSError as error:  # the supervisor finds no outcome, and a status that says nothing else
        print(outcome.get("error") or _sentence(error), file=sys.stderr)
        return 1
    return status


def _events(spec: Mapping[str, Any], tasks: Mapping[str, TaskEntry]) -> Iterator[Event]:
    """Those of a job's task; before its libraries are imported, how long it will take, where that can be told."""
    name, fields = spec["task"], spec["fields"]
    if not entry_of(name, tasks).measures:
        keep_freed_memory()
    seconds = expected_seconds(name, fields, tasks)
    if seconds is not None:
        yield Progress(STARTING, 0, None, left_s=seconds)
    yield from make(name, fields, tasks).run()


def _record(events: Iterator[Event], folder: Path) -> Mapping[str, Any]:
    """Write the events as they come and hand back the result's data."""
    result: Mapping[str, Any] = {}
    writer = EventWriter(folder / EVENTS)
    try:
        for event in events:
            writer.write(event)
            if isinstance(event, Result):
                result = event.data
    finally:
        writer.close()
        _close(events)
    return result


def _close(events: Iterator[Event]) -> None:
    """Let an interrupted task tidy up now, not when it happens to be collected."""
    close = getattr(events, "close", None)
    if close is not None:
        close()


def _sentence(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "memory ran out"
    if isinstance(error, OSError):
        return disk_error_text(error, "the work")
    return str(error) or type(error).__name__


def _end_with_supervisor() -> None:
    """Stop when the supervisor is gone: standard input is a pipe whose other end only it holds."""
    threading.Thread(target=_await_end_of_input, daemon=True).start()


def _await_end_of_input() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(GRACE)
    os.killpg(0, signal.SIGKILL)
