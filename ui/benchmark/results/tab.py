"""Benchmark, Results: everything that was measured, alone or side by side."""

from __future__ import annotations

import streamlit as st

from core.datasets.dataset import Dataset
from ui.benchmark.results.compare import draw_runs
from ui.benchmark.results.listing import draw_actions, draw_filters, draw_list, runs_of
from ui.shared import state
from ui.shared.labels import verbatim
from ui.shared.unreadable import RUNS, draw_unreadable


def draw(dataset: Dataset) -> None:
    """The list of runs, and below it the one that is chosen or those that are compared."""
    draw_unreadable(RUNS)
    state.show_trouble()
    found = draw_filters(dataset.name)
    if not found:
        _draw_empty(dataset)
        return
    if len(found) > 1:
        st.caption("Select two or more runs to compare them. The oldest is the reference.")
    chosen = draw_list(found)
    with st.container(border=True):
        draw_runs(chosen)
        if len(chosen) == 1:
            draw_actions(chosen[0])


def _draw_empty(dataset: Dataset) -> None:
    if runs_of(None):
        st.caption(f"No such run of {verbatim(dataset.name)}. Choose another kind, or **All datasets**.")
        return
    st.markdown("No runs yet.")
    st.caption(
        "Runs of **Loaders** and **Storage** are listed here, with the machine they were measured on. You can also "
        "open a run from another machine."
    )
