"""What loaders of a run are compared by beside their speed: a table, and speed against processor time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.measure.loader_lines import LoaderLine
from core.report.loader_charts import SHOWS, TITLE, costed, speed_against_cpu
from core.report.loader_table import LEGEND, loader_table
from ui.shared.charts import draw_chart
from ui.shared.theme import finish
from ui.shared.wide_table import draw_wide_table


def draw_columns(lines: Sequence[LoaderLine], labels: Mapping[str, str]) -> None:
    """A row for each of `lines`, and a point for each of which the processor time was measured."""
    draw_wide_table(loader_table(lines, labels, "Median of the repeats"))
    st.caption(LEGEND)
    if shown := costed(lines):
        st.markdown(f"**{TITLE}**: up is faster, left is cheaper")
        draw_chart(finish(speed_against_cpu(shown)), SHOWS)
