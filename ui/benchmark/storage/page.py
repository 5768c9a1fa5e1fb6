"""Benchmark, Storage: what writing and reading cost in each way of storing, at growing numbers of images."""

from __future__ import annotations

import streamlit as st

from core.datasets.dataset import Dataset
from core.measure.record_fields import STORAGE_SETUP, has
from core.measure.records import Record, list_records
from core.measure.storage.rows import shown_rows
from core.stores.store import StoreInfo
from ui.benchmark.storage.form import OWNER, draw_form
from ui.benchmark.storage.view import draw_result
from ui.live.view import draw_live
from ui.shared import state
from ui.shared.job_panel import draw_ending, own_jobs
from ui.shared.labels import counted, listed


def draw(dataset: Dataset, stores: list[StoreInfo]) -> None:
    """The form or the experiment that runs, and below it what was measured before. It needs no built stores."""
    running = own_jobs(OWNER)
    for job in running:
        draw_live(job)
    if not running:  # charts take the processors that are being measured
        draw_ending(OWNER)
        draw_form(dataset)
        _draw_results(dataset)


def _draw_results(dataset: Dataset) -> None:
    found = list_records(state.home(), "storage", dataset.name)
    records = [record for record in found if has(record.setup, STORAGE_SETUP) and shown_rows(record)]
    if not records:
        st.caption("What is measured here is kept and shown again.")
        return
    by_path = {str(record.path): record for record in records}
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Results")
        shown = st.selectbox(
            "Experiment", list(by_path), format_func=lambda path: record_title(by_path[path]), width=520,
            key=f"storage.record.{records[0].path.name}", label_visibility="collapsed",
        )  # fmt: skip
    draw_result(by_path[shown])


def record_title(record: Record) -> str:
    """An experiment in the list of those that were run."""
    setup = record.setup
    ways = counted(len(setup.get("ways") or []), "way")
    counts = listed(f"{count:,}" for count in setup["cutoffs"][-1:])
    return f"{str(setup['started']).replace('T', ' ')[:16]} · {ways}, up to {counts} images"
