"""The page Benchmark, with its four views."""

from __future__ import annotations

import streamlit as st

from ui.benchmark.loaders import tab as loaders
from ui.benchmark.results import tab as results
from ui.benchmark.storage import tab as storage
from ui.benchmark.suite import tab as suite
from ui.shared import address, state, titles
from ui.shared.no_data import draw_no_data
from ui.shared.stores import stores

LOADERS, SUITE, STORAGE, RESULTS = "Loaders", "Suite", "Storage", "Results"
VIEWS = (LOADERS, SUITE, STORAGE, RESULTS)


def draw() -> None:
    """The view that is chosen; only that is drawn."""
    top = st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute")
    top.title("Benchmark", width="content")
    dataset = state.current_dataset()
    if dataset is None:
        draw_no_data("A benchmark needs a dataset. There is none yet.", "dataset", "Import a dataset")
        return
    with top:
        address.hold("view", "benchmark.view", VIEWS, LOADERS)
        view = st.segmented_control(
            "View", VIEWS, required=True, key="benchmark.view",
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
    titles.say("view", view)
    if view == SUITE:
        suite.draw()
    elif view == STORAGE:
        storage.draw(dataset)
    elif view == RESULTS:
        results.draw(dataset)
    else:
        loaders.draw(dataset, stores(dataset.name))
