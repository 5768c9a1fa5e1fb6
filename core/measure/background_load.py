"""What the rest of the machine does while something is measured: figures of a busy machine are too low."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Mapping
from typing import Any

from ..machine.background import SHORTEST, busy_seconds, share_of_others

BUSY = 0.1
"""Of all processors: the background load from which on figures come with a warning."""


class BackgroundMeter:
    """The share of all processors that other programs took, from looks at moments that are some time apart."""

    def __init__(self) -> None:
        self._busy, self._at = busy_seconds(), time.monotonic()
        self._shares: list[float] = []

    def look(self, own_pct: float) -> float | None:
        """The share since the last look; None where that was a moment ago.

        `own_pct`: what the measurement itself took meanwhile, 100 is one processor.
        """
        busy, now = busy_seconds(), time.monotonic()
        if now - self._at < SHORTEST:
            return None
        seconds = now - self._at
        self._shares.append(share_of_others(busy - self._busy, own_pct / 100 * seconds, seconds))
        self._busy, self._at = busy, now
        return self._shares[-1]

    @property
    def share(self) -> float | None:
        """The median, 0 to 1; None where there was no time to look."""
        return statistics.median(self._shares) if self._shares else None


def background_load(rows: Iterable[Mapping[str, Any]]) -> float | None:
    """The median background load of these rows, 0 to 1, from records of any version; None where none was recorded."""
    told = [row.get("background_load") for row in rows]
    shares = [float(share) for share in told if isinstance(share, int | float) and not isinstance(share, bool)]
    return statistics.median(shares) if shares else None


def background_text(share: float | None) -> str:
    """A warning where a figure was measured beside other work; empty where it was not, or nobody looked."""
    if share is None or share < BUSY:
        return ""
    return (
        f"Background load: other programs took {share:.0%} of the processors during this measurement, so its speeds "
        "are too low and its bottlenecks may be wrong. Measure again on an idle machine."
    )
