"""Benchmark, Loaders: start a race of stores through data loaders, watch it, and read what it found."""

from __future__ import annotations

import streamlit as st

from core.datasets import Dataset
from core.measure.races import RaceRecord, list_races
from core.stores import StoreInfo
from ui import state
from ui.benchmark_form import LOADERS, draw_form
from ui.job_panel import draw_ending, own_jobs
from ui.navigation import link
from ui.race_view import draw_live, draw_result
from ui.words import counted


def draw(dataset: Dataset, found: list[StoreInfo]) -> None:
    """The form or what runs, and below it the last results."""
    if not found:
        st.markdown(f"A race needs built stores. No store was built from {dataset.name} yet.")
        link("build", "Build stores")
        return
    running = [job for job in own_jobs("benchmark") if job.task == "race"]
    for job in running:
        draw_live(job)
    if not running:
        draw_ending("benchmark")
        draw_form(dataset, found)
    _draw_results(dataset, running=bool(running))


def _draw_results(dataset: Dataset, *, running: bool) -> None:
    records = list_races(state.home(), dataset.name)
    if not records:
        if not running:
            st.caption("What is measured here is kept and shown again.")
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Results")
        by_path = {str(record.path): record for record in records}
        shown = st.selectbox(
            "Race", list(by_path), format_func=lambda path: _title(by_path[path]), width=520,
            key=f"benchmark.record.{records[0].path.name}", label_visibility="collapsed",
        )  # fmt: skip
    draw_result(by_path[shown])


def _title(record: RaceRecord) -> str:
    """A race in the list of those that were run."""
    setup = record.setup
    raced = counted(len(setup["stores"]), "store")
    loader = LOADERS.get(setup["loader"], setup["loader"])
    return (
        f"{setup['started'].replace('T', ' ')[:16]} · {raced}, {loader}, batch {setup['batch_size']}, {setup['device']}"
    )
