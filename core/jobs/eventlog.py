"""The events of a job as lines in a file: written by one process, read by others as it grows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from ..base.checked_fields import NUMBER
from ..base.events import Event, Progress, from_fields, to_fields
from ..base.files import Unreadable, open_plain, parse_object
from ..base.strict_json import dumps

INTERVAL = 0.1
"""Seconds between two progress lines of the same stage; what comes faster is thinned out."""


class Stamped(NamedTuple):
    """An event and when it was written (seconds since the epoch)."""

    at: float
    event: Event


class EventWriter:
    """Appends events. Of fast progress only the first, the last and one each `INTERVAL` is written."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("a", encoding="utf-8", buffering=1)
        self._held_back: Progress | None = None
        self._stage = ""
        self._last = 0.0

    def write(self, event: Event) -> None:
        if isinstance(event, Progress) and self._too_soon(event):
            self._held_back = event
            return
        self._flush(event)
        if isinstance(event, Progress):
            self._stage, self._last = event.stage, time.monotonic()
        self._line(event)

    def close(self) -> None:
        self._flush(None)
        self._file.close()

    def _too_soon(self, event: Progress) -> bool:
        complete = event.total is not None and event.done >= event.total
        return event.stage == self._stage and not complete and time.monotonic() - self._last < INTERVAL

    def _flush(self, following: Event | None) -> None:
        """Write progress that was held back, unless `following` says more of the same stage."""
        held, self._held_back = self._held_back, None
        if held is not None and not (isinstance(following, Progress) and following.stage == held.stage):
            self._line(held)

    def _line(self, event: Event) -> None:
        self._file.write(dumps({"at": round(time.time(), 3), **to_fields(event)}) + "\n")


class EventReader:
    """Reads what has been added since the last call. Costs nothing where nothing was added."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def new(self) -> Iterator[Stamped]:
        """The events of all lines that are complete; half a line waits for its other half."""
        try:
            with open_plain(self._path) as file:
                file.seek(self._offset)
                added = file.read(AT_ONCE)
        except (OSError, Unreadable):
            return
        whole = added[: added.rfind(b"\n") + 1]
        # More than that without an end is no line of ours.
        self._offset += len(whole) if whole or len(added) < AT_ONCE else len(added)
        for line in whole.splitlines():
            stamped = _parse(line)
            if stamped is not None:
                yield stamped


AT_ONCE = 32_000_000
"""Bytes that are read in one call; the next one goes on behind them."""


def _parse(line: bytes) -> Stamped | None:
    """None for a line that a dying writer left in pieces, or that is no event."""
    try:
        fields = parse_object(line)
        at = fields.pop("at")
        return Stamped(float(at), from_fields(fields)) if NUMBER.fits(at) else None
    except (Unreadable, ValueError, KeyError):
        return None
