"""Speed against processor time per image: what a loader gives, and what it takes from the trainer's own work."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..measure.loader_lines import CPU_TIME, SPEED, LoaderLine
from ..measure.rival_rows import loader_title, subject_title
from .charts import power_axis
from .palette import FIGURE_COLOUR, row_colour, row_title

if TYPE_CHECKING:
    import altair as alt

WIDE = 8.0
"""Values that lie further apart than this many times are drawn on a logarithmic scale."""

WIDTH, HEIGHT, DRAWN_HEIGHT = 520, 280, 400
"""Pixels: the least width and height at which names are kept apart, and the height that is asked for."""

LETTER, LINE, GAP = 6.6, 14, 9
OFFSETS = (0, -LINE, LINE, -2 * LINE, 2 * LINE)
"""Where a name may stand beside its point, in pixels from its height."""

TITLE = "Speed against processor time per image"
SHOWS = "Images per second against processor time per image, a point per loader, with its name"


def costed(lines: Sequence[LoaderLine]) -> list[LoaderLine]:
    """The lines that the chart can show."""
    return [line for line in lines if line.median(CPU_TIME) and line.median(SPEED)]


def speed_against_cpu(lines: Sequence[LoaderLine]) -> alt.LayerChart:
    """A point for each of these lines with its name: up is faster, left is cheaper. `lines`: those of `costed`."""
    import altair as alt

    names = _short_names(lines)
    micros = [1e6 * (line.median(CPU_TIME) or 0.0) for line in lines]
    rates = [line.median(SPEED) or 0.0 for line in lines]
    across, up = _Axis.around(micros), _Axis.around(rates)
    places = _placed([(across.share(x), 1 - up.share(y)) for x, y in zip(micros, rates, strict=True)], names)
    rows = [
        {
            "name": name, "micros": x, "rate": y, "kind": row_title(line.about), "place": place,
            "whose": "rival" if line.rival else "ours",
        }
        for line, name, x, y, place in zip(lines, names, micros, rates, places, strict=True)
    ]  # fmt: skip
    base = alt.Chart(alt.Data(values=rows)).encode(  # type: ignore[no-untyped-call]
        x=alt.X("micros:Q", title="processor time per image, µs", **across.drawn("~g")),
        y=alt.Y("rate:Q", title="images per second", **up.drawn("~s")),
    )
    colours = {row_title(line.about): row_colour(line.about) for line in lines}
    points = base.mark_point(filled=True, size=110, opacity=1).encode(
        color=alt.Color("kind:N", title=None, scale=alt.Scale(domain=list(colours), range=list(colours.values()))),
        shape=alt.Shape("whose:N", legend=None, scale=alt.Scale(domain=["ours", "rival"], range=["circle", "diamond"])),
        tooltip=[
            alt.Tooltip("name:N", title="loader"),
            alt.Tooltip("rate:Q", title="images/s", format=",.0f"),
            alt.Tooltip("micros:Q", title="µs per image", format=",.3~r"),
        ],
    )
    texts = [_names(base, place) for place in dict.fromkeys(places)]
    return alt.LayerChart(layer=[points, *texts]).properties(width="container", height=DRAWN_HEIGHT)


def _short_names(lines: Sequence[LoaderLine]) -> list[str]:
    """A rival's title alone, where it is there once."""
    titles = [loader_title(str(line.about.get("loader"))) if line.rival else "" for line in lines]
    return [
        title if title and titles.count(title) == 1 else subject_title(line.about)
        for line, title in zip(lines, titles, strict=True)
    ]


def _names(base: alt.Chart, place: str) -> alt.Chart:
    """The names that stand at this place beside their points."""
    import altair as alt

    side, dy = place.split()
    drawn: alt.Chart = (
        base.transform_filter(alt.datum.place == place)
        .mark_text(
            align="left" if side == "left" else "right",
            dx=GAP if side == "left" else -GAP,
            dy=int(dy),
            fontSize=12,
            color=FIGURE_COLOUR,
        )
        .encode(text="name:N")
    )
    return drawn


# ---------------------------------------------------------------- where names stand


def _placed(points: Sequence[tuple[float, float]], names: Sequence[str]) -> list[str]:
    """For each point (its shares of the width and, from above, of the height) its name's side and its offset, so that
    names keep apart from each other and from points; where there is no room they overlap."""
    taken = [_Box(x * WIDTH - GAP / 2, x * WIDTH + GAP / 2, y * HEIGHT) for x, y in points]
    found: list[str] = []
    for (x, y), name in zip(points, names, strict=True):
        sides = ("right", "left") if x > 0.5 else ("left", "right")
        places = [(side, dy) for dy in OFFSETS for side in sides]
        boxes = {place: _name_box(x * WIDTH, y * HEIGHT, name, *place) for place in places}
        place = next((place for place in places if boxes[place].is_free(taken)), places[0])
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


class _Axis(NamedTuple):
    """The ends of an axis, and whether it is logarithmic."""

    low: float
    high: float
    logarithmic: bool

    @classmethod
    def around(cls, values: Sequence[float]) -> _Axis:
        least, most = min(values), max(values)
        if most > WIDE * least:
            room = max(most / least, 1.0) ** 0.12
            return cls(least / room, most * room, True)
        return cls(0.0, 1.15 * most, False)

    def share(self, value: float) -> float:
        """How far along the axis a value lies, 0 to 1."""
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def drawn(self, label: str) -> dict[str, Any]:
        import altair as alt

        scale = alt.Scale(type="log" if self.logarithmic else "linear", domain=[self.low, self.high], nice=False)
        plain = alt.Axis(tickCount=5, labelExpr=f"format(datum.value, '{label}')")
        axis = power_axis([self.low, self.high], label, (1, 2, 5)) if self.logarithmic else plain
        return {"scale": scale, "axis": axis}
