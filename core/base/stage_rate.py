"""How fast a stage goes, from how far it was at each time."""

from __future__ import annotations

from collections import deque

WINDOW = 15.0
"""Seconds of the recent past."""

SETTLING = 0.8
"""Seconds a stage must have run before its rate says anything."""


class StageRate:
    """The mean of two rates: over the later half of the stage so far, which is steady and soon forgets how slowly it
    began (processes that start, caches that fill), and over the last seconds, which follows a change.

    A stage that has only begun has none rather than a wild one.
    """

    def __init__(self, at: float, done: int) -> None:
        """The stage begins. `at` in seconds, as all times here."""
        self.begun = at
        self._half = deque([(at, done)])
        self._recent = deque([(at, done)])

    def add(self, at: float, done: int) -> None:
        """So many units were done then."""
        _keep(self._half, (at, done), (at + self.begun) / 2)
        _keep(self._recent, (at, done), at - WINDOW)

    @property
    def last(self) -> tuple[float, int]:
        """When it was looked at last, and how far it was."""
        return self._recent[-1]

    @property
    def rate(self) -> float | None:
        """Units a second, or None where too little is known."""
        if self.last[0] - self.begun < SETTLING:
            return None
        return (_slope(self._half) + _slope(self._recent)) / 2

    def left(self, total: int | None) -> float | None:
        """Seconds from the last look until `total` units are done, or None where that cannot be said."""
        if total is None or not self.rate:
            return None
        return max(total - self.last[1], 0) / self.rate


def _keep(points: deque[tuple[float, int]], point: tuple[float, int], since: float) -> None:
    """Add a point, and drop those before the last one that is as old as `since`; two stay."""
    points.append(point)
    while len(points) > 2 and points[1][0] <= since:
        points.popleft()


def _slope(points: deque[tuple[float, int]]) -> float:
    """Units a second from the first of them to the last."""
    (began, before), (at, done) = points[0], points[-1]
    return (done - before) / (at - began) if at > began else 0.0
