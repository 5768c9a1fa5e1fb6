"""What containers should reach, and whether they did: the last table of `benchmarks.containers`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.measure.statistics import Ratio

HEAD = ("what", "of", "goal", "measured", "95% interval", "reached")


@dataclass(frozen=True, slots=True)
class Reached:
    """A goal and what was measured: at least `goal` in `value`, with the interval where there are repeats."""

    what: str
    of: str
    goal: float
    value: float
    low: float | None = None
    high: float | None = None

    @classmethod
    def by_ratio(cls, what: str, of: str, goal: float, found: Ratio) -> Reached:
        return cls(what, of, goal, found.value, found.low, found.high)

    def cells(self) -> list[str]:
        told = f"{self.value:,.0f}" if self.goal >= 100 else f"{self.value:.3f}"
        interval = "-" if self.low is None or self.high is None else f"{self.low:.3f} to {self.high:.3f}"
        open_ = self.low is not None and self.high is not None and self.low < self.goal < self.high
        said = ("yes" if self.value >= self.goal else "no") + (", the interval holds the goal" if open_ else "")
        return [self.what, self.of, f"at least {self.goal:,g}", told, interval, said]


def table_of(goals: Sequence[Reached]) -> str:
    """As Markdown."""
    return "### What should be reached\n\n" + rows(HEAD, [goal.cells() for goal in goals])


def rows(head: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """A table as Markdown."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in cells), ""])
