"""Numbers that are no picture: their figures, how often which value occurs, a heat map, and the first rows."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.shared.charts import draw_chart
from ui.shared.labels import counted
from ui.shared.theme import PALETTE, finish

NARROW = 2
"""Rows and columns that a heat map has at least."""

FIGURES = {"Least": "min", "Greatest": "max", "Mean": "mean", "Deviation": "std"}
"""How each figure is called on the page, and in `sample.statistics`."""

HINT = "If these are pictures after all, choose *Any array of numbers, drawn as images* under **Read as**."


def figures_of(about: dict[str, Any]) -> dict[str, Any]:
    """A line of a table about one entry's numbers; figures that there are none of stay empty."""
    told = about.get("statistics") or {}
    line = {title: told.get(name) for title, name in FIGURES.items()}
    zeros = 100 * told["zeros"] / told["values"] if told.get("values") else None
    return {"Shape": times(about.get("stored_shape")), "Type": about.get("dtype", ""), **line, "Zeros (%)": zeros}


def columns() -> dict[str, Any]:
    """How the figures are written."""
    number = st.column_config.NumberColumn(format="%.4g")
    return dict.fromkeys(FIGURES, number) | {
        "Zeros (%)": st.column_config.NumberColumn(format="%.1f"),
        "Key": st.column_config.TextColumn(width="medium"),
    }


def times(shape: list[int] | None) -> str:
    return "one value" if shape == [] else " × ".join(f"{length:,}" for length in shape or [])


def draw_numbers(about: dict[str, Any]) -> None:
    """What is known of an entry's numbers. `about` is a sample's, with `statistics` in full."""
    told = about["statistics"]
    looked = f"the first {told['values']:,} of " if told["values"] < told["of"] else ""
    st.caption(f"{times(about.get('stored_shape'))} · {looked}{counted(told['of'], 'number')}")
    if told["min"] is not None:
        with st.container(horizontal=True, gap="medium"):  # wraps where the column is narrow
            for title, name in FIGURES.items():
                st.metric(title, "none" if told[name] is None else f"{told[name]:.4g}", width="content")
    st.caption(_counted(told))
    if len(told["histogram"]) > 1:
        _draw_histogram(told)
    if len(told["grid"]) >= NARROW and len(told["grid"][0]) >= NARROW:
        _draw_grid(told)
    st.caption("Its first numbers, the last axis across")
    written = st.column_config.NumberColumn(format="%.4g")
    rows = [{str(place): value for place, value in enumerate(row)} for row in told["rows"]]
    st.dataframe(rows, hide_index=True, height="content", column_config=dict.fromkeys(rows[0], written))
    st.caption(HINT)


def _counted(told: dict[str, Any]) -> str:
    zeros = f"{100 * told['zeros'] / told['values']:.1f} % of them are zero"
    return zeros + (f", {told['nan']:,} are no numbers (NaN or infinite)" if told["nan"] else "")


def _draw_histogram(told: dict[str, Any]) -> None:
    import altair as alt
    import pandas as pd

    counts = told["histogram"]
    width = (told["max"] - told["min"]) / len(counts)
    starts = [told["min"] + place * width for place in range(len(counts))]
    table = pd.DataFrame({"from": starts, "to": [start + width for start in starts], "numbers": counts})
    chart = alt.Chart(table).mark_bar(color=PALETTE[4]).encode(
        x=alt.X("from:Q", title="Value", bin="binned", axis=alt.Axis(tickCount=5)), x2="to:Q",
        y=alt.Y("numbers:Q", title="How many", axis=alt.Axis(tickCount=4)),
        tooltip=[alt.Tooltip("from", format=".4g"), alt.Tooltip("to", format=".4g"), "numbers"],
    ).properties(height=140)  # fmt: skip
    draw_chart(finish(chart), "How often which value occurs")


def _draw_grid(told: dict[str, Any]) -> None:
    import altair as alt
    import pandas as pd

    cells = [
        {"row": row, "column": column, "value": value}
        for row, line in enumerate(told["grid"])
        for column, value in enumerate(line)
    ]
    chart = alt.Chart(pd.DataFrame(cells)).mark_rect().encode(
        x=alt.X("column:O", title="Last axis", axis=alt.Axis(labels=False, ticks=False)),
        y=alt.Y("row:O", title="Other axes", axis=alt.Axis(labels=False, ticks=False)),
        color=alt.Color("value:Q", title=None, scale=alt.Scale(scheme="viridis"), legend=alt.Legend(tickCount=4)),
        tooltip=["row", "column", alt.Tooltip("value", format=".4g")],
    ).properties(height=220)  # fmt: skip
    draw_chart(finish(chart), "The numbers as a heat map")
    st.caption(f"{len(told['grid'])} × {len(told['grid'][0])} of the numbers, spread evenly; the colours are theirs.")
