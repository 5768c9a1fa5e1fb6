"""Benchmark: race stores against each other through a dataloader, and keep what was measured."""

import streamlit as st

from core.measure.races import RaceRecord, list_races
from ui import state
from ui.benchmark_form import LOADERS, draw_form
from ui.frame import through_router
from ui.job_panel import draw_ending, own_jobs
from ui.navigation import link
from ui.race_view import draw_live, draw_result
from ui.stores import stores
from ui.words import counted


def race_title(record: RaceRecord) -> str:
    """A race in the list of those that were run."""
    setup = record.setup
    raced = counted(len(setup["stores"]), "store")
    loader = LOADERS.get(setup["loader"], setup["loader"])
    return (
        f"{setup['started'].replace('T', ' ')[:16]} · {raced}, {loader}, batch {setup['batch_size']}, {setup['device']}"
    )


through_router()
st.title("Benchmark")

dataset = state.current_dataset()
found = stores(dataset.name) if dataset else []
if dataset is None or not found:
    missing = f"No store was built from {dataset.name} yet." if dataset else "There is no dataset yet."
    st.markdown(f"A race needs built stores. {missing}")
    link("build" if dataset else "dataset", "Build stores" if dataset else "Import a dataset")
    link("start", "Or run the demo")
    st.stop()

running = own_jobs("benchmark")
for job in running:
    draw_live(job)
if not running:
    draw_ending("benchmark")
    draw_form(dataset, found)

records = list_races(state.home(), dataset.name)
if records:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Results")
        by_path = {str(record.path): record for record in records}
        shown = st.selectbox(
            "Race", list(by_path), format_func=lambda path: race_title(by_path[path]), width=520,
            key=f"benchmark.record.{records[0].path.name}", label_visibility="collapsed",
        )  # fmt: skip
    draw_result(by_path[shown])
elif not running:
    st.caption("What is measured here is kept and shown again.")
