"""The charts of a report, from plain rows, without colours of a page: whoever shows them adds its own look."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..formats import FORMATS
from .name_places import NOWHERE, mark_name, placed_names
from .palette import FIGURE_COLOUR, PALETTE, format_colour, format_title

if TYPE_CHECKING:
    import altair as alt

Row = Mapping[str, Any]

BAR = 26
STAGES = (*PALETTE, "#A68A1E", "#3F9FB0")
LABEL_LIMIT, WIDEST = 260, 7.5
"""Pixels that a name may take, and that a letter of it takes at 12 pixels in the widest usual font."""

WIDE = 20
"""Rates that lie further apart than this, in times, are drawn on a logarithmic scale."""


def trade_off(rows: Sequence[Row], front: Sequence[str]) -> alt.LayerChart:
    """Size against speed, a point a store with its spread, and the front that no store beats.

    Rows: `store`, `format`, `encoding`, `mb`, `rate`, `low`, `high`.
    """
    import altair as alt

    rate = alt.Y("rate:Q", title="images per second", **_rate_axis(rows))
    # Room on the right for the names of the points there.
    room = alt.Scale(domain=[0, 1.15 * max([float(row["mb"]) for row in rows], default=1.0)], nice=False)
    size = alt.X("mb:Q", title="MB on the disk", scale=room, axis=alt.Axis(tickCount=8))
    base = alt.Chart(_data(_titled(rows)))
    by_name = {row["store"]: row for row in rows}
    line = (
        alt.Chart(_data([by_name[name] for name in front]))
        .mark_line(interpolate="step-after", strokeDash=[5, 4], color=FIGURE_COLOUR, strokeWidth=1.5)
        .encode(x=size, y=rate)
    )
    spread = base.mark_rule(strokeWidth=2).encode(x=size, y=alt.Y("low:Q"), y2="high:Q", color=_format_colours(rows))
    points = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=size,
        y=rate,
        color=_format_colours(rows),
        shape=alt.Shape("encoding:N", title="Encoding", legend=_quiet()),
        tooltip=["store:N", *(alt.Tooltip(f"{name}:Q", format=",.4~r") for name in ("mb", "rate", "low", "high"))],
    )
    named = [by_name[name] for name in front]
    places = placed_names(_shares(named, rows), front)
    texts = [
        mark_name(alt.Chart(_data([row for row, at in zip(named, places, strict=True) if at == place])), place).encode(
            x=size, y=rate, text="store:N"
        )
        for place in dict.fromkeys(places)
        if place != NOWHERE
    ]
    return alt.LayerChart(layer=[line, spread, points, *texts]).properties(width="container", height=420)


def _shares(named: Sequence[Row], rows: Sequence[Row]) -> list[tuple[float, float]]:
    """Where these rows lie in the drawing of all, about: shares of its width, and of its height from above."""
    most = 1.15 * max(float(row["mb"]) for row in rows)
    lows, highs = [float(row["low"]) for row in rows], [float(row["high"]) for row in rows]
    low, high = (math.log(min(lows)), math.log(max(highs))) if _far_apart(rows) else (0.0, max(highs))

    def up(rate: float) -> float:
        return ((math.log(rate) if _far_apart(rows) else rate) - low) / ((high - low) or 1.0)

    return [(float(row["mb"]) / most, 1 - up(float(row["rate"]))) for row in named]


def bars(rows: Sequence[Row], title: str, axis_format: str = "~s") -> alt.LayerChart:
    """A bar a store with its spread, and its figure at the end.

    Rows, in their order: `store`, `format`, `value`, `low`, `high`, `figure`.
    """
    import altair as alt

    top = max([float(row["high"]) for row in rows], default=1.0) or 1.0
    base = alt.Chart(_data(_titled(rows))).encode(y=_by_store(rows))
    x = alt.X(
        "value:Q",
        title=title,
        scale=alt.Scale(domain=[0, top * 1.22], nice=False),
        axis=alt.Axis(labelExpr=f"format(datum.value, '{axis_format}')", tickCount=5),
    )
    drawn = base.mark_bar(cornerRadiusEnd=3, size=16).encode(
        x=x, color=_format_colours(rows, legend=False), tooltip=["store:N", alt.Tooltip("figure:N", title=title)]
    )
    spread = base.mark_rule(strokeWidth=2, color=FIGURE_COLOUR).encode(x="low:Q", x2="high:Q")
    figures = base.mark_text(align="left", dx=6, fontSize=12, color=FIGURE_COLOUR).encode(x="high:Q", text="figure:N")
    chart: alt.LayerChart = (drawn + spread + figures).properties(width="container", height=alt.Step(BAR))
    return chart


def stages(rows: Sequence[Row]) -> alt.Chart:
    """Where one worker's time goes, one bar per store. Rows: `store`, `stage`, `microseconds`."""
    import altair as alt

    order = list(dict.fromkeys(row["stage"] for row in rows))
    chart: alt.Chart = (
        alt.Chart(_data([{**row, "order": order.index(row["stage"])} for row in rows]))
        .mark_bar(size=16)
        .encode(
            x=alt.X("microseconds:Q", title="microseconds of one worker's time per image"),
            y=_by_store(rows),
            color=alt.Color(
                "stage:N",
                title="Stage",
                sort=order,
                scale=alt.Scale(domain=order, range=[STAGES[at % len(STAGES)] for at in range(len(order))]),
            ),
            order="order:Q",
            tooltip=["store:N", "stage:N", alt.Tooltip("microseconds:Q", format=",.3~r")],
        )
        .properties(width="container", height=alt.Step(BAR))
    )
    return chart


def accuracies(rows: Sequence[Row]) -> alt.Chart:
    """Accuracy in validation after each epoch: a dot a store, side by side, so that equal ones are seen to be equal.

    Rows: `store`, `format`, `result`, `epoch`, `accuracy`.
    """
    import altair as alt

    results = list(dict.fromkeys(row["result"] for row in rows))
    top = max([float(row["accuracy"]) for row in rows], default=1.0)
    chart: alt.Chart = (
        alt.Chart(_data(_titled(rows)))
        .mark_point(filled=True, size=90, opacity=1)
        .encode(
            x=alt.X("epoch:O", title="epoch", axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("result:N", sort=results),
            y=alt.Y(
                "accuracy:Q",
                title="accuracy in validation",
                axis=alt.Axis(format=".0%", tickCount=5),
                scale=alt.Scale(domain=[0, min(1.0, top * 1.15)]),
            ),
            color=_format_colours(rows),
            shape=alt.Shape("order:N", title="Order", legend=_quiet()),
            tooltip=["result:N", "epoch:O", alt.Tooltip("accuracy:Q", format=".2%")],
        )
        .properties(width="container", height=320)
    )
    return chart


def reads(rows: Sequence[Row]) -> alt.LayerChart:
    """How many images per second each operation reads or writes, one dot per method, all on one logarithmic scale.

    Rows: `store`, `format`, `operation`, `rate`, `low`, `high`.
    """
    import altair as alt

    names = _name_axis([row["operation"] for row in rows])
    base = alt.Chart(_data(_titled(rows))).encode(
        y=alt.Y("operation:N", title=None, sort=None, axis=names), yOffset=alt.YOffset("store:N", sort=None)
    )
    look = _rate_axis(rows)
    spread = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", **look), x2="high:Q", color=_format_colours(rows))
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("rate:Q", title="images per second", **look),
        color=_format_colours(rows),
        shape=alt.Shape("variant:N", title="Variant", legend=_quiet()),
        tooltip=["store:N", "operation:N", alt.Tooltip("rate:Q", format=",.4~r")],
    )
    chart: alt.LayerChart = (spread + dots).properties(width="container", height=alt.Step(9))
    return chart


def growth(rows: Sequence[Row], marks: Sequence[Row]) -> alt.LayerChart:
    """Bytes over the number of images, a line a store, and where memory and disk end.

    Rows: `store`, `format`, `images`, `gb`; marks: `what`, `gb`.
    """
    import altair as alt

    logarithmic = alt.Scale(type="log", nice=False)
    x = alt.X("images:Q", title="images", scale=logarithmic, axis=power_axis([row["images"] for row in rows], "~s"))
    y = alt.Y("gb:Q", title="GB on the disk", scale=logarithmic, axis=power_axis([row["gb"] for row in rows], "~r"))
    lines = (
        alt.Chart(_data(_titled(rows)))
        .mark_line(strokeWidth=2.5)
        .encode(
            x=x,
            y=y,
            color=_format_colours(rows),
            strokeDash=alt.StrokeDash("variant:N", title="Variant", legend=_quiet()),
            detail="store:N",
            tooltip=["store:N", alt.Tooltip("images:Q", format=","), alt.Tooltip("gb:Q", title="GB", format=",.3~r")],
        )
    )
    least = min((float(row["images"]) for row in rows), default=1.0)
    ends = alt.Chart(_data([{**mark, "images": least} for mark in marks]))
    rules = ends.mark_rule(strokeDash=[4, 4], color=FIGURE_COLOUR, strokeWidth=1.5).encode(y=y)
    # The highest above its line and the others below theirs, for two may be close.
    top = max((float(mark["gb"]) for mark in marks), default=0.0)
    names = [
        ends.transform_filter(f"datum.gb {which} {top}")
        .mark_text(align="left", dx=6, dy=dy, fontSize=12, color=FIGURE_COLOUR)
        .encode(x=x, y=y, text="what:N")
        for which, dy in ((">=", -7), ("<", 9))
    ]
    return alt.LayerChart(layer=[lines, rules, *names]).properties(width="container", height=400)


# ---------------------------------------------------------------- what they share


def _data(rows: Sequence[Row]) -> alt.Data:
    import altair as alt

    data: alt.Data = alt.Data(values=[dict(row) for row in rows])  # type: ignore[no-untyped-call]
    return data


def _titled(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """With the format's title in place of its name, and the variant by itself."""
    return [{**row, "format": format_title(row["format"]), "variant": row["store"].partition("/")[2]} for row in rows]


def _format_colours(rows: Sequence[Row], legend: bool = True) -> alt.Color:
    """The formats' colours; only those that take part are in the legend."""
    import altair as alt

    there = [name for name in FORMATS if any(row["format"] == name for row in rows)]
    scale = alt.Scale(domain=[format_title(name) for name in there], range=[format_colour(name) for name in there])
    return alt.Color("format:N", title="Format", scale=scale, legend=alt.Undefined if legend else None)


def _quiet() -> alt.Legend:
    """Of shapes and dashes: in an ink that is legible on both grounds, for they have no colour of their own; below the
    chart, since beside the colours there is no room for it on a narrow page."""
    import altair as alt

    return alt.Legend(orient="bottom", symbolFillColor=FIGURE_COLOUR, symbolStrokeColor=FIGURE_COLOUR)


def _by_store(rows: Sequence[Row]) -> alt.Y:
    import altair as alt

    order = list(dict.fromkeys(row["store"] for row in rows))
    return alt.Y("store:N", title=None, sort=order, axis=_name_axis(order))


def _name_axis(names: Sequence[str]) -> alt.Axis:
    """An axis of names with room for them in any font: a file that is opened elsewhere may get a wider one."""
    import altair as alt

    room = min(LABEL_LIMIT, math.ceil(WIDEST * max(map(len, names), default=0)))
    return alt.Axis(labelLimit=LABEL_LIMIT, minExtent=room)


def _rate_axis(rows: Sequence[Row]) -> dict[str, Any]:
    """Scale and axis of rates, logarithmic where they are far apart (there is no zero on such a scale)."""
    import altair as alt

    lows, highs = [float(row["low"]) for row in rows], [float(row["high"]) for row in rows]
    if not _far_apart(rows):
        return {"scale": alt.Scale(zero=True, nice=True), "axis": alt.Axis(labelExpr="format(datum.value, '~s')")}
    return {"scale": alt.Scale(type="log", nice=True), "axis": power_axis([*lows, *highs], "~s", (1, 2, 5))}


def _far_apart(rows: Sequence[Row]) -> bool:
    least = min((float(row["low"]) for row in rows), default=0.0)
    return least > 0 and max(float(row["high"]) for row in rows) > WIDE * least


def power_axis(values: Sequence[float], label: str, steps: Sequence[int] = (1,)) -> alt.Axis:
    """Ticks at `steps` times the powers of ten around these values, without the many lines in between."""
    import altair as alt

    above = [value for value in values if value > 0] or [1.0]
    lowest, highest = math.floor(math.log10(min(above))), math.ceil(math.log10(max(above)))
    ticks = [step * 10.0**power for power in range(lowest, highest + 1) for step in steps]
    return alt.Axis(values=ticks, labelExpr=f"format(datum.value, '{label}')")
