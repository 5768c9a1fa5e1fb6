"""The form that starts a storage experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.base.errors import FormatMattersError
from core.compressions import COMPRESSIONS
from core.datasets.dataset import Dataset
from core.encodings import ENCODINGS
from core.formats import FORMATS
from core.measure.controlled import selection_text, store_factors
from core.measure.storage import StorageExperiment
from core.measure.storage.choice import choices, usual
from core.measure.storage.methods import TUTORIAL
from core.measure.storage.run import TRIAL
from core.measure.storage.schedule import Costs, forecast
from ui.shared import state, visitors
from ui.shared.cached import cache_data
from ui.shared.labels import counted, listed, seconds_text, size_text, verbatim

OWNER = "benchmark.storage"
CUTOFFS = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
USUAL_CUTOFFS = (1, 10, 100, 1_000, 10_000)


def draw_form(dataset: Dataset) -> None:
    """Methods, numbers of images, time, and the button."""
    if not visitors.host_only("start experiments"):
        return
    with st.container(border=True):
        settings = _draw_settings(dataset)
        methods = _draw_methods(dataset, settings["size"])
        cutoffs = _draw_cutoffs(dataset, str(settings["split"]))
        fields = {"dataset": dataset.name, "methods": methods, "cutoffs": cutoffs, **settings}
        _draw_start(dataset, fields)


def _draw_methods(dataset: Dataset, size: int | None) -> list[str]:
    one_shape = size is not None or len(dataset.shapes()) == 1
    every = [*all_methods()]
    chosen = st.multiselect(
        "Storage methods",
        every,
        default=usual(one_shape, size is not None),
        help="Ours use the writers and readers that stores are built with. tutorial: the code of a well-known tutorial "
        "(Three Ways of Storing and Accessing Lots of Images), for comparison.",
        key=f"storage.methods.{dataset.name}.{one_shape}.{size is not None}",
        persist_state="session",
    )
    if told := selection_text(chosen, _factors):
        st.caption(told)
    return chosen


def _factors(method: str) -> Mapping[str, str]:
    return store_factors(*method.split("/", 1))


def all_methods() -> Sequence[str]:
    """Every encoding with every compression in every format, and the tutorial's code, format by format."""
    compressed = [name for name, entry in COMPRESSIONS.items() if name != "none" and entry.available()]
    methods = []
    for format, entry in FORMATS.items():
        if not entry.available():
            continue
        methods += [f"{format}/{encoding}" for encoding in ENCODINGS]
        methods += [f"{format}/{TUTORIAL}"] if entry.tutorial else []
        methods += [f"{format}/{encoding}-{name}" for encoding in ("raw", "original") for name in compressed]
    return methods


def _draw_cutoffs(dataset: Dataset, split: str) -> list[int]:
    there = dataset.splits[split]
    chosen = st.pills(
        "Numbers of images",
        CUTOFFS,
        selection_mode="multi",
        default=USUAL_CUTOFFS,
        format_func=lambda count: f"{count:,}",
        key="storage.cutoffs",
        persist_state="session",
    )
    if chosen and max(chosen) > there:
        st.caption(f"{verbatim(split)} has {counted(there, 'image')}: larger numbers repeat them.")
    return sorted(chosen)


def _draw_settings(dataset: Dataset) -> dict[str, Any]:
    columns = st.columns(4)
    several = len(dataset.shapes()) > 1
    return {
        "minutes": columns[0].number_input(
            "Time limit (minutes)", 0.5, 240.0, 5.0, 0.5, format="%.1f", key="storage.minutes", persist_state="session",
            help="What takes longer is repeated less often, or left out and listed.",
        ),
        "split": columns[1].selectbox(
            "Split", list(dataset.splits), key=f"storage.split.{dataset.name}", persist_state="session"
        ),
        "batch_size": columns[2].number_input(
            "Batch size", 1, 65_536, 256, 32, help="Images per call of our writers and readers, where many are stored.",
            key="storage.batch_size", persist_state="session",
        ),
        "size": columns[3].number_input(
            "Resize to (pixels)", 1, 8192, None, placeholder="as they are", key=f"storage.size.{dataset.name}",
            help="Width and height. "
            + ("These images differ in shape: raw pixels, and some of the tutorial's code, need a size." if several
               else "Images are stored as they are unless you give a size."),
            persist_state="session",
        ),
    }  # fmt: skip


def _draw_start(dataset: Dataset, fields: Mapping[str, Any]) -> None:
    trouble = _trouble(dataset, fields)
    with st.container(horizontal=True, vertical_alignment="center"):
        ready = bool(fields["methods"]) and bool(fields["cutoffs"]) and not trouble
        pressed = st.button(
            f"Compare {counted(len(fields['methods']), 'storage method')}",
            type="primary", icon=":material/play_arrow:", disabled=not ready, key="storage.start",
        )  # fmt: skip
        if ready:
            st.caption(verbatim(_foretold(dataset, fields)))
    if trouble:
        st.info(verbatim(trouble), icon=":material/info:")
    if pressed:
        title = f"Compare {counted(len(fields['methods']), 'storage method')} on {dataset.name}"
        if state.start_job("storage", fields, title=title, owner=OWNER):
            st.rerun()


def _trouble(dataset: Dataset, fields: Mapping[str, Any]) -> str:
    """What does not go with this dataset."""
    if not fields["methods"] or not fields["cutoffs"]:
        return "Select at least one storage method and one number of images."
    try:
        found = choices(dataset, fields["split"], fields["size"], fields["methods"])
    except FormatMattersError as error:
        return f"{error}."
    refused = [f"{choice.name}: {choice.why_not}" for choice in found if choice.why_not]
    if refused:
        st.caption(f"Left out: {verbatim(listed(refused))}.")
    return ""


def _foretold(dataset: Dataset, fields: Mapping[str, Any]) -> str:
    """Time, space, and what will be left out."""
    tried = {name: value for name, value in fields.items() if name not in ("cutoffs", "minutes")}
    try:
        costs = _trial(str(state.home().root), dataset.fingerprint, tried)
    except FormatMattersError as error:
        return str(error)
    told = forecast(costs, fields["cutoffs"], 60 * fields["minutes"], None)
    text = f"About {seconds_text(told.seconds)} and up to {size_text(told.bytes)} on disk, freed at the end."
    if told.left_out:
        counts = sorted({count for _, count in told.left_out})
        names = listed(dict.fromkeys(name.split()[0] for name, _ in told.left_out))
        text += (
            f" Possibly too slow for the time limit, at {listed(f'{count:,}' for count in counts)}: parts of {names}."
        )
    return text


@cache_data(max_entries=64, show_spinner="Trying each method on 64 images…")
def _trial(root: str, fingerprint: str, fields: Mapping[str, Any]) -> Costs:
    """`fingerprint` is part of the cache's key only."""
    return StorageExperiment(**fields, cutoffs=[TRIAL], home=root).trial()
