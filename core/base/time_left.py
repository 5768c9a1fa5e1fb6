"""How long work of several kinds will still take, from what its units took so far."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Mapping

ENOUGH = 8
"""Notes of a kind from which on its mean pace counts; before that the median, which one slow unit cannot move far."""

FEW, LONG = 4, 3.0
"""Notes, or seconds, of a kind without a plan before which nothing is told: the first results of several processes come
late, and then many at once."""

MOST = 255
"""Notes of a kind that are kept; of more, neighbours become one."""

TRUST = 1.0
"""Seconds of work that a plan counts for beside what was seen: the first second of a kind is seldom like the rest."""

DOUBT = (1.0, 1.0)
"""Two units that went as planned, assumed beside those that were seen: one slow start says little about the rest."""


RECENT = 6
"""The last units that say how far plans are off: what was done once, at the beginning, is soon forgotten."""


class Remaining:
    """Work of several kinds, each of an amount of units; a kind's pace is learned from its own units.

    A kind of which no unit was seen goes by its planned pace, times how far the last ones were off their plans; without
    a plan by the mean pace of all that were seen.
    """

    def __init__(self, amounts: Mapping[str, float], planned: Mapping[str, float] | None = None) -> None:
        """`amounts`: units of each kind; `planned`: seconds that a unit of a kind is expected to take."""
        self._left = dict(amounts)
        self._planned = dict(planned or {})
        self._seen: dict[str, list[tuple[float, float]]] = {}
        self._off: deque[float] = deque(maxlen=RECENT)

    def plan(self, kind: str, seconds: float) -> None:
        """A unit of a kind is expected to take so long from now on."""
        self._planned[kind] = seconds

    def note(self, kind: str, amount: float, seconds: float) -> None:
        """So many units of a kind are done, and took so long together."""
        self.skip(kind, amount)
        if amount > 0:
            seen = self._seen.setdefault(kind, [])
            seen.append((amount, seconds))
            if len(seen) > MOST:
                seen[:] = [(a + b, s + t) for (a, s), (b, t) in zip(seen[::2], seen[1::2], strict=True)]
            if self._planned.get(kind):
                self._off.append(seconds / amount / self._planned[kind])

    def skip(self, kind: str, amount: float) -> None:
        """So many units of a kind are done, and it is not known how long they took."""
        self._left[kind] = max(self._left.get(kind, 0.0) - amount, 0.0)

    def drop(self, kind: str) -> None:
        """No more of this kind will be done."""
        self._left[kind] = 0.0

    @property
    def seconds(self) -> float | None:
        """None where nothing was planned or seen that it could be told from."""
        total = 0.0
        for kind, amount in self._left.items():
            pace = self._pace(kind) if amount else 0.0
            if pace is None:
                return None
            total += amount * pace
        return total

    def within(self, kind: str, elapsed: float) -> float | None:
        """As `seconds`, while a unit of a kind has been under way for so long: late as it may be, others follow."""
        pace, total = self._pace(kind), self.seconds
        return total if total is None or pace is None else max(total - min(elapsed, pace), 0.0)

    def _pace(self, kind: str) -> float | None:
        """Seconds a unit."""
        seen = self._seen.get(kind, [])
        expected = self._expected(kind)
        if len(seen) >= ENOUGH or (_say_something(seen) and kind not in self._planned):
            return _mean_pace([*self._as_planned(kind), *_later_half(seen)])
        if expected is None:
            return None
        return statistics.median([expected, *(seconds / amount for amount, seconds in seen)])

    def _as_planned(self, kind: str) -> list[tuple[float, float]]:
        """The plan as if work had been seen that went by it, for `TRUST`."""
        planned = self._planned.get(kind)
        return [(TRUST / planned, TRUST)] if planned else []

    def _expected(self, kind: str) -> float | None:
        """The pace without any unit of this kind."""
        if kind in self._planned:
            return self._planned[kind] * statistics.median([*DOUBT, *self._off])
        every = [unit for units in self._seen.values() for unit in units]
        return _mean_pace(every) if _say_something(every) else None


def _say_something(units: list[tuple[float, float]]) -> bool:
    return len(units) >= FEW or sum(seconds for _, seconds in units) >= LONG


def _later_half(units: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The last ones, which took half of the time: work that goes on for long soon forgets how slowly it began."""
    if len(units) < 2 * ENOUGH:
        return units
    rest = sum(seconds for _, seconds in units) / 2
    for place in range(len(units) - ENOUGH):
        rest -= units[place][1]
        if rest < 0:
            return units[place + 1 :]
    return units[-ENOUGH:]


def _mean_pace(units: list[tuple[float, float]]) -> float:
    return sum(seconds for _, seconds in units) / sum(amount for amount, _ in units)
