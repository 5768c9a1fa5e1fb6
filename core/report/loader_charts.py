"""Speed against processor time per image: what a loader gives, and what it takes from the trainer's own work."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..measure.loader_lines import CPU_TIME, SPEED, LoaderLine
from ..measure.rival_rows import loader_title, subject_title
from .charts import power_axis
from .name_places import NOWHERE, mark_name, placed_names
from .palette import row_colour, row_title

if TYPE_CHECKING:
    import altair as alt

WIDE = 8.0
"""Values that lie further apart than this many times are drawn on a logarithmic scale."""

DRAWN_HEIGHT = 420
"""Pixels that are asked for."""

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
    places = placed_names([(across.share(x), 1 - up.share(y)) for x, y in zip(micros, rates, strict=True)], names)
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
    texts = [
        mark_name(base.transform_filter(alt.datum.place == place), place).encode(text="name:N")
        for place in dict.fromkeys(places)
        if place != NOWHERE
    ]
    return alt.LayerChart(layer=[points, *texts]).properties(width="container", height=DRAWN_HEIGHT)


def _short_names(lines: Sequence[LoaderLine]) -> list[str]:
    """A rival's title alone, where it is there once."""
    titles = [loader_title(str(line.about.get("loader"))) if line.rival else "" for line in lines]
    return [
        title if title and titles.count(title) == 1 else subject_title(line.about)
        for line, title in zip(lines, titles, strict=True)
    ]


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
