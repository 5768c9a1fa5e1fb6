"""Build: choose formats, encodings and compressions; see what they cost, before and after."""

import streamlit as st

from ui.build.form import NEW, STORES, draw_form
from ui.build.store_list import draw_stores
from ui.shared import state
from ui.shared.job_panel import draw_jobs
from ui.shared.navigation import link
from ui.shared.stores import stores
from ui.shared.unreadable import STORES as DAMAGED
from ui.shared.unreadable import draw_unreadable
from ui.shell.frame import through_router

through_router()
title, views = st.columns([2, 3], vertical_alignment="bottom")
title.title("Build")

dataset = state.current_dataset()
if dataset is None:
    st.markdown("A store is made from an imported dataset, and there is none yet.")
    link("dataset", "Import a dataset")
    link("start", "Or run the demo")
    st.stop()

found = stores(dataset.name)
view = NEW
if found:
    st.session_state.setdefault("build.view", STORES)
    with views, st.container(horizontal_alignment="right"):
        view = st.segmented_control(
        "View", [STORES, NEW], required=True, key="build.view", label_visibility="collapsed",
        format_func=lambda name: f"{name} ({len(found)})" if name == STORES else name,
        persist_state="session",
    )  # fmt: skip
if view == STORES:
    draw_jobs("build")
    draw_stores(dataset.name)
else:
    draw_form(dataset)
draw_unreadable(DAMAGED)
