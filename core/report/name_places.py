"""Where the names of points stand in a chart, so that they keep apart at any width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .palette import FIGURE_COLOUR

if TYPE_CHECKING:
    import altair as alt

WIDTH, HEIGHT = 290, 300
"""Pixels: the least width and height at which names are kept apart, a phone's. What is wider leaves more room."""

LETTER, LINE, GAP = 6.6, 14, 9
OFFSETS = (0, -LINE, LINE, -2 * LINE, 2 * LINE, -3 * LINE, 3 * LINE)
"""Where a name may stand beside its point, in pixels from its height."""

NOWHERE = ""
"""The place of a name that has no room: the table behind the chart has it."""


def mark_name(base: alt.Chart, place: str) -> alt.Chart:
    """The mark of names that stand at this place beside their points."""
    side, dy = place.split()
    drawn: alt.Chart = base.mark_text(
        align="left" if side == "left" else "right",
        dx=GAP if side == "left" else -GAP,
        dy=int(dy),
        fontSize=12,
        color=FIGURE_COLOUR,
    )
    return drawn


def placed_names(points: Sequence[tuple[float, float]], names: Sequence[str]) -> list[str]:
    """For each point (its shares of the width and, from above, of the height) its name's side and its offset, so that
    names keep apart from each other and from points; NOWHERE where there is no room. The table has all names."""
    taken = [_Box(x * WIDTH - GAP / 2, x * WIDTH + GAP / 2, y * HEIGHT) for x, y in points]
    found: list[str] = []
    for (x, y), name in zip(points, names, strict=True):
        sides = ("right", "left") if x > 0.5 else ("left", "right")
        places = [(side, dy) for dy in OFFSETS for side in sides]
        boxes = {place: _name_box(x * WIDTH, y * HEIGHT, name, *place) for place in places}
        place = next((place for place in places if boxes[place].is_free(taken)), None)
        if place is None:
            found.append(NOWHERE)
            continue
        taken.append(boxes[place])
        found.append(f"{place[0]} {place[1]}")
    return found


class _Box(NamedTuple):
    """A line of text, or a point: from where to where, and its height, in pixels."""

    start: float
    end: float
    y: float

    def is_free(self, taken: Sequence[_Box]) -> bool:
        inside = self.start >= 0 and self.end <= WIDTH
        return inside and not any(
            self.start < one.end and one.start < self.end and abs(self.y - one.y) < LINE - 1 for one in taken
        )


def _name_box(x: float, y: float, name: str, side: str, dy: int) -> _Box:
    length = LETTER * len(name)
    start = x + GAP if side == "left" else x - GAP - length
    return _Box(start, start + length, y + dy)
