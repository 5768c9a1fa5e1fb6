"""How fast the disk under a home reads, writes and answers, measured in about two seconds."""

from __future__ import annotations

import mmap
import os
import random
import time
from pathlib import Path
from typing import NamedTuple

FILE_BYTES = 1 << 28
PIECE = 1 << 22
SECONDS = 1.0
"""For writing and for reading at most, each."""

ASKED = 4096
MOMENT = 0.3


class DiskRates(NamedTuple):
    """MB/s are 10^6 bytes per second; `latency_ms` of a read of 4 KiB at a random place, one at a time."""

    write_mb_s: float
    read_mb_s: float
    latency_ms: float

    @property
    def requests_s(self) -> float:
        """One at a time; a disk that answers several at once does better."""
        return 1e3 / max(self.latency_ms, 1e-6)


def measure_disk(folder: Path) -> DiskRates:
    """In a file of up to `FILE_BYTES` in `folder`, which is removed. What was written is synced, and dropped from the
    page cache before it is read; a file system in memory answers from memory, as it will then. Raises OSError."""
    path = folder / "disk-trial"
    try:
        written, write_s = _write(path)
        with path.open("rb", buffering=0) as file:
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            latency = _latency(file.fileno(), written)
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            read, read_s = _read(file.fileno())
        return DiskRates(written / write_s / 1e6, read / read_s / 1e6, latency * 1e3)
    finally:
        path.unlink(missing_ok=True)


def _write(path: Path) -> tuple[int, float]:
    piece = random.Random(0).randbytes(PIECE)
    began = time.perf_counter()
    written = 0
    with path.open("wb", buffering=0) as file:
        while written < FILE_BYTES and time.perf_counter() - began < SECONDS:
            written += file.write(piece)
        os.fsync(file.fileno())
    return written, time.perf_counter() - began


def _read(descriptor: int) -> tuple[int, float]:
    os.lseek(descriptor, 0, os.SEEK_SET)
    memory = mmap.mmap(-1, PIECE)  # not a new allocation each time
    began = time.perf_counter()
    done = 0
    while time.perf_counter() - began < SECONDS and (count := os.readv(descriptor, [memory])):
        done += count
    return done, max(time.perf_counter() - began, 1e-9)


def _latency(descriptor: int, size: int) -> float:
    """The median of reads at random places; the first read of a place is not one of what was read ahead."""
    dice, found = random.Random(1), list[float]()
    ends = time.perf_counter() + MOMENT
    while time.perf_counter() < ends or not found:
        offset = dice.randrange(max(size // ASKED, 1)) * ASKED
        began = time.perf_counter()
        os.pread(descriptor, ASKED, offset)
        found.append(time.perf_counter() - began)
    return sorted(found)[len(found) // 2]
