"""What other programs take of the processors while this one works."""

from __future__ import annotations

import statistics
import time
from contextlib import suppress

import psutil

SHORTEST = 0.3
"""Seconds: over less than this the kernel's counts of processor time are too coarse."""


class BackgroundLoad:
    """The share of all processors that other programs took, from looks at moments that are some time apart.

    What this process and its descendants took is theirs; a descendant that nobody waited for is counted as another's.
    """

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._busy_s, self._own_s, self._at = busy_seconds(), self._own_seconds(), time.monotonic()
        self._shares: list[float] = []

    def look(self) -> None:
        """Costs about a millisecond; does nothing where the last look was a moment ago."""
        now = time.monotonic()
        if now - self._at < SHORTEST:
            return
        busy_s, own_s = busy_seconds(), self._own_seconds()
        self._shares.append(share_of_others(busy_s - self._busy_s, own_s - self._own_s, now - self._at))
        self._busy_s, self._own_s, self._at = busy_s, own_s, now

    @property
    def share(self) -> float | None:
        """The median, 0 to 1; None where there was no time to look."""
        return statistics.median(self._shares) if self._shares else None

    def _own_seconds(self) -> float:
        family = [self._process]
        with suppress(psutil.Error):
            family += self._process.children(recursive=True)
        return sum(map(_used_seconds, family))


def _used_seconds(process: psutil.Process) -> float:
    """Of a process and of those of its children that it has waited for."""
    with suppress(psutil.Error):
        return float(sum(process.cpu_times()[:4]))
    return 0.0


def share_of_others(busy_s: float, own_s: float, seconds: float) -> float:
    """Of so many `seconds` of all processors, the part (0 to 1) in which they were busy with what is not ours."""
    taken = (busy_s - own_s) / seconds / (psutil.cpu_count() or 1)
    return min(max(taken, 0.0), 1.0)


def busy_seconds() -> float:
    """Seconds that all processors together have worked so far, or were kept from it by a hypervisor (steal)."""
    times = psutil.cpu_times()
    resting = times.idle + getattr(times, "iowait", 0.0)
    counted_twice = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # within user and nice
    return float(sum(times) - resting - counted_twice)
