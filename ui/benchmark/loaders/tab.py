"""Benchmark, Loaders: start a run of stores through data loaders, watch it, and read what it found."""

from __future__ import annotations

import streamlit as st

from core.datasets.dataset import Dataset
from core.measure.loader_runs import LoaderRun, list_loader_runs
from core.measure.rival_rows import loader_title
from core.stores.store import StoreInfo
from ui.benchmark.loaders.form import draw_form
from ui.benchmark.loaders.view import draw_result
from ui.shared import state
from ui.shared.job_panel import draw_ending, own_jobs
from ui.shared.labels import counted, listed, verbatim
from ui.shared.live.view import draw_live
from ui.shared.navigation import link
from ui.shared.run_picker import pick_run

MOST_NAMED = 3
"""Loaders of a run that its title names."""


def draw(dataset: Dataset, found: list[StoreInfo]) -> None:
    """The form or what runs, and below it the last results."""
    if not found:
        st.markdown(f"A loader benchmark needs built stores. No store was built from {verbatim(dataset.name)} yet.")
        link("build", "Build stores")
        return
    running = [job for job in own_jobs("benchmark") if job.task == "loader"]
    for job in running:
        draw_live(job)
    if running:
        st.caption("While it measures, this page updates as little as possible. Results appear when it is done.")
        return
    draw_ending("benchmark")
    draw_form(dataset, found)
    _draw_results(dataset)


def _draw_results(dataset: Dataset) -> None:
    record = pick_run(list_loader_runs(state.home(), dataset.name), _title, "benchmark.record")
    if record is not None:
        draw_result(record)


def _title(record: LoaderRun) -> str:
    """An experiment in the list of those that were run."""
    setup = record.setup
    many = setup.get("configurations") or setup["stores"]
    noun = "store" if record.varied == ["store"] else "configuration"
    names = setup.get("loaders") or [setup.get("loader", "")]
    loaders = counted(len(names), "loader") if len(names) > MOST_NAMED else listed(map(loader_title, names))
    cut = "" if record.complete else ", stopped"
    return f"{setup['started'].replace('T', ' ')[:16]} · {counted(len(many), noun)}, {loaders}{cut}"
