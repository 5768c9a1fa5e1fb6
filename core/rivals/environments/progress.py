"""What an installer's lines and the growing folder say of how far it is."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from ...base.events import Pace, Progress
from .places import InstalledEnvironment, bytes_on_disk

UNPACKED_FROM = 1.4
"""Bytes that lie on the disk meanwhile for each that is installed: wheels are downloaded first, and are compressed."""

START_S, BYTES_PER_S = 10.0, 35e6
"""What an installation is taken to need until this home has one to go by."""

TELLING_BYTES = 20_000_000
"""What is smaller took its time for other things than its bytes."""

COUNTED_SHARE = 20
"""Counting the bytes of a folder takes at most this fraction of the time."""

STAGES = (
    (re.compile(r"^Collecting ([\w.-]+)"), "collecting {}"),
    (re.compile(r"^\s*Downloading ([A-Za-z0-9]+(?:[_-][A-Za-z]\w*)*)"), "downloading {}"),
    (re.compile(r"^\s*Building wheel for ([\w.-]+)"), "building {}"),
    (re.compile(r"^\s*Building ([\w.-]+)==?"), "building {}"),
    (re.compile(r"^(Installing) collected packages"), "unpacking"),
    (re.compile(r"^Resolved (\d+) packages?"), "downloading {} packages"),
    (re.compile(r"^Prepared (\d+) packages?"), "unpacking {} packages"),
)
"""Lines of pip and uv that say what is being done."""


def expected_seconds(about: int, others: Iterable[InstalledEnvironment]) -> float:
    """What installing so many bytes takes, by the pace of what was installed in this home before."""
    known = [other for other in others if other.bytes > TELLING_BYTES]
    if not known:
        return START_S + about / BYTES_PER_S
    return START_S / 2 + about * sum(one.seconds for one in known) / sum(one.bytes for one in known)


class InstallProgress:
    """How far one installation is: bytes on disk of those expected, and what the installer is at."""

    def __init__(self, name: str, about: int, expected_s: float, folders: Sequence[Path]) -> None:
        self._name, self._folders = name, folders
        self._total = round(about * UNPACKED_FROM)
        self._done = 0
        self._doing = "starting"
        self._expected_s = expected_s
        self._began = time.monotonic()
        self._count_at = 0.0
        self._pace = Pace()

    def look(self, lines: Sequence[str], step: str) -> Progress | None:
        """The next event, where one is due. `step` is "" or, of several, "step 1 of 2"."""
        for line in lines:
            self._doing = _doing(line) or self._doing
        if not self._pace.due():
            return None
        self._count()
        stage = f"{self._name}{f' ({step})' if step else ''}: {self._doing}"
        left = self._expected_s - (time.monotonic() - self._began)
        return Progress(stage, self._done, self._total, "bytes", left if left > 0 else None)

    def _count(self) -> None:
        if time.monotonic() < self._count_at:
            return
        began = time.monotonic()
        there = sum(map(bytes_on_disk, self._folders))
        self._done = min(max(self._done, there), self._total)
        self._count_at = time.monotonic() + max((time.monotonic() - began) * COUNTED_SHARE, 1.0)


def _doing(line: str) -> str:
    for pattern, text in STAGES:
        if found := pattern.match(line):
            return text.format(found[1])
    return ""
