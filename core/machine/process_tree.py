"""What a tree of processes uses: processor time, disk bytes and memory, whoever of it comes and goes.

A process that ended hands its processor time and its disk bytes to the parent that waited for it (Linux: getrusage(2),
RUSAGE_CHILDREN, and proc_pid_io(5)). So a tree's totals count each process's own figures and those of the children it
waited for, and even a process that lived between two looks is counted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

import psutil

PSS_SHARE = 0.005
"""Of the time, at most this share goes into asking the kernel for proportional memory: it walks page tables."""


ASK_ALL_SECONDS = 10.0
"""Between two times that the parents of all processes are asked anew."""


class Counters(NamedTuple):
    """What was used so far: seconds of processor time, bytes read from and written to disks."""

    cpu_s: float = 0.0
    read_bytes: float = 0.0
    write_bytes: float = 0.0

    def plus(self, other: Counters) -> Counters:
        return Counters(*(a + b for a, b in zip(self, other, strict=True)))

    def minus(self, other: Counters) -> Counters:
        return Counters(*(a - b for a, b in zip(self, other, strict=True)))

    def covers(self, other: Counters) -> bool:
        """Whether none of these is below the other's."""
        return all(a >= b for a, b in zip(self, other, strict=True))


ROUNDED = Counters(0.03)
"""By how much a child's figures may pass what its parent is told of it: ticks of 10 ms, each kind rounded by itself."""


class MemoryUse(NamedTuple):
    """Bytes of memory in use, pages that several processes share counted once.

    `resident` is private memory and mapped files, `mapped` the mapped files among it (page cache that the system may
    take back), `shared` shared memory, which `resident` leaves out.
    """

    resident: float = 0.0
    mapped: float = 0.0
    shared: float = 0.0


class ProcessUse(NamedTuple):
    """One process at one look: its parent, and what it and the children it waited for have used."""

    parent: int
    used: Counters


class Ledger:
    """Sums up the counters of processes over many looks; the sum never falls."""

    def __init__(self) -> None:
        self._seen: dict[int, ProcessUse] | None = None
        self.total = Counters()

    def update(self, seen: Mapping[int, ProcessUse]) -> Counters:
        """Take another look in (process id -> entry) and return the total since the first one."""
        before, self._seen = self._seen, dict(seen)
        if before is None:
            return self.total
        gains = {pid: entry.used.minus(_known(before, pid, entry)) for pid, entry in seen.items()}
        for pid, entry in before.items():
            heir = _heir(before, seen, pid)
            if heir is not None and gains[heir].plus(ROUNDED).covers(entry.used):
                gains[heir] = gains[heir].minus(entry.used)  # counted while it lived, and handed up when it ended
        for gain in gains.values():
            self.total = self.total.plus(Counters(*(max(part, 0.0) for part in gain)))
        return self.total


def _known(before: Mapping[int, ProcessUse], pid: int, entry: ProcessUse) -> Counters:
    """What was counted of a process already: nothing where it is new, or another one that got an old number."""
    known = before.get(pid)
    return known.used if known is not None and entry.used.covers(known.used) else Counters()


def _heir(before: Mapping[int, ProcessUse], seen: Mapping[int, ProcessUse], pid: int) -> int | None:
    """The nearest ancestor that is still there of a process that is gone."""
    if pid in seen:
        return None
    passed = {pid}
    while (pid := before[pid].parent) in before and pid not in passed:
        if pid in seen:
            return pid
        passed.add(pid)
    return None


class ProcessTree:
    """Processes and all their descendants. `look()` first, then read `used`, `memory` and `processes`."""

    def __init__(self, pids: Iterable[int] = ()) -> None:
        self._family = _Family(pids or (os.getpid(),))
        self._ledger = Ledger()
        self._book = _MemoryBook()
        self.used = Counters()
        self.memory = MemoryUse()
        self.processes = 0

    def pids(self) -> list[int]:
        """The processes that are there now."""
        return [process.pid for process in self._family.members()]

    def look(self) -> Self:
        """Bring the figures up to now. A process that ends meanwhile is left to its parent."""
        seen: dict[int, ProcessUse] = {}
        private: dict[int, int] = {}
        for process in self._family.members():
            with suppress(psutil.Error), process.oneshot():
                seen[process.pid] = ProcessUse(process.ppid(), _counters(process))
                memory = process.memory_info()
                private[process.pid] = memory.rss - getattr(memory, "shared", 0)
        self.used = self._ledger.update(seen)
        self.memory = self._book.read(private)
        self.processes = len(seen)
        return self


class PeakUsage:
    """What this process and its descendants use from now on: seconds of processor time, and the most memory at a look,
    shared pages once and mapped files left out."""

    def __init__(self) -> None:
        self._tree = ProcessTree().look()
        self._looked = time.monotonic()
        self.cpu_s = 0.0
        self.peak_memory_bytes = self._memory

    def look(self, every: float = 0.0) -> None:
        """Bring the figures up to now, unless that was done less than `every` seconds ago."""
        if time.monotonic() - self._looked < every:
            return
        self._tree.look()
        self._looked = time.monotonic()
        self.cpu_s = self._tree.used.cpu_s
        self.peak_memory_bytes = max(self.peak_memory_bytes, self._memory)

    @property
    def _memory(self) -> float:
        memory = self._tree.memory
        return memory.resident - memory.mapped + memory.shared


class _Family:
    """Finds the descendants of processes. The parent of each process of the system is asked once, not at every look."""

    def __init__(self, roots: Iterable[int]) -> None:
        self._roots = list(roots)
        self._parents: dict[int, int] = {}
        self._processes: dict[int, psutil.Process] = {pid: psutil.Process(pid) for pid in self._roots}
        self._ask_all_at = 0.0

    def members(self) -> list[psutil.Process]:
        """The roots and their descendants that are there now."""
        self._learn_parents()
        children: dict[int, list[int]] = {}
        for pid, parent in self._parents.items():
            children.setdefault(parent, []).append(pid)
        found = list(dict.fromkeys(pid for pid in self._roots if pid in self._parents))
        for pid in found:  # grows while it is walked
            found += [child for child in children.get(pid, ()) if child not in found]
        self._processes = {pid: process for pid in found if (process := self._process(pid)) is not None}
        return list(self._processes.values())

    def _learn_parents(self) -> None:
        if time.monotonic() >= self._ask_all_at:  # a number may have been given to another process meanwhile
            self._ask_all_at = time.monotonic() + ASK_ALL_SECONDS
            self._parents = {}
        there = psutil.pids()
        known, self._parents = self._parents, {}
        for pid in there:
            with suppress(psutil.Error):
                self._parents[pid] = known[pid] if pid in known else psutil.Process(pid).ppid()

    def _process(self, pid: int) -> psutil.Process | None:
        with suppress(psutil.Error):
            return self._processes.get(pid) or psutil.Process(pid)
        return None


def _counters(process: psutil.Process) -> Counters:
    cpu = process.cpu_times()
    seconds = cpu.user + cpu.system + getattr(cpu, "children_user", 0.0) + getattr(cpu, "children_system", 0.0)
    with suppress(psutil.Error, AttributeError, OSError):  # macOS counts no bytes, a zombie may not be asked
        disk = process.io_counters()
        return Counters(seconds, disk.read_bytes, disk.write_bytes)
    return Counters(seconds)


class _MemoryBook:
    """Proportional memory where the kernel tells it, seldom enough to stay cheap; between, private growth is added."""

    def __init__(self) -> None:
        self._exact: dict[int, tuple[MemoryUse, int]] = {}  # id -> what was told, and the private bytes then
        self._next = 0.0

    def read(self, private: Mapping[int, int]) -> MemoryUse:
        """Memory of these processes: id -> bytes that are neither shared nor mapped."""
        if time.monotonic() >= self._next:
            began = time.thread_time()
            told = {pid: proportional_memory(pid) for pid in private}
            self._exact = {pid: (memory, private[pid]) for pid, memory in told.items() if memory is not None}
            self._next = time.monotonic() + (time.thread_time() - began) / PSS_SHARE
        return _sum(self._grown(pid, now) for pid, now in private.items())

    def _grown(self, pid: int, now: int) -> MemoryUse:
        """A process that the kernel tells nothing of has its private bytes at least."""
        exact, then = self._exact.get(pid, (MemoryUse(), 0))
        return exact._replace(resident=max(exact.resident + now - then, 0.0))


def _sum(parts: Iterable[MemoryUse]) -> MemoryUse:
    return MemoryUse(*map(sum, zip(MemoryUse(), *parts, strict=True)))


def proportional_memory(pid: int) -> MemoryUse | None:
    """A process's share of memory, each page divided by those that map it (proc_pid_smaps(5)); None where untold."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return None
    told = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
    if not {"Pss", "Pss_File", "Pss_Shmem"} <= told.keys():
        return None
    return MemoryUse(told["Pss"] - told["Pss_Shmem"], told["Pss_File"], told["Pss_Shmem"])
