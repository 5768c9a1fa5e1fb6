"""`Monitor`: what a job uses of the machine while it runs, twice a second, into a CSV file beside its record.

    with Monitor(recorder.beside("monitor.csv")) as monitor:
        ...work...
        monitor.latest()    # the last row, for a live Sample

Its columns, one row every half second:

    ts            seconds since the epoch
    gpu_util      percent, of the busiest GPU; empty where there is none
    gpu_mem_mb    in use on the GPUs, by whatever process
    cpu_pct       processor time of the job's processes, 100 is one core, since the row before
    rss_mb        memory of all processes, shared pages counted once; mapped files are in it, shared memory is not
    read_mb       read from disks since the monitor began (what the page cache served is not in it)
    write_mb      written to disks since the monitor began (counted when pages become dirty)
    shared_mb     shared memory
    mapped_mb     mapped files among rss_mb: page cache that the system may take back
    processes     how many there are
    monitor_pct   what the monitor's thread itself took of a core, since the row before
    background_pct  what other programs took of all processors, 100 is all of them, since the row before

MB are 1,000,000 bytes. A row is one write, so a killed job leaves whole rows.
"""

from __future__ import annotations

import csv
import math
import os
import statistics
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..base.files import Unreadable, read_whole
from ..machine.gpu import Gpus
from ..machine.process_tree import Counters, ProcessTree
from ..machine.programs import BusyPrograms, app_of_this_job
from .background_load import BUSY, BackgroundMeter, mean_shares

COLUMNS = (
    "ts",
    "gpu_util",
    "gpu_mem_mb",
    "cpu_pct",
    "rss_mb",
    "read_mb",
    "write_mb",
    "shared_mb",
    "mapped_mb",
    "processes",
    "monitor_pct",
    "background_pct",
)
INTERVAL = 0.5
MB = 1e6
SHORTEST = 0.05
"""Seconds: over less than this no share of a core is worth telling (the kernel counts in steps of 10 ms)."""

PROGRAMS_EVERY = 2.0
"""Seconds between two looks at all processes of the machine, which are taken only while others are busy."""

Row = Mapping[str, float | None]


class Monitor:
    """Watches `pids` and their descendants (this process where none are given) from a thread of its own.

    It costs this process about half a percent of a core, told exactly by `cost` and row by row. Trouble in writing
    ends the monitoring, not the job, and is told by `trouble`.
    """

    def __init__(self, path: Path, *pids: int, interval: float = INTERVAL) -> None:
        self.path = path
        self.trouble: str | None = None
        self._tree = ProcessTree(pids)
        self._interval = interval
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="monitor", daemon=True)
        self._latest: dict[str, float] = {}
        self._told = self._latest
        self._own_s = 0.0
        self._began = 0.0
        self._background: list[tuple[float, float]] = []
        self._programs: list[tuple[float, dict[str, float]]] = []

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._tree.look()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(timeout=5.0)

    def latest(self) -> dict[str, float]:
        """The last row, without the columns that this machine cannot fill; empty before the first."""
        return dict(self._latest)

    def news(self) -> dict[str, float]:
        """`latest`, once for each row: empty where there is none since it was asked for."""
        if self._latest is self._told:
            return {}
        self._told = self._latest
        return dict(self._told)

    def background_load(self, since: float = 0.0) -> float | None:
        """The median share of all processors, 0 to 1, that other programs took in the rows after `since`, as
        `time.monotonic` counts; of a shorter time the last row's. None before the first row.
        """
        shares = [share for at, share in self._background if at > since]
        shares = shares or [share for _, share in self._background[-1:]]
        return statistics.median(shares) if shares else None

    def background(self, since: float = 0.0) -> dict[str, Any]:
        """For a row of a record: `background_load` since then, and where that is much `background_programs`, the
        programs that were seen to take it (name -> share of all processors)."""
        load = self.background_load(since)
        told: dict[str, Any] = {"background_load": load}
        looks = [programs for at, programs in self._programs if at > since]
        looks = looks or [programs for _, programs in self._programs[-1:]]
        if load is not None and load >= BUSY and (named := mean_shares(looks)):
            told["background_programs"] = named
        return told

    def cost(self) -> float:
        """The share of one core that the monitor itself has taken so far: 0.005 is half a percent."""
        elapsed = time.monotonic() - self._began
        return self._own_s / elapsed if self._began and elapsed > 0 else 0.0

    def _watch(self) -> None:
        try:
            # Unbuffered: a process forked from this one inherits no half-written row.
            with self.path.open("wb", buffering=0) as file:
                file.write(_line(COLUMNS))
                self._write_rows(file.fileno())
        except OSError as error:
            self.trouble = f"the monitor stopped: {error.strerror or error}"

    def _write_rows(self, file: int) -> None:
        gpus, others, programs = Gpus(), BackgroundMeter(), BusyPrograms(app_of_this_job())
        due, before, used, own = self._began, time.monotonic(), self._tree.used, time.thread_time()
        ended = False
        while not ended:
            due = max(due + self._interval, time.monotonic())
            ended = self._ended.wait(due - time.monotonic())
            now = time.monotonic()
            if ended and now - before < SHORTEST and self._latest:
                return
            row = self._row(gpus, now - before, used)
            row["monitor_pct"] = 100 * (time.thread_time() - own) / max(now - before, SHORTEST)
            share = others.look(float(row["cpu_pct"] or 0.0))
            row["background_pct"] = None if share is None else 100 * share
            if share is not None:
                self._background.append((now, share))
                self._look_at_programs(programs, share)
            before, used, own = now, self._tree.used, time.thread_time()
            self._own_s = own
            self._latest = {name: value for name, value in row.items() if value is not None}
            os.write(file, _line([_cell(row[name]) for name in COLUMNS]))

    def _look_at_programs(self, programs: BusyPrograms, share: float) -> None:
        """Where others are busy, who they are. Of a look that lies long back nothing is told: they were quiet since."""
        since = time.monotonic() - programs.at
        if share < BUSY or since < PROGRAMS_EVERY:
            return
        taken = programs.look(self._tree.pids())
        if since < 2 * PROGRAMS_EVERY:
            self._programs.append((programs.at, taken))

    def _row(self, gpus: Gpus, elapsed: float, used: Counters) -> dict[str, float | None]:
        tree, gpu = self._tree.look(), gpus.look()
        return {
            "ts": time.time(),
            "gpu_util": gpu.util if gpu else None,
            "gpu_mem_mb": gpu.memory_bytes / MB if gpu else None,
            "cpu_pct": 100 * (tree.used.cpu_s - used.cpu_s) / max(elapsed, SHORTEST),
            "rss_mb": tree.memory.resident / MB,
            "read_mb": tree.used.read_bytes / MB,
            "write_mb": tree.used.write_bytes / MB,
            "shared_mb": tree.memory.shared / MB,
            "mapped_mb": tree.memory.mapped / MB,
            "processes": tree.processes,
        }


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}".rstrip("0").rstrip(".")


def _line(cells: Sequence[str]) -> bytes:
    return (",".join(cells) + "\n").encode()


def read_monitor(path: Path) -> list[dict[str, float | None]]:
    """The rows of a monitor's file, ours or one with fewer columns; a row that is cut short or foreign is left out.

    A file that is not there, or is none, has none.
    """
    try:
        whole, _, _ = read_whole(path).decode("utf-8", "replace").rpartition("\n")
    except Unreadable:
        return []
    rows = [_numbers(row) for row in csv.DictReader(whole.splitlines())]
    return [row for row in rows if row is not None]


def _numbers(row: Mapping[str | None, str | None]) -> dict[str, float | None] | None:
    if None in row or row.get("ts") in (None, "") or any(cell is None for cell in row.values()):
        return None
    try:
        numbers = {str(name): float(cell) if cell else None for name, cell in row.items()}
    except ValueError:
        return None
    return numbers if all(value is None or math.isfinite(value) for value in numbers.values()) else None
