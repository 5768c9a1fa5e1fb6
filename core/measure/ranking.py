"""Measurements of one thing side by side, the best median first, and which leads are significant."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from .statistics import Ratio, Verdict, advantage


class Repeated(Protocol):
    """Something that was measured once or more often."""

    @property
    def values(self) -> Sequence[float]: ...


P = TypeVar("P", bound=Repeated)


class Ranking(Generic[P]):
    """`places`: one or more, the best median first; `more`: whether more is better. Leads follow `statistics`' rule."""

    places: Sequence[P]
    more: bool

    @property
    def best(self) -> P:
        return self.places[0]

    @property
    def tied(self) -> list[P]:
        """Those from which the best shows no significant difference, measured twice or more."""
        return [place for place in self.places[1:] if not self.is_behind(place) and place not in self.once]

    @property
    def once(self) -> list[P]:
        """Those of which nothing can be said, as they or the best were measured only once."""
        return [place for place in self.places[1:] if self.lead(place).verdict is Verdict.UNKNOWN]

    @property
    def runner_up(self) -> P | None:
        """The first that is significantly behind the best; None where none is."""
        return next((place for place in self.places[1:] if self.is_behind(place)), None)

    def median(self, place: P) -> float:
        return statistics.median(place.values)

    def lead(self, place: P) -> Ratio:
        """How many times as good as `place` the best is."""
        return advantage(self.best.values, place.values, more=self.more)

    def is_behind(self, place: P) -> bool:
        return self.lead(place).ahead
