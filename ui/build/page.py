"""The page Build."""

from __future__ import annotations

import streamlit as st

from ui.build.form import NEW, STORES, draw_form
from ui.build.interrupted import draw_interrupted
from ui.build.store_list import draw_stores
from ui.build.stores_elsewhere import draw_stores_elsewhere
from ui.shared import address, state, visitors
from ui.shared.job_panel import draw_jobs
from ui.shared.no_data import draw_no_data
from ui.shared.stores import stores
from ui.shared.unreadable import STORES as DAMAGED
from ui.shared.unreadable import draw_unreadable


def draw() -> None:
    """The stores of the current dataset, or the form that builds more."""
    title, views = st.columns([2, 3], vertical_alignment="bottom")
    title.title("Build")
    dataset = state.current_dataset()
    if dataset is None:
        draw_no_data("A store is built from an imported dataset. There is no dataset yet.", "dataset",
                     "Import a dataset")  # fmt: skip
        return
    draw_interrupted(dataset.name)
    found = len(stores(dataset.name))
    view = NEW
    if found:
        with views, st.container(horizontal_alignment="right"):
            view = _choose_view(found)
    if view == STORES:
        draw_jobs("build")
        draw_stores(dataset.name)
    elif visitors.host_only("build stores"):
        draw_form(dataset)
    draw_stores_elsewhere(dataset.name)
    draw_unreadable(DAMAGED)


def _choose_view(stores: int) -> str:
    address.hold("view", "build.view", (STORES, NEW), STORES)
    return st.segmented_control(
        "View", [STORES, NEW], required=True, key="build.view", label_visibility="collapsed", persist_state="session",
        format_func=lambda name: f"{name} ({stores})" if name == STORES else name,
    )  # fmt: skip
