"""Charts of the storage experiment."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.formats import FORMATS
from core.measure.statistics import summarise
from core.measure.storage.methods import TUTORIAL
from core.measure.storage.ranking import OperationRanking
from ui.benchmark.storage.labels import (
    OPERATIONS,
    cell_text,
    cell_title,
    flavoured,
    operation_title,
    time_text,
)
from ui.shared.stores import store_name
from ui.shared.theme import FIGURE_COLOUR, finish, format_colour

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

Row = Mapping[str, Any]

PANEL_WIDTH, PANEL_HEIGHT = 432, 250
CELL_WIDTH, WINNERS_WIDTH = 156, 820
DASHES = ([1, 0], [10, 3], [2, 3], [10, 3, 2, 3], [6, 6], [1, 5])
TUTORIAL_DASH = [5, 4]
LINE_LEGEND: dict[str, Any] = {
    "symbolType": "stroke",
    "symbolOpacity": 1,
    "symbolSize": 500,
    "symbolStrokeWidth": 3,
    "labelFontSize": 13,
    "title": None,
}
"""Of charts whose lines are told apart by their dashes: long strokes in the legend."""

SECONDS_AXIS = (
    "datum.value >= 1 ? format(datum.value, ',~r') + ' s' : datum.value >= 1e-3 ? "
    "format(datum.value * 1e3, ',~r') + ' ms' : format(datum.value * 1e6, ',~r') + ' µs'"
)
"""Vega's notation of 0.001 as "1 ms"."""

LOG, LINEAR, EACH = "Log-log", "Linear", "Per image"


def times_table(rows: Sequence[Row], synced: bool, random: bool) -> pd.DataFrame:
    """A line for each method, operation and number of images: medians and spreads, in all and per image."""
    import pandas as pd

    wanted = [flavoured(operation, synced, random) for operation in OPERATIONS]
    lines = []
    for row in rows:
        if row["operation"] not in wanted:
            continue
        told, count = summarise(row["seconds"]), row["samples"]
        lines.append(
            {
                "method": store_name(row["format"], row["variant"]),
                "operation": operation_title(row["operation"]),
                "images": count,
                **{name: getattr(told, name) for name in ("median", "low", "high", "repeats")},
                **{f"{name}_each": getattr(told, name) / count for name in ("median", "low", "high")},
                "total": time_text(told.median),
                "per image": time_text(told.median / count),
            }
        )
    return pd.DataFrame(lines)


def times_chart(table: pd.DataFrame, rows: Sequence[Row], scale: str, order: Sequence[str]) -> alt.FacetChart:
    """One panel per operation, one line per method, its spread as a band; a tutorial's code is dashed."""
    import altair as alt

    field = "_each" if scale == EACH else ""
    log = scale != LINEAR
    counts = sorted({int(count) for count in table["images"]})
    x = alt.X(
        "images:Q",
        title="images",
        scale=scale_of(log),
        axis=alt.Axis(format="~s", **({"values": counts} if log else {"tickCount": 4}), grid=False),
    )
    title = "seconds per image" if field else "seconds"
    values = [*table[f"low{field}"], *table[f"high{field}"]]
    axis = alt.Axis(labelExpr=SECONDS_AXIS, **({"values": decades(values)} if log else {"tickCount": 5}))
    base = alt.Chart(table).encode(x=x)
    looks = _looks(rows)
    tooltip = ["method", "operation", alt.Tooltip("images", format=","), "total", "per image", "repeats"]
    y = alt.Y(f"median{field}:Q", title=title, scale=scale_of(log, decades(values)), axis=axis)
    band = base.mark_area(opacity=0.18).encode(
        y=alt.Y(f"low{field}:Q", title=title, axis=axis), y2=f"high{field}:Q", color=looks["color"]
    )
    line = base.mark_line(strokeWidth=2.4).encode(y=y, color=looks["color"], strokeDash=looks["strokeDash"])
    dots = base.mark_point(size=46, filled=True, opacity=1).encode(y=y, color=looks["color"], tooltip=tooltip)
    panel = (band + line + dots).properties(width=PANEL_WIDTH, height=PANEL_HEIGHT)
    facet = panel.facet(alt.Facet("operation:N", title=None, sort=list(order)), columns=2)
    return finish(facet.resolve_scale(y="shared" if log else "independent")).configure_legend(
        orient="top",
        columns=3,
        labelLimit=300,
        **LINE_LEGEND,
    )


def scale_of(log: bool, ends: Sequence[float] | None = None) -> alt.Scale:
    """Logarithmic, from the first to the last of `ends` where given, or linear from zero."""
    import altair as alt

    if not log:
        return alt.Scale(zero=True)
    return alt.Scale(type="log", domain=[ends[0], ends[-1]], nice=False) if ends else alt.Scale(type="log")


def decades(values: Sequence[float]) -> list[float]:
    """The powers of ten from below the least of these values to above the largest."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return [10.0**power for power in range(low, max(high, low + 1) + 1)]


def _looks(rows: Sequence[Row]) -> dict[str, Any]:
    """Colour by format, dashes by variant, as one legend of methods."""
    import altair as alt

    methods = methods_of(rows)
    labels = [store_name(*method) for method in methods]
    dashes = [
        TUTORIAL_DASH if variant == TUTORIAL else DASHES[_place(methods, format, variant) % len(DASHES)]
        for format, variant in methods
    ]
    colours = [format_colour(format) for format, _ in methods]
    return {
        "color": alt.Color("method:N", title=None, scale=alt.Scale(domain=labels, range=colours)),
        "strokeDash": alt.StrokeDash("method:N", title=None, scale=alt.Scale(domain=labels, range=dashes)),
    }


def _place(methods: Sequence[tuple[str, str]], format: str, variant: str) -> int:
    """A variant's place among those of its format that are ours."""
    return [other for name, other in methods if name == format and other != TUTORIAL].index(variant)


def methods_of(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """(format, variant) of all rows, in the order of the table of formats, tutorials last in each."""
    order = list(FORMATS)
    found = list(dict.fromkeys((row["format"], row["variant"]) for row in rows))
    return sorted(
        found, key=lambda method: (order.index(method[0]) if method[0] in order else len(order), method[1] == TUTORIAL)
    )


# ---------------------------------------------------------------- who wins where


def winners_chart(found: Sequence[OperationRanking]) -> alt.LayerChart:
    """A cell for each operation and number of images, in the winner's colour."""
    import altair as alt
    import pandas as pd

    table = pd.DataFrame(
        [
            {
                "operation": operation_title(ranking.operation),
                "images": f"{ranking.samples:,}",
                "winner": cell_title(ranking),
                "by": cell_text(ranking),
                "colour": _darker(_cell_colour(ranking)),
                "tied": ", ".join(place.name for place in (ranking.best, *ranking.tied)),
                "time": time_text(ranking.best.summary.median),
            }
            for ranking in found
        ]
    )
    columns = list(dict.fromkeys(f"{count:,}" for count in sorted({ranking.samples for ranking in found})))
    base = alt.Chart(table).encode(
        x=alt.X("images:N", sort=columns, title="images",
                axis=alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False)),
        y=alt.Y("operation:N", sort=list(dict.fromkeys(table["operation"])), title=None,
                axis=alt.Axis(ticks=False, domain=False, labelPadding=10)),
    )  # fmt: skip
    cells = base.mark_rect(cornerRadius=6).encode(
        color=alt.Color("colour:N", scale=None),
        tooltip=["operation", "images", alt.Tooltip("tied", title="ahead"), alt.Tooltip("time", title="median")],
    )
    white = alt.value("#FFFFFF")
    name = base.mark_text(dy=-9, fontSize=13, fontWeight=600).encode(text="winner:N", color=white)
    by = base.mark_text(dy=10, fontSize=12).encode(text="by:N", color=white)
    cell = {"width": alt.Step(min(CELL_WIDTH, WINNERS_WIDTH // len(columns))), "height": alt.Step(54)}
    return finish((cells + name + by).properties(**cell)).configure_scale(bandPaddingInner=0.05)


def _darker(colour: str) -> str:
    """So dark that white text on it has a contrast of 4.5 to 1."""
    return "#" + "".join(f"{round(0.75 * int(colour[at : at + 2], 16)):02X}" for at in (1, 3, 5))


def _cell_colour(ranking: OperationRanking) -> str:
    """The format's, where all that are ahead are of one; grey where they are of several, or nothing is behind them."""
    if len(ranking.places) == 1 or not (ranking.tied or ranking.runner_up):
        return FIGURE_COLOUR
    formats = {place.format for place in (ranking.best, *ranking.tied)}
    return format_colour(formats.pop()) if len(formats) == 1 else FIGURE_COLOUR
