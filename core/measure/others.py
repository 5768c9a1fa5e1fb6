"""What the rest of the machine does while something is measured: figures of a busy machine are too low."""

from __future__ import annotations

import statistics
import time

import psutil

SHORTEST = 0.3
"""Seconds: over less than this the kernel's counts of processor time are too coarse."""


class Others:
    """The share of all processors that other programs took, from looks at moments that are some time apart."""

    def __init__(self) -> None:
        self._busy, self._at = _busy_seconds(), time.monotonic()
        self._shares: list[float] = []

    def look(self, own_pct: float) -> None:
        """`own_pct`: what the measurement itself took meanwhile, 100 is one processor."""
        busy, now = _busy_seconds(), time.monotonic()
        if now - self._at < SHORTEST:
            return
        count = psutil.cpu_count() or 1
        taken = (busy - self._busy) / (now - self._at) - own_pct / 100
        self._shares.append(min(max(taken / count, 0.0), 1.0))
        self._busy, self._at = busy, now

    @property
    def share(self) -> float | None:
        """The median, 0 to 1; None where there was no time to look."""
        return statistics.median(self._shares) if self._shares else None


def _busy_seconds() -> float:
    """Seconds that all processors together have worked so far, or were kept from it by a hypervisor (steal)."""
    times = psutil.cpu_times()
    resting = times.idle + getattr(times, "iowait", 0.0)
    counted_twice = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # within user and nice
    return float(sum(times) - resting - counted_twice)
