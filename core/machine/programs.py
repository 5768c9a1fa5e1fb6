"""Which programs keep the processors busy beside a measurement: their names, and the share that each takes."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from ..base.printable import printable

APP_VARIABLE = "FORMAT_MATTERS_APP"
"""In the environment of a job: the process id of the app that has started it."""

APP = "this app"
"""The name of all processes of the app whose job measures, but the job's own."""

LEAST = 0.01
"""Of all processors: the share from which on a program is named."""

MOST_NAMED = 4
LONGEST_NAME = 48

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PYTHON = re.compile(r"python[\d.]*|pypy[\d.]*")


class ProcessTimes(NamedTuple):
    """One process at one look: its name, which may change, its parent, the seconds of a processor that it has used, and
    when it began, by which it is told from another one that got its number."""

    name: str
    parent: int
    seconds: float
    began: float = 0.0


class BusyPrograms:
    """Looks at all processes of the machine; what each program took between two looks. `app`: see `app_of_this_job`."""

    def __init__(self, app: int | None = None) -> None:
        self._app = app
        self._before, self.at = all_processes(), time.monotonic()

    def look(self, own: Collection[int] = ()) -> dict[str, float]:
        """Name -> share of all processors (0 to 1) since the last look, the busiest first, without the processes of the
        measurement (`own`). About 20 µs a process on Linux.

        A process that began or ended between the looks is told by what it had used when it was seen, or not at all.
        """
        now, at = all_processes(), time.monotonic()
        available = max(at - self.at, 1e-3) * (psutil.cpu_count() or 1)
        apps = set() if self._app is None else descendants(now, self._app)
        used: dict[str, float] = {}
        for pid, process in now.items():
            before = self._before.get(pid)
            known = before.seconds if before is not None and before.began == process.began else 0.0
            share = (process.seconds - known) / available
            if pid in own or share < LEAST / 10:
                continue
            name = APP if pid in apps else program_name(process.name, pid)
            used[name] = used.get(name, 0.0) + share
        self._before, self.at = now, at
        named = sorted(((share, name) for name, share in used.items() if share >= LEAST), reverse=True)
        return {name: min(share, 1.0) for share, name in named[:MOST_NAMED]}


def app_of_this_job(environment: Mapping[str, str] = os.environ) -> int | None:
    """The app that has started the job of this process; None where there is none, or it has ended since."""
    told = environment.get(APP_VARIABLE, "")
    if not told.isdecimal():
        return None
    with suppress(psutil.Error):
        return int(told) if int(told) in {parent.pid for parent in psutil.Process().parents()} else None
    return None


def all_processes() -> dict[int, ProcessTimes]:
    """Those that may be looked at. A process that ends meanwhile is left out."""
    try:
        pids = [int(name) for name in os.listdir(_PROC) if name.isdecimal()]  # noqa: PTH208 - half the time
    except OSError:
        return _asked()
    found = {}
    for pid in pids:
        with suppress(OSError, ValueError, IndexError):
            found[pid] = parsed((_PROC / str(pid) / "stat").read_bytes())
    return found or _asked()


def parsed(stat: bytes) -> ProcessTimes:
    """Of /proc/PID/stat (proc_pid_stat(5)): the name stands in brackets and may hold any byte, brackets too."""
    name, _, rest = stat.partition(b"(")[2].rpartition(b")")
    fields = rest.split()
    used = (int(fields[11]) + int(fields[12])) / _TICKS
    return ProcessTimes(name.decode("utf-8", "replace"), int(fields[1]), used, float(fields[19]))


def _asked() -> dict[int, ProcessTimes]:
    """The same where there is no /proc."""
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            times = process.cpu_times()
            used = times.user + times.system
            found[process.pid] = ProcessTimes(process.name(), process.ppid(), used, process.create_time())
    return found


def descendants(processes: Mapping[int, ProcessTimes], root: int) -> set[int]:
    """`root` and all processes below it."""
    children: dict[int, list[int]] = {}
    for pid, process in processes.items():
        children.setdefault(process.parent, []).append(pid)
    found, left = set(), [root]
    while left:
        if (pid := left.pop()) not in found:
            found.add(pid)
            left += children.get(pid, [])
    return found


def program_name(name: str, pid: int) -> str:
    """As people call it: of a Python process what it runs, of a kernel's worker the kind. No argument is told."""
    if _PYTHON.fullmatch(name):
        with suppress(psutil.Error):
            name = f"{name} {ran}" if (ran := python_program(psutil.Process(pid).cmdline())) else name
    return printable(name.split("/")[0])[:LONGEST_NAME]


def python_program(command: Iterable[str]) -> str:
    """The module or script of a Python's command line; nothing where it has none."""
    words = iter(list(command)[1:])
    for word in words:
        if word == "-m":
            return next(words, "").removesuffix(".__main__")
        if word == "-c":
            return ""
        if word in ("-W", "-X"):
            next(words, "")
        elif not word.startswith("-"):
            return word.replace("\\", "/").rpartition("/")[2]
    return ""
