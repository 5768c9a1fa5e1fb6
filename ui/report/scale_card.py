"""The card that plans a store at any size: what it takes, what binds, what it costs, and on what that rests."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.base.errors import FormatMattersError
from core.base.files import stamp
from core.base.home import Home
from core.base.options import Option, options_of
from core.compressions import COMPRESSIONS
from core.datasets.dataset import Dataset
from core.encodings import ENCODINGS
from core.formats import FORMATS
from core.measure.records import record_paths
from core.processes.cpus import usable_cpus
from core.scale.answer import MOST_IMAGES, ScaleQuestion, measured_here, scale_plan
from core.scale.assumptions import HERE, STORAGES, ScaleAssumptions, surroundings
from core.scale.kept_rates import PATTERN, KeptRates, find_rates
from core.scale.measuring import MeasureScale
from core.scale.run_rates import with_runs
from core.scale.told import assumption_row, binding_texts, cost_row, count_text, scale_row
from ui.shared import state, visitors
from ui.shared.cached import cache_data
from ui.shared.job_panel import draw_jobs, own_jobs
from ui.shared.labels import verbatim

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from core.base.registry import Registry

OWNER = "report.scale"
SIZES = (10**6, 10**8, 10**9)
MOST_SIZES = 6
MOST_UNITS = 100_000
ROW = 4
"""Widgets side by side."""


def draw_scale_card(dataset: Dataset) -> None:
    """The questions, and the plan; where nothing was measured for it, how to do that."""
    st.subheader(
        "At any scale, before you pay",
        help="Times come from a trial on this machine, all else from the assumptions below, which are yours to change.",
    )
    with st.container(border=True):
        measured = _draw_recipe(dataset)
        question = _draw_size()
    kept = _kept(str(state.home().root), dataset.fingerprint, measured, _changed())
    if kept is None:
        _draw_missing(measured, dataset)
    elif question is not None:
        _draw_plan(question, kept)


# ---------------------------------------------------------------- questions


def _draw_recipe(dataset: Dataset) -> dict[str, str]:
    """What is built and loaded, as `MeasureScale` takes it."""
    columns = st.columns(3)
    chosen = {"dataset": dataset.name}
    kinds: Sequence[tuple[str, Registry[Any, Any], str]] = (
        ("format", FORMATS, "webdataset"),
        ("encoding", ENCODINGS, "original"),
        ("compression", COMPRESSIONS, "none"),
    )
    for (name, table, usual), column in zip(kinds, columns, strict=True):
        there = [one for one, entry in table.items() if entry.available()]
        chosen[name] = column.selectbox(
            name.capitalize(), there, there.index(usual) if usual in there else 0, key=f"{OWNER}.{name}",
            format_func=lambda one, table=table: table[one].title, persist_state="session",
        )  # fmt: skip
    return chosen


def _draw_size() -> ScaleQuestion | None:
    """How much, on what; None where no number of images is chosen."""
    images, nodes, cpus = st.columns([2, 1, 1])
    counts = images.multiselect(
        "Images", SIZES, SIZES, format_func=lambda one: count_text(int(float(one))), key=f"{OWNER}.images",
        max_selections=MOST_SIZES, accept_new_options=True, help="Add any number: 5e7 say.", persist_state="session",
    )  # fmt: skip
    storage, epochs, demand, shard = st.columns(4)
    whole = {
        "nodes": (nodes, "Nodes", 4),
        "cpus": (cpus, "CPUs per node", usable_cpus()),
        "epochs": (epochs, "Epochs", 90),
    }
    question: dict[str, Any] = {
        name: int(column.number_input(title, 1, MOST_UNITS, usual, key=f"{OWNER}.{name}", persist_state="session"))
        for name, (column, title, usual) in whole.items()
    }
    question["storage"] = storage.selectbox(
        "Storage", list(STORAGES), format_func=lambda one: STORAGES[one].title.capitalize(), key=f"{OWNER}.storage",
        persist_state="session",
    )  # fmt: skip
    question["gpu_images_s"] = demand.number_input(
        "GPUs take (images/s)", 1.0, 1e12, None, key=f"{OWNER}.gpu", placeholder="not known", persist_state="session",
        help="All GPUs together, training alone. Loading that is slower binds.",
    )  # fmt: skip
    question["shard_mb"] = shard.number_input(
        "MB per shard", 0.0, 1e6, 0.0, 64.0, key=f"{OWNER}.shard_mb", format="%g", persist_state="session",
        help="0: 256 MB, or more where there would be more shards than names have digits for.",
    )  # fmt: skip
    found = [count for count in map(_count, counts) if count]
    if not found:
        st.caption(f"Choose a number of images, from 1 to {MOST_IMAGES:,}.")
        return None
    return ScaleQuestion(found, **question)


def _count(given: Any) -> int | None:
    """A number of images that was chosen or typed; None for what is none."""
    try:
        count = int(float(given))
    except (ValueError, OverflowError):
        return None
    return count if 1 <= count <= MOST_IMAGES else None


# ---------------------------------------------------------------- what it rests on


def _draw_missing(measured: Mapping[str, str], dataset: Dataset) -> None:
    """What to measure first, and the job that does."""
    store = f"{measured['format']}, {measured['encoding']}" + (
        "" if measured["compression"] == "none" else f", {measured['compression']}"
    )
    st.markdown(
        f"No rates of {verbatim(store)} were measured for {verbatim(dataset.name)} on this machine yet. A trial of "
        "about 25 s builds and loads a few of its images; the plan follows from that."
    )
    st.button(
        "Measure", type="primary", icon=":material/speed:", key=f"{OWNER}.measure", on_click=_measure, args=(measured,),
        disabled=bool(own_jobs(OWNER)) or not visitors.is_host(), help=visitors.lock_help("measure"),
    )  # fmt: skip
    draw_jobs(OWNER)


def _measure(measured: Mapping[str, str]) -> None:
    title = f"Rates of {measured['format']} for plans of {measured['dataset']}"
    state.start_job("scale", dict(measured), title=title, owner=OWNER)


def _draw_assumptions(question: ScaleQuestion, kept: KeptRates) -> dict[str, Any]:
    """Widgets for all that is assumed; returns what was changed."""
    root = state.home().root
    around = surroundings(question.storage, {}, measured_here(kept, root) if question.storage == HERE else {})
    usual = {row["name"]: row["value"] for row in around.rows()}
    with st.expander("Assumptions: storage, network, memory, prices", icon=":material/tune:"):
        st.caption("None of these is a vendor's. Prices are in your currency.")
        places = cycle(st.columns(ROW))
        asked = {
            name: _ask(next(places), option, usual[name], f"{OWNER}.{question.storage}.{name}")
            for name, option in options_of(ScaleAssumptions).items()
        }
    return {name: value for name, value in asked.items() if value != usual[name]}


def _ask(place: DeltaGenerator, option: Option, usual: float, key: str) -> float:
    """One value: a price may be 0.0004."""
    lowest = float(option.minimum or 0.0)
    return place.number_input(
        option.title, lowest, option.maximum, float(usual), format="%g", key=key, help=option.help,
        persist_state="session",
    )  # fmt: skip


# ---------------------------------------------------------------- the plan


def _draw_plan(question: ScaleQuestion, kept: KeptRates) -> None:
    given = _draw_assumptions(question, kept)
    try:
        told = scale_plan(dataclasses.replace(question, assume=given), kept, state.home().root)
    except FormatMattersError as error:
        st.warning(verbatim(error), icon=":material/block:")
        return
    st.dataframe([scale_row(scale) for scale in told["scales"]], hide_index=True)
    st.markdown("\n".join(f"- {verbatim(text)}" for scale in told["scales"] for text in binding_texts(scale)))
    st.caption("**Cost**, in your currency")
    st.dataframe([cost_row(scale) for scale in told["scales"]], hide_index=True)
    for note in told["notes"]:
        st.caption(verbatim(note))
    with st.expander("What this rests on", icon=":material/table_rows:"):
        st.dataframe([assumption_row(row) for row in told["assumptions"]], hide_index=True)
    st.caption(
        f"Rates: {verbatim(told['measured'])}; {verbatim(told['loading'])}. "
        "The first epoch finds nothing in a cache; the others do."
    )


# ---------------------------------------------------------------- kept between runs of the page


@cache_data(max_entries=32, show_spinner=False)
def _kept(
    root: str, fingerprint: str, measured: Mapping[str, str], changed: tuple[tuple[str, int, int], ...]
) -> KeptRates | None:
    """`fingerprint` and `changed` are parts of the cache's key only."""
    home = Home.find(root)
    subject = MeasureScale(**measured).subject(home)
    kept = find_rates(home, subject)
    return kept and with_runs(home, subject, kept)


def _changed() -> tuple[tuple[str, int, int], ...]:
    """Another one as soon as something was measured."""
    home = state.home()
    files = [*home.runs.glob(f"*/{PATTERN}"), *record_paths(home, "loader")]
    return tuple(sorted((str(path), *stamp(path)) for path in files))
