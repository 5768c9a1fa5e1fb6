"""The chart of runs side by side: every raw value, the medians, and their spreads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from core.measure.compare import Comparison, ComparisonLine
from core.measure.series import Measure
from ui.benchmark.results.labels import letter, ranked, thing_text, value_text
from ui.shared.theme import FIGURE_COLOUR, PALETTE, finish

if TYPE_CHECKING:
    import altair as alt

STEP, ALONE = 24, 38
"""Pixels of height for each run of each thing; for a thing where there is one run."""

NARROW = 420
"""Pixels between a chart's axes, below which figures take much of it: a signal of Vega's that follows the page."""

COLOURS = (PALETTE[1], PALETTE[0], PALETTE[2], PALETTE[3], PALETTE[4], PALETTE[5])
UNITS = {"images/s": "images per second", "bytes": "bytes"}
SECONDS = ((1.0, 1.0, "seconds"), (1e-3, 1e3, "milliseconds"), (0.0, 1e6, "microseconds"))
"""From so many seconds on: the factor and the unit to show them in."""

PLACES = ("median", "low", "high", "largest")

MOST_THINGS = 24
WIDE = 30.0
"""Values that lie further apart than this many times need a logarithmic scale to be told apart."""


def chart_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """A row for each thing of each run, with its raw values: what the chart shows and what is taken away."""
    return [
        {
            "thing": thing_text(line.parts),
            "run": letter(number),
            "repeats": summary.repeats,
            "median": summary.median,
            "low": summary.low,
            "high": summary.high,
            "largest": summary.largest,
            "unit": comparison.measure.unit,
            "values": list(line.values[number]),
        }
        for line in ordered(comparison)
        for number, summary in enumerate(line.summaries)
        if summary is not None
    ]


def ordered(comparison: Comparison) -> list[ComparisonLine]:
    """The things as the first run ranks them, then those that it did not measure."""
    first = ranked(comparison)
    return [*first, *(line for line in comparison.lines if line not in first)]


def comparison_chart(comparison: Comparison) -> alt.LayerChart:
    """A row for each thing and in it a line for each run: the spread, its median as a diamond, raw values as dots."""
    import altair as alt
    import pandas as pd

    rows = chart_rows(comparison)
    things = list(dict.fromkeys(row["thing"] for row in rows))[:MOST_THINGS]
    rows = [{**row, "figure": value_text(row["median"], row["unit"])} for row in rows if row["thing"] in things]
    factor, unit = _unit(comparison.measure, max(row["largest"] for row in rows))
    rows = [{**row, **{name: factor * row[name] for name in PLACES}} for row in rows]
    raw = [
        {"thing": row["thing"], "run": row["run"], "value": factor * value} for row in rows for value in row["values"]
    ]
    several = len(comparison.runs) > 1
    shared = _encodings(comparison, things)
    base = alt.Chart(pd.DataFrame(rows).drop(columns="values")).encode(**shared)
    x = partial(_x, unit, [one["value"] for one in raw])
    spread = base.mark_rule(strokeWidth=8, opacity=0.3, strokeCap="round").encode(x=x("low"), x2="high:Q")
    dots = alt.Chart(pd.DataFrame(raw)).mark_point(filled=True, size=24, opacity=0.7).encode(x=x("value"), **shared)
    medians = base.mark_point(filled=True, shape="diamond", size=130, opacity=1).encode(
        x=x("median"), tooltip=["thing", "run", alt.Tooltip("figure", title="median"), "repeats"]
    )
    # Where a chart is narrow there is room for a speed's number alone; the axis has its unit.
    text = alt.ExprRef(f"width < {NARROW} ? replace(datum.figure, ' images/s', '') : datum.figure")
    figures = base.mark_text(align="left", dx=12, fontSize=12, fontWeight=600, text=text).encode(
        x=x("largest"), color=alt.value(FIGURE_COLOUR)
    )
    step = alt.Step(STEP, **{"for": "offset"}) if several else alt.Step(ALONE)
    return finish((spread + dots + medians + figures).properties(height=step))


def _encodings(comparison: Comparison, things: Sequence[str]) -> dict[str, Any]:
    """Where a mark stands and its colour, the same in every layer."""
    import altair as alt

    y = alt.Y("thing:N", sort=things, title=None, scale=alt.Scale(paddingInner=0.3, paddingOuter=0.15))
    letters = [letter(number) for number in range(len(comparison.runs))]
    if len(letters) == 1:
        return {"y": y, "color": alt.value(COLOURS[0])}
    scale = alt.Scale(domain=letters, range=[COLOURS[number % len(COLOURS)] for number in range(len(letters))])
    legend = alt.Legend(symbolOpacity=1, symbolType="diamond")
    return {
        "y": y,
        "yOffset": alt.YOffset("run:N", sort=letters),
        "color": alt.Color("run:N", scale=scale, legend=legend),
    }


def _unit(measure: Measure, largest: float) -> tuple[float, str]:
    """What values are multiplied with, and the name of their unit then, so that an axis has short numbers."""
    if measure.unit != "s":
        return 1.0, UNITS[measure.unit]
    return next((factor, name) for least, factor, name in SECONDS if largest >= least)


def _x(unit: str, values: Sequence[float], field: str) -> alt.X:
    """The axis of every layer: from nothing on, or logarithmic where the values lie far apart."""
    import altair as alt

    wide = max(values) > WIDE * min(values)
    title = f"{unit} (logarithmic)" if wide else unit
    most = alt.ExprRef(f"{max(values)} * (width < {NARROW} ? 1.5 : 1.18)")
    scale = (
        alt.Scale(type="log", nice=False, padding=40) if wide else alt.Scale(domainMin=0, domainMax=most, nice=False)
    )
    labels = "datum.value == 0 ? '0' : datum.label"
    axis = alt.Axis(format="~s", tickCount=6, gridOpacity=0.5, labelExpr=labels)
    return alt.X(f"{field}:Q", title=title, scale=scale, axis=axis)
