"""Benchmark: race loaders, compare storage, and look at all that was measured."""

import streamlit as st

from ui.benchmark.loaders import page as loader_page
from ui.benchmark.results import page as results_page
from ui.benchmark.storage import page as storage_page
from ui.shared import state
from ui.shared.navigation import link
from ui.shared.stores import stores
from ui.shell.frame import through_router

LOADERS, STORAGE, RESULTS = "Loaders", "Storage", "Results"

through_router()
title, views = st.columns([2, 3], vertical_alignment="bottom")
title.title("Benchmark")

dataset = state.current_dataset()
if dataset is None:
    st.markdown("Formats are measured with a dataset of yours, and there is none yet.")
    link("dataset", "Import a dataset")
    link("start", "Or run the demo")
    st.stop()

with views, st.container(horizontal_alignment="right"):
    view = st.segmented_control(
        "View", [LOADERS, STORAGE, RESULTS], default=LOADERS, required=True, key="benchmark.view",
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
if view == STORAGE:
    storage_page.draw(dataset, stores(dataset.name))
elif view == RESULTS:
    results_page.draw(dataset)
else:
    loader_page.draw(dataset, stores(dataset.name))
