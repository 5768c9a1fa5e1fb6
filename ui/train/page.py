"""The page Train."""

from __future__ import annotations

import streamlit as st

from core.datasets.dataset import Dataset
from core.training.results import list_trainings
from ui.shared import address, state, titles
from ui.shared.job_panel import draw_ending, own_jobs
from ui.shared.labels import verbatim
from ui.shared.live.view import draw_live
from ui.shared.no_data import draw_no_data
from ui.shared.run_picker import NO_RUNS, pick_run
from ui.shared.stores import stores
from ui.train.form import KIND_OF, ORDERS_VIEW, SCALING, STORES, draw_form
from ui.train.labels import run_title
from ui.train.view import draw_result

VIEWS = (STORES, ORDERS_VIEW, SCALING)


def draw() -> None:
    """What runs; or the form, and below it the results of earlier runs of the same kind."""
    title, views = st.columns([2, 3], vertical_alignment="bottom")
    title.title("Train")
    dataset = state.current_dataset()
    found = stores(dataset.name) if dataset else []
    if dataset is None or not found:
        _draw_missing(dataset)
        return
    with views, st.container(horizontal_alignment="right"):
        address.hold("view", "train.view", VIEWS, STORES)
        view = st.segmented_control(
            "What to compare", VIEWS, required=True, key="train.view",
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
    titles.say("view", view)
    running = own_jobs("train")
    for job in running:
        draw_live(job)
    if not running:  # charts take the processors that are being measured
        draw_ending("train")
        draw_form(dataset, found, view)
        _draw_results(dataset, view)


def _draw_missing(dataset: Dataset | None) -> None:
    missing = f"No store was built from {verbatim(dataset.name)} yet." if dataset else "There is no dataset yet."
    draw_no_data(
        f"Training reads from built stores. {missing}",
        "build" if dataset else "dataset",
        "Build stores" if dataset else "Import a dataset",
    )


def _draw_results(dataset: Dataset, view: str) -> None:
    every = list_trainings(state.home(), dataset.name)
    records = [record for record in every if KIND_OF[view] in record.kinds]
    none = f"No run of this kind yet ({view}). The other views list the other runs." if every else NO_RUNS
    record = pick_run(records, run_title, f"train.record.{view}", none)
    if record is not None:
        draw_result(record)
