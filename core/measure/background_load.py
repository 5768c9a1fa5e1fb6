"""What the rest of the machine does while something is measured: figures of a busy machine are too low."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..base.units import listed
from ..machine.background import SHORTEST, busy_seconds, share_of_others
from ..machine.programs import APP, MOST_NAMED

BUSY = 0.1
"""Of all processors: the background load from which on figures come with a warning."""

LEAST_TOLD = 0.03
"""Of all processors: the share from which on a warning names a program."""

BROWSERS = ("chrom", "firefox", "msedge", "microsoft edge", "safari", "brave", "opera", "vivaldi", "web content",
            "isolated web", "webkit")  # fmt: skip
"""How the names of browsers' processes begin."""


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


def background_programs(rows: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """The programs that took it, as far as these rows name them: name -> share of all processors, the busiest first."""
    told = [row.get("background_programs") for row in rows]
    return mean_shares([one for one in told if isinstance(one, Mapping)])


def mean_shares(looks: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each program over several looks, the busiest first; who is not named in one took nothing then."""
    sums: dict[str, float] = {}
    for look in looks:
        for name, share in look.items():
            if isinstance(share, int | float):
                sums[str(name)] = sums.get(str(name), 0.0) + share
    means = {name: total / len(looks) for name, total in sums.items()}
    return dict(sorted(means.items(), key=lambda one: -one[1])[:MOST_NAMED])


def background_warning(rows: Sequence[Mapping[str, Any]]) -> str:
    """`background_text` of these rows."""
    return background_text(background_load(rows), background_programs(rows))


def background_text(share: float | None, programs: Mapping[str, float] | None = None) -> str:
    """A warning where a figure was measured beside other work; empty where it was not, or nobody looked. `programs`:
    those that took most of it, where that is known."""
    if share is None or share < BUSY:
        return ""
    named = {name: part for name, part in (programs or {}).items() if part >= LEAST_TOLD}
    who = "other work" if APP in named else "other programs"
    most = f" (seen: {listed([f'{name} {part:.0%}' for name, part in named.items()])})" if named else ""
    return (
        f"Background load: {who} took {share:.0%} of the processors during this measurement{most}, so its speeds "
        f"are too low and its bottlenecks may be wrong. Measure again on an idle machine{_hidden(named)}."
    )


def _hidden(named: Iterable[str]) -> str:
    """What helps where it was a browser, which may be the one that shows the measurement."""
    browser = next((name for name in named if name.lower().startswith(BROWSERS)), None)
    return f"; if {browser} shows this page, with another tab in front: then this page draws nothing" if browser else ""
