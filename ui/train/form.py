"""The form that starts a training run: stores against each other, orders against each other, or how speed scales."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.datasets.dataset import Dataset
from core.loading.block_shuffle import WINDOW
from core.measure.controlled import proposed, selection_text
from core.measure.rival_rows import loader_title
from core.stores.store import StoreInfo
from core.training.results import list_trainings, usual_pace, usual_preparation
from core.training.settings import MODELS, ORDERS
from ui.shared import state, visitors
from ui.shared.devices import find_devices
from ui.shared.labels import counted, listed, seconds_text
from ui.shared.loader_labels import TRANSFORMS, usable_loaders
from ui.shared.stores import lossless, store_factors_of, store_label

STORES, ORDERS_VIEW, SCALING = "Stores", "Orders", "Scaling"
KIND_OF = {STORES: "stores", ORDERS_VIEW: "orders", SCALING: "scaling"}
"""View -> what its runs compare, see `TrainingRecord.kinds`."""

EXPLAINED = {
    STORES: "The same training from every store: same images, same order, same initial weights. Lossless stores must "
    "give the same loss to the last bit.",
    ORDERS_VIEW: "One store in several orders. With batches of a single class the network learns to predict the class "
    "it saw last, which looks as if the storage format were at fault. Blocks are runs of neighbours, shuffled within "
    f"windows of at most {WINDOW:,} images.",
    SCALING: "Short runs over batch sizes and workers: training speed, and the share of time spent waiting for data.",
}
MOST_AT_FIRST = 6
IMAGES, VAL_IMAGES = 5000, 1000
ORDER_LR = 0.01
WORKERS = ("auto", "measure", "0", "1", "2", "4", "8", "threads:2", "threads:4", "processes:2", "processes:4")
COUNTS = ("0", "1", "2", "4", "8", "16")
SIZES = (16, 32, 64, 128, 256, 512)


def draw_form(dataset: Dataset, found: list[StoreInfo], view: str) -> None:
    """Stores, options, and the button that starts the run."""
    if not visitors.host_only("train"):
        return
    with st.container(border=True):
        st.caption(EXPLAINED[view])
        fields = {"stores": _draw_stores(dataset, found, view)}
        fields |= _draw_main(dataset, view)
        if view == SCALING:
            fields |= _draw_scaling()
        else:
            fields |= _draw_run(dataset, view)
        with st.expander("More options", icon=":material/tune:"):
            fields |= _draw_more(dataset, view)
        _draw_start(dataset, fields, view)


def _draw_stores(dataset: Dataset, found: list[StoreInfo], view: str) -> list[str]:
    by_path = {str(store.path): store for store in found}

    def shown(path: str) -> str:
        return store_label(by_path[path])

    if view == ORDERS_VIEW:
        return [st.selectbox("Store", list(by_path), format_func=shown, key=f"train.store.{dataset.name}",
                             persist_state="session")]  # fmt: skip
    proposal = [str(store.path) for store in proposed(found, store_factors_of, MOST_AT_FIRST)]
    chosen = st.multiselect("Stores", list(by_path), default=proposal[:1] if view == SCALING else proposal,
                            format_func=shown, key=f"train.stores.{view}.{dataset.name}",
                            persist_state="session")  # fmt: skip
    if told := _selection_text([by_path[path] for path in chosen]):
        st.caption(told)
    return chosen


def _selection_text(stores: list[StoreInfo]) -> str:
    """What differs among these, and whether their results can be the same at all."""
    told = selection_text(stores, store_factors_of)
    lossy = [store for store in stores if not lossless(store)]
    if lossy and len(stores) > len(lossy):
        names = listed(map(store_label, lossy))
        told += f" Lossy or resized: {names}. Losses will differ from those of the other stores."
    return told.strip()


def _draw_main(dataset: Dataset, view: str) -> dict[str, Any]:
    columns = st.columns(4)
    model = columns[0].selectbox(
        "Model", list(MODELS), format_func=MODELS.__getitem__, key="train.model", persist_state="session",
        help="The small CNN learns within a minute on two cores. ResNet-18 needs a GPU, or few images.",
    )  # fmt: skip
    several = len(dataset.shapes()) > 1
    transform = columns[1].selectbox(
        "Transform", list(TRANSFORMS), 1 if several else 0, format_func=TRANSFORMS.__getitem__,
        key=f"train.transform.{dataset.name}", persist_state="session",
        help="Images of different shapes need one." if several else None,
    )  # fmt: skip
    told = {"model": model, "transform": transform}
    if view == SCALING:
        return told
    devices = find_devices()
    return told | {
        "device": columns[2].selectbox(
            "Device", list(devices.names), format_func=devices.names.__getitem__, key="train.device",
            persist_state="session",
        ),
        "workers": columns[3].selectbox(
            "Workers", WORKERS, key="train.workers", persist_state="session",
            help="Load data during training. auto: measured once and kept. measure: measured again. "
            "0: data is loaded between the steps.",
        ),
    }  # fmt: skip


def _draw_run(dataset: Dataset, view: str) -> dict[str, Any]:
    columns = st.columns(4)
    train, val = dataset.splits.get("train", 0), dataset.splits.get("val", 0)
    return {
        "epochs": columns[0].number_input("Epochs", 1, 1000, 3, key="train.epochs", persist_state="session"),
        "limit": columns[1].number_input(
            "Images per epoch", 1, max(train, 1), min(IMAGES, max(train, 1)), 500, persist_state="session",
            key=f"train.limit.{dataset.name}", help=f"Of {train:,}; the same for every store and order.",
        ),
        "val_limit": columns[2].number_input(
            "Validation images", 1, max(val, 1), min(VAL_IMAGES, max(val, 1)), 500, persist_state="session",
            key=f"train.val_limit.{dataset.name}",
        ) if val else None,
        "lr": columns[3].number_input(
            "Learning rate", 0.00001, 10.0, ORDER_LR if view == ORDERS_VIEW else 0.001, 0.001, format="%.5f",
            key=f"train.lr.{view}", persist_state="session",
        ),
    }  # fmt: skip


def _draw_scaling() -> dict[str, Any]:
    sizes, counts, times = st.columns([2, 2, 2])
    devices = find_devices()
    return {
        "batch_sizes": sorted(sizes.multiselect("Batch sizes", SIZES, (32, 64, 128, 256), key="train.sizes",
                                                persist_state="session")),
        "worker_counts": counts.multiselect("Workers", COUNTS, ("0", "1", "2"), key="train.counts",
                                            persist_state="session"),
        "devices": times.multiselect("Devices", list(devices.names), list(devices.names)[-1:], key="train.devices",
                                     format_func=devices.names.__getitem__, persist_state="session"),
    }  # fmt: skip


def _draw_more(dataset: Dataset, view: str) -> dict[str, Any]:
    columns = st.columns(4)
    told: dict[str, Any] = {
        "momentum": columns[0].number_input("Momentum", 0.0, 0.999, 0.9, 0.05, key="train.momentum",
                                            persist_state="session"),
        "weight_decay": columns[1].number_input("Weight decay", 0.0, 1.0, 1e-4, 1e-4, format="%.5f",
                                                key="train.weight_decay", persist_state="session"),
        "seed": columns[2].number_input("Seed", 0, 1_000_000, 42, key="train.seed", persist_state="session"),
        "loader": columns[3].selectbox("Loader", usable_loaders(), format_func=loader_title, key="train.loader",
                                       persist_state="session"),
    }  # fmt: skip
    columns = st.columns(4)
    told["threads"] = columns[1].number_input(
        "PyTorch threads", 1, 1024, None, placeholder="CPUs − 1", key="train.threads", persist_state="session",
        help="Proposed: all CPUs but one. Threads that share a CPU with the loader slow down all others.",
    )  # fmt: skip
    if view == SCALING:
        told["seconds"] = columns[0].number_input("Seconds per repeat", 0.5, 120.0, 3.0, 0.5, format="%.1f",
                                                  key="train.seconds", persist_state="session")  # fmt: skip
        told["rounds"] = columns[2].number_input("Rounds", 1, 20, 1, key="train.rounds", persist_state="session")
        return told
    told["batch_size"] = columns[0].number_input("Batch size", 1, 65_536, 64, 16, key="train.batch_size",
                                                 persist_state="session")  # fmt: skip
    if view == ORDERS_VIEW:
        return told | {"orders": list(ORDERS)}
    return told | {
        "orders": [columns[2].selectbox("Order", list(ORDERS), format_func=ORDERS.__getitem__, key="train.order",
                                        persist_state="session")]
    }  # fmt: skip


def _draw_start(dataset: Dataset, fields: Mapping[str, Any], view: str) -> None:
    ready = all(fields.get(name, True) for name in ("stores", "batch_sizes", "worker_counts", "devices"))
    label = {
        STORES: f"Train from {counted(len(fields['stores']), 'store')}",
        ORDERS_VIEW: f"Train in {len(ORDERS)} orders",
        SCALING: "Measure scaling",
    }[view]
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(label, type="primary", icon=":material/play_arrow:", disabled=not ready, key="train.start")
        st.caption(_foretold(dataset, fields, view) if ready else "Choose at least one of each.")
    if pressed:
        task = "train-scaling" if view == SCALING else "train"
        title = f"{label} {'of' if view == STORES else 'on'} {dataset.name}"
        if state.start_job(task, fields, title=title, owner="train"):
            st.rerun()


def _foretold(dataset: Dataset, fields: Mapping[str, Any], view: str) -> str:
    """How long it takes, as far as that is known."""
    if view == SCALING:
        repeats = fields["rounds"] * len(fields["stores"]) * len(fields["batch_sizes"]) * len(fields["worker_counts"])
        repeats *= len(fields["devices"])
        return f"{counted(repeats, 'repeat')}, about {seconds_text(repeats * (fields['seconds'] + 1))}."
    runs = len(fields["stores"]) * len(fields["orders"])
    images = runs * fields["epochs"] * (fields["limit"] + (fields["val_limit"] or 0))
    records = list_trainings(state.home(), dataset.name)
    pace = usual_pace(records, fields["model"], fields["device"])
    if pace is None:
        return f"The model processes {images:,} images in total."
    seconds = usual_preparation(records, fields["model"], fields["device"]) + images / pace
    return f"The model processes {images:,} images: about {seconds_text(seconds)}, based on the last run."
