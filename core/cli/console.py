"""How a task's events look in a terminal: a progress bar on standard error, the result on standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from tqdm import tqdm

from ..base.events import Event, Message, Pace, Progress, Result, Sample
from ..base.printable import printable
from ..base.strict_json import dumps
from ..base.units import seconds_text
from .blocks import blocks_of
from .plain_text import cell_text, print_blocks

QUIET_SECONDS = 10.0
"""Where standard error is no terminal, a line this often; short work says nothing there but its warnings."""


def run(events: Iterator[Event]) -> Mapping[str, Any]:
    """Show a task's events as they come and return its result's data."""
    show = _Terminal() if sys.stderr.isatty() else _Log()
    result: Mapping[str, Any] = {}
    with closing(show):
        for event in events:
            if isinstance(event, Result):
                result = event.data
            else:
                show.event(event)
    return result


class _Terminal:
    """One bar for each stage."""

    def __init__(self) -> None:
        self._stage = ""
        self._bar: tqdm[Any] | None = None

    def event(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, Message):
            tqdm.write(printable(event.text), file=sys.stderr)
        elif isinstance(event, Sample) and self._bar is None:
            values = ", ".join(f"{name} {cell_text(value)}" for name, value in event.values.items())
            print(f"\r\033[K{event.series}: {values}", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _progress(self, event: Progress) -> None:
        if self._bar is None or event.stage != self._stage:
            self.close()
            self._stage = event.stage
            scaled = event.unit == "bytes"
            self._bar = tqdm(
                total=event.total,
                desc=printable(event.stage),
                unit="B" if scaled else f" {event.unit}",
                unit_scale=scaled,
            )
        self._bar.update(event.done - self._bar.n)


class _Log:
    """Notices, seldom a line of progress, and at the end the warnings."""

    def __init__(self) -> None:
        self._pace = Pace(QUIET_SECONDS)
        self._warnings: list[str] = []

    def event(self, event: Event) -> None:
        if isinstance(event, Message) and event.level == "warning":
            self._warnings.append(printable(event.text))
        elif isinstance(event, Message) and event.level == "notice":
            print(printable(event.text), file=sys.stderr, flush=True)
        elif isinstance(event, Progress) and self._pace.due():
            total = f" of {event.total:,}" if event.total else ""
            left = f", {seconds_text(event.left_s)} left" if event.left_s else ""
            print(printable(f"{event.stage}: {event.done:,}{total} {event.unit}{left}"), file=sys.stderr, flush=True)

    def close(self) -> None:
        # An error that ends the work is one line; warnings before it would only hide it.
        if sys.exc_info()[0] is None:
            for text in self._warnings:
                print(text, file=sys.stderr)


def show_result(data: Mapping[str, Any], as_json: bool) -> None:
    """The result on standard output: one line of JSON, or facts and tables for a reader."""
    if as_json:
        print(dumps(data, ascii_only=not _speaks_unicode()))
        return
    blocks = blocks_of(data)
    if not _is_able_terminal():
        print_blocks(blocks)
        return
    try:
        from .rich_blocks import draw_blocks  # imported for terminals alone: it takes its time
    except ImportError:
        print_blocks(blocks)
    else:
        draw_blocks(blocks)


def _is_able_terminal() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _speaks_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
