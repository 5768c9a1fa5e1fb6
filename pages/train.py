"""Train: the same training from several stores or in several orders, and what of it is waiting for data."""

import streamlit as st

from core.training.results import list_trainings
from ui.live.view import draw_live
from ui.shared import state
from ui.shared.job_panel import draw_ending, own_jobs
from ui.shared.labels import verbatim
from ui.shared.navigation import link
from ui.shared.stores import stores
from ui.shell.frame import through_router
from ui.train.form import KIND_OF, ORDERS_VIEW, SCALING, STORES, draw_form
from ui.train.labels import run_title
from ui.train.view import draw_result

through_router()
title, views = st.columns([2, 3], vertical_alignment="bottom")
title.title("Train")

dataset = state.current_dataset()
found = stores(dataset.name) if dataset else []
if dataset is None or not found:
    missing = f"No store was built from {verbatim(dataset.name)} yet." if dataset else "There is no dataset yet."
    st.markdown(f"Training reads from built stores. {missing}")
    link("build" if dataset else "dataset", "Build stores" if dataset else "Import a dataset")
    link("start", "Or run the demo")
    st.stop()

with views, st.container(horizontal_alignment="right"):
    view = st.segmented_control(
        "What to compare", [STORES, ORDERS_VIEW, SCALING], default=STORES, required=True, key="train.view",
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip

running = own_jobs("train")
for job in running:
    draw_live(job)
if running:
    st.stop()
draw_ending("train")
draw_form(dataset, found, view)

every = list_trainings(state.home(), dataset.name)
records = [record for record in every if KIND_OF[view] in record.kinds]
if records:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Results")
        by_path = {str(record.path): record for record in records}
        shown = st.selectbox(
            "Run", list(by_path), format_func=lambda path: run_title(by_path[path]), width=520,
            key=f"train.record.{view}.{records[0].path.name}", label_visibility="collapsed",
        )  # fmt: skip
    draw_result(by_path[shown])
elif every:
    st.caption(f"No run of this kind yet ({view}). Runs of other kinds are kept in their own views.")
else:
    st.caption("What is trained here is kept and shown again.")
