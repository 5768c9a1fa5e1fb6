"""Processor time of a process and everything below it, from Linux's /proc: for whole epochs of a loader's process tree.

Of a process, `/proc/PID/stat` has the clock ticks (1/100 s) that its threads spent in user mode and in the kernel,
and those of its children that have ended and were waited for (utime, stime, cutime, cstime: proc_pid_stat(5)).
"""

from __future__ import annotations

import os
from pathlib import Path

PARENT, UTIME, CSTIME = 1, 11, 14
"""Places among the fields that follow the process's name, which itself may hold spaces and parentheses."""


def tree_seconds(root: int | None = None, proc: Path = Path("/proc")) -> float:
    """Processor seconds, user and system, that `root` (this process) and its living descendants have spent so far.

    Those that have ended count where their parent waited for them, so the difference of two calls is what the tree
    spent between them.
    """
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for entry in proc.iterdir():
        if entry.name.isdigit() and (fields := _fields(entry / "stat")):
            parents[int(entry.name)] = int(fields[PARENT])
            ticks[int(entry.name)] = sum(map(int, fields[UTIME : CSTIME + 1]))
    root = os.getpid() if root is None else root
    return sum(ticks[process] for process in ticks if _below(process, root, parents)) / os.sysconf("SC_CLK_TCK")


def _fields(stat: Path) -> list[str]:
    """What follows the name; nothing of a process that has ended meanwhile."""
    try:
        return stat.read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _below(process: int, root: int, parents: dict[int, int]) -> bool:
    """Whether a process is `root` or descends from it."""
    while process in parents and process != root:
        process = parents[process]
    return process == root
