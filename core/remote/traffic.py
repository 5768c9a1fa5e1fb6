"""What was asked of storage and what came: the figures that a bill is made of."""

from __future__ import annotations

import threading
from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class Traffic:
    """Counts since an object was made, in this process.

    requests: all that were sent, those that failed and were sent twice among them. bytes: of bodies, both ways.
    retries: requests made again after one failed. failures: what failed for good. hedged: requests sent a second time
    because the first one took too long.
    """

    requests: int = 0
    bytes: int = 0
    retries: int = 0
    failures: int = 0
    hedged: int = 0

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))

    def __sub__(self, other: Traffic) -> Traffic:
        return Traffic(*(mine - its for mine, its in zip(astuple(self), astuple(other), strict=True)))


class TrafficMeter:
    """Counts from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total = Traffic()

    @property
    def total(self) -> Traffic:
        return self._total

    def add(self, **counts: int) -> None:
        """Counts by the names of `Traffic`'s fields."""
        with self._lock:
            self._total = self._total + Traffic(**counts)
