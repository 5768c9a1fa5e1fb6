"""The form that starts a loader experiment: what is loaded, how, and how often."""

from __future__ import annotations

from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import streamlit as st

from core.base.errors import FormatMattersError
from core.base.files import stamp
from core.datasets.dataset import Dataset
from core.loading.loaders import DEFAULT_LOADER
from core.loading.normalise import OUTPUTS
from core.machine.session import machine
from core.measure.configurations import combine
from core.measure.controlled import proposed, selection_text
from core.measure.loader_runs import list_loader_runs, usual_overhead
from core.measure.loaders import OVERHEAD_S
from core.measure.rival_course import OVERHEAD_S as RIVAL_OVERHEAD_S
from core.measure.rival_course import PHASES
from core.measure.rival_rows import is_rival_name, loader_title
from core.processes.cpus import usable_cpus
from core.report.code import FAIR_ROUNDS
from core.stores.store import MANIFEST, Manifest, StoreInfo
from ui.benchmark.loaders.rivals import CHOSEN_KEY, draw_rivals, installed_rivals
from ui.shared import state, visitors
from ui.shared.cached import cache_data
from ui.shared.devices import find_devices
from ui.shared.labels import counted, plain, seconds_text, verbatim
from ui.shared.loader_labels import STEPS, TRANSFORMS, loaders_help, memory_text, usable_loaders
from ui.shared.stores import store_factors_of, store_label

WORKERS = ("auto", "measure", "0", "1", "2", "4", "8", "threads:2", "threads:4", "processes:2", "processes:4")
WORKERS_HELP = (
    "What prepares the batches. 0: the training thread itself. A number: that many threads or processes, whichever "
    "suits the loader, the same for every store. auto: measured once per configuration and kept for later runs; "
    "stores may differ. measure: measured again."
)
RIVAL_WORKERS_HELP = (
    "auto: 0, 1, 2 and so on up to the number of CPUs are tried for each loader; the best is kept for the whole run. "
    "A number: that many for every loader, threads or processes as each has them."
)
BATCH_SIZES = (16, 32, 64, 128, 256, 512, 1024)
CACHES = {"warm": "Warm", "cold": "Cold"}
CACHE_HELP = (
    "Warm: the store is read once before each repeat. Cold: its files are dropped from the system's page cache, which "
    "is verified page by page, and one epoch is measured."
)
ORDERS = {"shuffled": "Shuffled", "blocks": "Blocks", "shards": "Shard by shard"}
ORDER_HELP = (
    "Shuffled: every sample at its own random place. Blocks: runs of 16 neighbours, within windows that fit in memory. "
    "Shard by shard: each shard is read once, shuffled with others within a moving window."
)
STEP_HELP = "What the trainer does with each batch before it requests the next. The time it waits for data is measured."
FIELD_OF = {
    "loader": "loaders",
    "batch_size": "batch_sizes",
    "workers": "workers",
    "transform": "transforms",
    "device": "devices",
    "output": "outputs",
}
"""Field of a configuration -> what the form calls its list."""

KINDS = tuple(FIELD_OF.values())
MOST_AT_FIRST, MOST_LEFT_OUT = 6, 4
MOST_PILLS = 12
"""More stores than this are chosen from a list."""


def draw_form(dataset: Dataset, found: list[StoreInfo]) -> None:
    """Stores, configurations, and the button that starts the experiment."""
    if not visitors.host_only("start benchmarks"):
        return
    with st.container(border=True):
        chosen = _draw_stores(dataset, found)
        loaders = _draw_loaders()
        rivals = any(map(is_rival_name, loaders))
        options = {"loaders": loaders, **_draw_combined(rivals), **_draw_course(dataset, rivals)}
        with st.expander("Transform, output, cache, order, training step", icon=":material/tune:"):
            options |= _draw_more(dataset)
        if find_devices().note:
            st.caption(find_devices().note)
        split = str(options["split"])
        sizes = [store.manifest.splits[split]["used_bytes"] for store in found if str(store.path) in chosen]
        _draw_start(dataset, chosen, options, memory_text(sizes, _memory_bytes()))


def _draw_stores(dataset: Dataset, found: list[StoreInfo]) -> list[str]:
    by_path = {str(store.path): store for store in found}
    few = len(found) <= MOST_PILLS
    choose = partial(st.pills, selection_mode="multi") if few else st.multiselect
    shown = verbatim if few else plain  # pills are Markdown
    chosen = choose(
        "Stores",
        list(by_path),
        default=[str(store.path) for store in proposed(found, store_factors_of, MOST_AT_FIRST)],
        format_func=lambda path: shown(store_label(by_path[path])),
        help="Proposed: formats at the same encoding, so that a difference is due to the format.",
        key=f"benchmark.stores.{dataset.name}.{few}",
        persist_state="session",
    )
    if told := selection_text([by_path[path] for path in chosen], store_factors_of):
        st.caption(verbatim(told))
    return chosen


def _draw_loaders() -> list[str]:
    """Ours first, then the rivals that are installed; below them the others, to be installed."""
    there = [*usable_loaders(), *installed_rivals()]
    chosen = st.session_state.get(CHOSEN_KEY, [DEFAULT_LOADER])  # not `default`: an installation adds to it
    st.session_state[CHOSEN_KEY] = [name for name in chosen if name in there]
    loaders: list[str] = st.pills(
        "Loaders", there, selection_mode="multi", format_func=_loader_label, help=loaders_help(), key=CHOSEN_KEY,
        persist_state="session",
    )  # fmt: skip
    draw_rivals()
    return loaders


def _loader_label(name: str) -> str:
    return verbatim(loader_title(name))


def _draw_combined(rivals: bool) -> dict[str, Any]:
    """What configurations are made of: every combination of what is chosen here is one. With rivals, workers are
    searched for each at first."""
    columns = st.columns(2)
    batches = columns[0].multiselect(
        "Batch sizes", BATCH_SIZES, default=[256], accept_new_options=True,
        help="Images per batch. You can type any number.", key="benchmark.batch_sizes", persist_state="session",
    )  # fmt: skip
    same = str(usable_cpus())
    workers = columns[1].multiselect(
        "Workers", list(dict.fromkeys((*WORKERS, same))), default=["auto" if rivals else same],
        help=RIVAL_WORKERS_HELP if rivals else WORKERS_HELP, key=f"benchmark.workers{_with(rivals)}",
        persist_state="session",
    )  # fmt: skip
    return {"batch_sizes": batches, "workers": workers}


def _with(rivals: bool) -> str:
    """The end of the key of a widget that has another default with rivals."""
    return ".rivals" if rivals else ""


def _draw_course(dataset: Dataset, rivals: bool) -> dict[str, Any]:
    devices = find_devices()
    columns = st.columns(4)
    return {
        "seconds": columns[0].number_input(
            "Seconds per repeat", 0.5, 120.0, 3.0, 0.5, format="%.1f", key="benchmark.seconds",
            help="How long each repeat of a configuration lasts.", persist_state="session",
        ),
        "rounds": columns[1].number_input(
            "Rounds", 1, 50, FAIR_ROUNDS if rivals else 3, key=f"benchmark.rounds{_with(rivals)}",
            help="In each round every configuration is measured once, interleaved with the others. A comparison with "
            f"rivals takes {FAIR_ROUNDS} or more to be fair.", persist_state="session",
        ),
        "split": columns[2].selectbox(
            "Split", list(dataset.splits), key=f"benchmark.split.{dataset.name}", persist_state="session"
        ),
        "devices": columns[3].multiselect(
            "Devices", list(devices.names), default=["cpu"], format_func=devices.names.__getitem__,
            key="benchmark.devices", help="Where batches are sent.", persist_state="session",
        ),
    }  # fmt: skip


def _draw_more(dataset: Dataset) -> dict[str, Any]:
    one_size = len(dataset.shapes()) == 1
    columns = st.columns(2)
    transforms = columns[0].multiselect(
        "Transforms", list(TRANSFORMS), default=["none" if one_size else "train224"],
        format_func=TRANSFORMS.__getitem__, key=f"benchmark.transforms.{dataset.name}", persist_state="session",
        help="Images of different sizes need one: all images of a batch have the same size.",
    )  # fmt: skip
    outputs = columns[1].multiselect(
        "Outputs", OUTPUTS, default=["float32"], key="benchmark.outputs", persist_state="session",
        help="float32: normalised, as networks expect. float16, bfloat16: the same in half of the bytes, for training "
        "in mixed precision. uint8: pixels, a quarter of the bytes; the device normalises.",
    )  # fmt: skip
    columns = st.columns(4, vertical_alignment="bottom")
    cache = columns[0].segmented_control(
        "Page cache", list(CACHES), default="warm", required=True, format_func=CACHES.__getitem__, help=CACHE_HELP,
        key="benchmark.cache", persist_state="session",
    )  # fmt: skip
    order = columns[1].selectbox(
        "Order", list(ORDERS), format_func=ORDERS.__getitem__, help=ORDER_HELP, key="benchmark.order",
        persist_state="session",
    )  # fmt: skip
    step = columns[2].selectbox(
        "Training step", list(STEPS), format_func=STEPS.__getitem__, help=STEP_HELP, key="benchmark.step",
        persist_state="session",
    )  # fmt: skip
    milliseconds = columns[3].number_input(
        "Milliseconds per step", 0.5, 60_000.0, 10.0, 1.0, format="%.1f", disabled=step not in ("sleep", "busy"),
        key="benchmark.step_ms", persist_state="session",
    )  # fmt: skip
    timed = {"step": step, "step_ms": milliseconds if step in ("sleep", "busy") else 0.0}
    return {
        "transforms": transforms,
        "outputs": outputs,
        "cache": cache,
        "order": order,
        **(timed if step != "none" else {"step": "sleep", "step_ms": 0.0}),
    }


def _draw_start(dataset: Dataset, chosen: list[str], options: dict[str, Any], memory: str) -> None:
    problem = _problem(chosen, options)
    rivals = any(map(is_rival_name, options["loaders"] or ()))
    combinations = prod(len(options[name]) for name in KINDS)
    count, left_out = len(chosen) * combinations, []
    if rivals and not problem:
        count, left_out, problem = _combined(chosen, options)
    alone = combinations == 1 and not rivals
    what = counted(len(chosen), "store") if alone else counted(count, "configuration")
    for reason in left_out[:MOST_LEFT_OUT]:
        st.caption(f":material/block: {verbatim(reason)}")
    if len(left_out) > MOST_LEFT_OUT:
        st.caption(f"and {len(left_out) - MOST_LEFT_OUT} more that are left out")
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            verbatim(problem) or f"Benchmark {what}",
            type="primary",
            icon=":material/play_arrow:",
            disabled=bool(problem),
            key="benchmark.start",
        )
        if not problem:
            st.caption(f"{_effort_text(dataset, count, options, rivals)} {memory}")
    if pressed:
        fields = {"stores": chosen, **options, "batch_sizes": [int(size) for size in options["batch_sizes"]]}
        if state.start_job("loader", fields, title=f"Benchmark {what} of {dataset.name}", owner="benchmark"):
            st.rerun()


def _effort_text(dataset: Dataset, count: int, options: dict[str, Any], rivals: bool) -> str:
    """How many repeats, about how long, and what is compared."""
    repeats = count * options["rounds"]
    if rivals:
        seconds = count * sum(PHASES.values()) + repeats * (options["seconds"] + RIVAL_OVERHEAD_S)
        return (
            f"{counted(repeats, 'repeat')}, about {seconds_text(seconds)} with writing containers, trying workers and "
            "checking two epochs of each loader. What they hand out is compared with the images while it is timed, too."
        )
    overhead = usual_overhead(list_loader_runs(state.home(), dataset.name)) or OVERHEAD_S
    return (
        f"{counted(repeats, 'repeat')}, about {seconds_text(repeats * (options['seconds'] + overhead) + 3)}. "
        "Batches of every configuration are compared with the store, before and during its repeats."
    )


def _combined(chosen: list[str], options: dict[str, Any]) -> tuple[int, list[str], str]:
    """With rivals: how many configurations there are, a sentence for each that there cannot be, and what is wrong where
    none is left."""
    lists = tuple((field, tuple(map(str, options[name]))) for field, name in FIELD_OF.items())
    stamps = tuple((path, *stamp(Path(path) / MANIFEST)) for path in chosen)
    try:
        count, left_out = _combinations(stamps, lists, str(options["split"]))
    except FormatMattersError as error:
        return 0, [str(error)], "Choose what these loaders can load"
    return count, list(left_out), ""


@cache_data(max_entries=32, show_spinner=False)
def _combinations(
    stores: tuple[tuple[str, int, int], ...], lists: tuple[tuple[str, tuple[str, ...]], ...], split: str
) -> tuple[int, list[str]]:
    """Looks at the first payload of each store, which says what it holds."""
    manifests = {path: Manifest.load(Path(path)) for path, *_ in stores}
    found, left_out = combine(manifests, dict(lists), split)
    return len(found), left_out


@cache_data(show_spinner=False, max_entries=1)
def _memory_bytes() -> int | None:
    """This machine's memory."""
    told: int | None = machine(state.home()).get("memory_bytes")
    return told


def _problem(chosen: list[str], options: dict[str, Any]) -> str:
    """What is still to be chosen; empty where nothing is."""
    if not chosen:
        return "Choose a store"
    for name in KINDS:
        if not options[name]:
            return f"Choose {'one or more ' + name.replace('_', ' ')}"
    if not all(str(size).isdigit() and 0 < int(size) <= 65_536 for size in options["batch_sizes"]):
        return "A batch size is a number from 1 to 65,536"
    shuffled = options["order"] == "shuffled" and options["step"] == "sleep" and not options["step_ms"]
    if any(map(is_rival_name, options["loaders"])) and not shuffled:
        return "Loaders of others take shuffled order and no training step"
    return ""
