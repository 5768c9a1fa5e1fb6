"""The form that starts a race."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.datasets import Dataset
from core.stores import StoreInfo
from ui import state
from ui.devices import find_devices
from ui.stores import store_label
from ui.words import counted, seconds_text

LOADERS = {"fast": "Fast (ours)", "torch": "Plain PyTorch", "naive": "As in tutorials"}
LOADERS_HELP = (
    "Fast: whole batches at a time, without copies. Plain PyTorch: a DataLoader over the same store, sample by sample. "
    "As in tutorials: the same, opened, decoded and converted the way most tutorials do it."
)
TRANSFORMS = {
    "none": "None",
    "train224": "Training: random crop to 224, flip",
    "eval224": "Evaluation: centre crop to 224",
}
WORKERS = ("auto", "0", "1", "2", "4", "8", "threads:2", "threads:4", "processes:2", "processes:4")
MOST_AT_FIRST = 4
MOST_PILLS = 12
"""More stores than this are chosen from a list."""


def draw_form(dataset: Dataset, found: list[StoreInfo]) -> None:
    """Stores, settings, and the button that starts the race."""
    with st.container(border=True):
        chosen = _draw_stores(dataset, found)
        settings = _draw_settings() | _draw_advanced(dataset)
        if find_devices().note:
            st.caption(find_devices().note)
        _draw_start(dataset, chosen, settings)


def _draw_stores(dataset: Dataset, found: list[StoreInfo]) -> list[str]:
    by_path = {str(store.path): store for store in found}
    choose = partial(st.pills, selection_mode="multi") if len(found) <= MOST_PILLS else st.multiselect
    return choose(
        "Stores",
        list(by_path),
        default=list(by_path)[:MOST_AT_FIRST],
        format_func=lambda path: store_label(by_path[path]),
        key=f"benchmark.stores.{dataset.name}.{len(found) <= MOST_PILLS}",
        persist_state="session",
    )


def _draw_settings() -> dict[str, object]:
    devices = find_devices()
    columns = st.columns(4)
    return {
        "loader": columns[0].selectbox(
            "Loader", list(LOADERS), format_func=LOADERS.__getitem__, help=LOADERS_HELP, key="benchmark.loader",
            persist_state="session",
        ),
        "batch_size": columns[1].number_input(
            "Batch size", 1, 65_536, 256, 32, help="Images a batch.", key="benchmark.batch_size",
            persist_state="session",
        ),
        "workers": columns[2].selectbox(
            "Workers", WORKERS, help="Who decodes: auto tries and chooses, 0 is the loading process itself, a number "
            "what suits the loader, threads or processes what they say.", key="benchmark.workers",
            persist_state="session",
        ),
        "device": columns[3].selectbox(
            "Device", list(devices.names), format_func=devices.names.__getitem__, key="benchmark.device",
            help="Where batches end up.", persist_state="session",
        ),
    }  # fmt: skip


def _draw_advanced(dataset: Dataset) -> dict[str, object]:
    columns = st.columns(4)
    return {
        "transform": columns[0].selectbox(
            "Transform", list(TRANSFORMS), format_func=TRANSFORMS.__getitem__, key="benchmark.transform",
            persist_state="session",
        ),
        "split": columns[1].selectbox(
            "Split", list(dataset.splits), key=f"benchmark.split.{dataset.name}", persist_state="session"
        ),
        "seconds": columns[2].number_input(
            "Seconds a turn", 0.5, 120.0, 3.0, 0.5, format="%.1f", help="How long a store is loaded each time.",
            key="benchmark.seconds", persist_state="session",
        ),
        "rounds": columns[3].number_input(
            "Rounds", 1, 50, 3, help="How often every store has its turn, interleaved with the others.",
            key="benchmark.rounds", persist_state="session",
        ),
    }  # fmt: skip


def _draw_start(dataset: Dataset, chosen: list[str], settings: dict[str, object]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            f"Race {counted(len(chosen), 'store')}" if chosen else "Choose a store",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not chosen,
            key="benchmark.start",
        )
        seconds = len(chosen) * float(str(settings["rounds"])) * (float(str(settings["seconds"])) + 1)
        if chosen:
            st.caption(f"Takes about {seconds_text(seconds + 3)}. Every turn is checked against the store first.")
    if pressed:
        title = f"Race {counted(len(chosen), 'store')} of {dataset.name}"
        if state.start_job("race", {"stores": chosen, **settings}, title=title, owner="benchmark"):
            st.rerun()
