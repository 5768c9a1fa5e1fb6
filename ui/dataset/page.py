"""The page Dataset."""

from __future__ import annotations

import streamlit as st

from core.datasets.dataset import Dataset
from ui.dataset.importing import draw_import
from ui.dataset.view import ask_to_delete, draw_dataset
from ui.shared import state, visitors
from ui.shared.job_panel import draw_jobs
from ui.shared.labels import verbatim
from ui.shared.navigation import link
from ui.shared.unreadable import DATASETS, draw_unreadable


def draw() -> None:
    """The form that imports one, the current dataset, and those that cannot be read."""
    dataset = state.current_dataset()
    _draw_heading(dataset)
    importing = draw_jobs("dataset")
    if not importing:
        with st.expander("Import a dataset", expanded=dataset is None, icon=":material/add_photo_alternate:"):
            draw_import()
    if dataset:
        draw_dataset(dataset)
    draw_unreadable(DATASETS)


def _draw_heading(dataset: Dataset | None) -> None:
    heading, buttons = st.columns([3, 2], vertical_alignment="bottom")
    heading.title(verbatim(dataset.name) if dataset else "Dataset")
    if dataset is None:
        st.markdown("Everything starts with images. Generate some, download a well-known dataset, or import your own.")
        return
    with buttons, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        link("build", "Build stores from it")
        if st.button("Delete", icon=":material/delete:", key="dataset.delete", disabled=not visitors.is_host(),
                     help=visitors.lock_help("delete datasets")):  # fmt: skip
            ask_to_delete(dataset)
