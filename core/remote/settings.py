"""How requests to storage are made. Values travel with `RemoteFiles` to worker processes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """Limits of requests.

    retries: how often a request that failed is made again.
    timeout_s: seconds that one attempt may take, and one more for each `SLOWEST` bytes asked for.
    total_s: seconds after which no further attempt of a request is begun.
    in_flight: requests under way at once.
    gap: bytes between two ranges that are read along rather than asked for in a request of their own.
    part: bytes of one request of a whole file.
    hedge: whether a request that takes far longer than others of its size is sent a second time.
    """

    retries: int = 4
    timeout_s: float = 30.0
    total_s: float = 300.0
    in_flight: int = 8
    gap: int = 64 << 10
    part: int = 8 << 20
    hedge: bool = True


SMALL_FILES = RemoteSettings(in_flight=32)
"""For files that are read whole, one request each: latency is hidden by many at once."""

SLOWEST = 128 << 10
"""Bytes a second below which a server counts as stuck."""
