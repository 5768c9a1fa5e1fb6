"""The labels of a file: how often each occurs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.inspect.search import Census
from ui.inspector import inspected
from ui.inspector.filtering import label_text
from ui.inspector.opening import Subject
from ui.shared.charts import draw_chart
from ui.shared.labels import counted
from ui.shared.theme import FIGURE_COLOUR, PALETTE, finish

if TYPE_CHECKING:
    import altair as alt

NAMED = 40
"""With more labels than this, bars are ranked instead of named."""


def draw_labels(subject: Subject) -> None:
    """The histogram of labels, and whether all were counted."""
    if len(subject.span) == 0:
        return
    with st.spinner("Counting labels…"):
        census = inspected.census(subject.span, inspected.COUNT_SECONDS)
    if not census.counts:
        st.info("No labels were found with the chosen way to read this file.", icon=":material/label_off:")
        return
    st.markdown(_sentence(census))
    names = inspected.classes(subject.span)
    chart = histogram(census, names)
    rows = [{"label": label, "name": label_text(label, names), "entries": count} for label, count in census.counts]
    draw_chart(chart, "How often each label occurs", rows=rows, export=f"{Path(subject.span.path).stem}-labels")
    if not census.exact:
        st.caption(
            f"Estimated from {census.looked:,} of {census.total:,} entries, evenly spread over the file: reading the "
            "all labels would take long."
        )


def _sentence(census: Census) -> str:
    different = counted(len(census.counts), "label")
    more = f" and more, of {counted(census.others, 'entry', 'entries')}" if census.others else ""
    without = f"; {counted(census.none, 'entry has', 'entries have')} none" if census.none else ""
    return f"**{different}**{more} among {counted(census.looked, 'entry', 'entries')}{without}."


def histogram(census: Census, names: Sequence[str] | None) -> alt.Chart | alt.LayerChart:
    """Bars by label: by name or number where there are few, else ranked."""
    import altair as alt
    import pandas as pd

    counts = list(census.counts)
    if all(isinstance(label, int) for label, _ in counts) and len(counts) <= NAMED:
        counts.sort()
    scale = census.total / max(census.looked, 1)
    table = pd.DataFrame(
        [
            (label_text(label, names)[:60], round(count * scale), place)
            for place, (label, count) in enumerate(counts, 1)
        ],
        columns=["label", "entries", "rank"],
    )
    title = "entries" if census.exact else "entries (estimated)"
    tooltip = ["label", alt.Tooltip("entries", format=",", title=title)]
    if len(table) > NAMED:
        bars = alt.Chart(table).mark_bar(width={"band": 1}, color=PALETTE[4])
        ranked = alt.X("rank:O", title="labels, the most frequent first", axis=alt.Axis(labels=False, ticks=False))
        return finish(bars.encode(x=ranked, y=alt.Y("entries:Q", title=title), tooltip=tooltip).properties(height=300))
    base = alt.Chart(table).encode(
        y=alt.Y("label:N", title=None, sort=None),
        x=alt.X("entries:Q", title=title, axis=alt.Axis(format=",d", tickCount=5, tickMinStep=1)),
    )
    bars = base.mark_bar(cornerRadiusEnd=3, color=PALETTE[4]).encode(tooltip=tooltip)
    figures = base.mark_text(align="left", dx=5, fontSize=12).encode(
        text=alt.Text("entries:Q", format=","), color=alt.value(FIGURE_COLOUR)
    )
    return finish((bars + figures).properties(height=alt.Step(26)))
