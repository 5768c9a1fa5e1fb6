"""The ranking of a loader run as a chart, and the axis that it shares with the other charts of such a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.measure.loader_runs import ConfigurationResult
from ui.shared.labels import number_text, rounded
from ui.shared.loader_labels import workers_text
from ui.shared.theme import FIGURE_COLOUR, finish, format_scale, row_title

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

BAR, NARROW = 40, 28
MANY = 12
"""Configurations from which on bars are narrower."""

IS_NARROW = "width < 560"
"""Vega's expression for a chart of a phone's width."""

NO_PREFIX_AT_0 = "datum.value === 0 ? '0' : datum.label"
"""Vega's expression of an axis: it gives all values the same prefix, and writes "0k"."""


def ranking_chart(rows: Sequence[ConfigurationResult], labels: Mapping[str, str] | None = None) -> alt.LayerChart:
    """Medians as bars, the slowest and the fastest repeat as whiskers, beside them the median, and where they
    differ the workers.

    `labels` are by the name of a configuration; without them it goes by its store.
    """
    import altair as alt
    import pandas as pd

    differ = len({row.workers for row in rows}) > 1
    table = pd.DataFrame(
        [
            {
                "configuration": labels[row.configuration] if labels else row.store,
                "format": row_title({"format": row.format, **row.about}),
                "median": row.median,
                "slowest": row.slowest,
                "fastest": row.fastest,
                "repeats": row.repeats,
                "workers": workers_text(row.workers),
                "number": number_text(rounded(row.median)),
                "figure": number_text(rounded(row.median)) + (f" · {workers_text(row.workers)}" if differ else ""),
            }
            for row in rows
        ]
    )
    base = alt.Chart(table).encode(y=by_configuration(table))
    bars = base.mark_bar(cornerRadiusEnd=3, size=bar_step(len(table)) * 0.6).encode(
        x=alt.X(
            "median:Q",
            title="images per second",
            scale=alt.Scale(domainMin=0, domainMax=alt.ExprRef(_end_of_axis(table, 1.7 if differ else 1.18))),
            axis=alt.Axis(format="~s", tickCount=6, labelExpr=NO_PREFIX_AT_0),
        ),
        color=alt.Color("format:N", scale=format_scale(), legend=None),
        tooltip=[
            "configuration",
            *(alt.Tooltip(name, title=f"{name}, images/s", format=",.0f") for name in ("median", "slowest", "fastest")),
            "repeats",
            "workers",
        ],
    )
    spread = base.mark_rule(strokeWidth=2, color=FIGURE_COLOUR).encode(x="slowest:Q", x2="fastest:Q")
    # Where a chart is narrow there is room for the number alone; the workers are in the table behind it.
    text = alt.ExprRef(f"{IS_NARROW} ? datum.number : datum.figure")
    figures = base.mark_text(align="left", dx=8, fontSize=13, fontWeight=600, text=text).encode(
        x="fastest:Q", color=alt.value(FIGURE_COLOUR)
    )
    return finish((bars + spread + figures).properties(height=alt.Step(bar_step(len(table)))))


def _end_of_axis(table: pd.DataFrame, wide: float) -> str:
    """Vega's expression; `wide`: as a multiple of the fastest, where there is room. A figure stands behind its bar: it
    needs a larger part of a narrow chart, the larger the longer it is."""
    narrow = 1.15 + 0.045 * table["number"].str.len().max()
    return f"{float(table['fastest'].max())} * ({IS_NARROW} ? {narrow} : {wide})"


def by_configuration(table: pd.DataFrame) -> alt.Y:
    import altair as alt

    return alt.Y("configuration:N", title=None, sort=list(table["configuration"]), axis=alt.Axis(labelLimit=320))


def bar_step(configurations: int) -> int:
    return NARROW if configurations > MANY else BAR
