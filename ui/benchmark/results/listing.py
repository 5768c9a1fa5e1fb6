"""The list of runs: filtered, chosen from, sent, taken in, deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from core.base.errors import FormatMattersError
from core.base.files import stamp
from core.base.home import Home
from core.measure.exchange import LONGEST_FILE, bundle, bundle_name
from core.measure.imported_runs import delete_run
from core.measure.records import RunRecord, record_paths
from core.measure.runs import all_runs, take_in
from core.measure.tabular import csv_text, json_text
from ui.benchmark.results.labels import EXPERIMENTS, experiment_title, machine_line, run_title, when_text
from ui.shared import address, state, visitors
from ui.shared.cached import cache_data
from ui.shared.labels import verbatim

ALL = "All"
MOST_SIDE_BY_SIDE = 6
OPENED_KEY = "results.opened"
"""Holds the names of the runs that were opened last, commas between: they are ticked when the list is drawn anew."""

TAKEN_KEY, TAKEN_UPLOAD = "results.taken_in", "results.upload"


def runs_of(dataset: str | None) -> list[RunRecord]:
    """The runs of a dataset or all; read anew only when one came, went or grew."""
    changed = tuple((str(path), *stamp(path)) for path in sorted(record_paths(state.home())))
    return _runs(str(state.home().root), dataset, changed)


@cache_data(max_entries=8, show_spinner=False)
def _runs(root: str, dataset: str | None, changed: tuple[tuple[str, int, int], ...]) -> list[RunRecord]:
    """`changed` is part of the cache's key only."""
    return all_runs(Home.find(root), dataset)


def draw_filters(dataset: str) -> list[RunRecord]:
    """What to list, and the way in for a run from elsewhere; returns the runs that are left."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        kinds = list(dict.fromkeys(EXPERIMENTS.values()))
        address.hold("kind", "results.kind", (ALL, *kinds), ALL)
        kind = st.segmented_control(
            "Kind of run", [ALL, *kinds], required=True, key="results.kind",
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
        address.hold("all", "results.all_datasets", {"yes": True}.get, False, told=lambda _: "yes")
        everything = st.toggle("All datasets", key="results.all_datasets", persist_state="session")
        with st.popover("Open a run", icon=":material/upload_file:", disabled=not visitors.is_host(),
                        help=visitors.lock_help("open runs")):  # fmt: skip
            if visitors.is_host():
                _draw_upload()
    _show_taken()
    found = runs_of(None if everything else dataset)
    return [run for run in found if kind in (ALL, experiment_title(run))]


def _draw_upload() -> None:
    st.caption(
        "A run that somebody sent you (`.run.zip`), a suite's `.json`, or an earlier notebook's `summary.csv`. It is "
        "listed beside your own runs, marked as measured elsewhere, and never compared with them unless you ask for it."
    )
    st.file_uploader(
        "Run or summary", type=["zip", "json", "csv"], key=TAKEN_UPLOAD, on_change=_take_upload,
        label_visibility="collapsed", max_upload_size=LONGEST_FILE // 1_000_000,
    )  # fmt: skip


def _take_upload() -> None:
    uploaded = st.session_state.get(TAKEN_UPLOAD)
    if uploaded is None or state.is_refused("open runs"):
        return
    try:
        record = take_in(state.home(), uploaded.getvalue(), uploaded.name)
    except FormatMattersError as error:
        st.session_state[TAKEN_KEY] = (False, str(error))
        return
    st.session_state["results.all_datasets"] = True
    st.session_state["results.kind"] = ALL
    st.session_state[TAKEN_KEY] = (True, f"{run_title(record)} was added to the list.")
    st.session_state[OPENED_KEY] = record.name


def _show_taken() -> None:
    good, text = st.session_state.pop(TAKEN_KEY, (True, ""))
    if text and good:
        st.success(verbatim(text), icon=":material/check:")
    elif text:
        st.error(verbatim(text), icon=":material/error:")


def draw_list(found: Sequence[RunRecord]) -> list[RunRecord]:
    """The table of runs; returns those that are ticked, the oldest first, or the newest where none is."""
    address.recall("runs", OPENED_KEY, _opened(found), default="", missing=address.not_here(
        "the runs", "Those that are here are listed; others can be taken in with *Open a run*."))  # fmt: skip
    opened = st.session_state.get(OPENED_KEY, "")
    ticked = [row for row, run in enumerate(found) if run.name in opened.split(",")]
    chosen = st.dataframe(
        {
            "When (UTC)": [when_text(run) for run in found],
            "Kind": [experiment_title(run) for run in found],
            "Dataset": [", ".join(run.setup["datasets"]) or "unknown" for run in found],
            "Rows": [len(run.rows) for run in found],
            "Machine": [machine_line(run.machine) for run in found],
            "From": [str(run.foreign.get("from", "here")) for run in found],
            "Note": [f"{run.lost} lines unreadable" if run.lost else "" for run in found],
        },
        hide_index=True,
        column_config={"Rows": st.column_config.NumberColumn(format="localized")},
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": ticked}},
        key=f"results.list.{len(found)}.{found[0].name}.{opened}.{address.arrivals()}",
        height=min(38 + 35 * len(found), 290),
    )
    rows = [row for row in chosen["selection"]["rows"] if row < len(found)]
    address.keep("runs", ",".join(found[row].name for row in rows[:MOST_SIDE_BY_SIDE]))
    if not rows:
        return [found[0]]
    return [found[row] for row in sorted(rows, reverse=True)[:MOST_SIDE_BY_SIDE]]


def _opened(found: Sequence[RunRecord]) -> Callable[[str], str | None]:
    """Of runs' names with commas between, those that are listed."""
    there = {run.name for run in found}
    return lambda text: ",".join(name for name in text.split(",") if name in there) or None


def draw_actions(run: RunRecord) -> None:
    """Take one run away: as one file, as a table, as a record; or delete it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        name, title = run.path.stem, "The whole run in one file, to send to others, who can open it here."
        st.download_button(
            "Run as one file", partial(bundle, run), bundle_name(run), "application/zip", on_click="ignore", help=title,
            icon=":material/ios_share:", key=f"results.bundle.{name}",
        )  # fmt: skip
        st.download_button(
            "All rows as CSV",
            partial(_csv, run),
            f"{name}.csv",
            "text/csv",
            on_click="ignore",
            key=f"results.csv.{name}",
        )
        st.download_button(
            "Record as JSON", partial(_json, run), f"{name}.json", "application/json", on_click="ignore",
            key=f"results.json.{name}",
        )  # fmt: skip
        if st.button("Delete", icon=":material/delete:", key=f"results.delete.{name}",
                     disabled=not visitors.is_host(), help=visitors.lock_help("delete runs")):  # fmt: skip
            _ask_to_delete(run)


def _csv(run: RunRecord) -> bytes:
    return csv_text(run.rows).encode("utf-8-sig")


def _json(run: RunRecord) -> bytes:
    return json_text({"setup": run.setup, "machine": run.machine, "rows": run.rows}).encode()


@st.dialog("Delete a run")
def _ask_to_delete(run: RunRecord) -> None:
    st.markdown(f"This deletes **{verbatim(run_title(run))}** with all its measurements.")
    st.caption("You cannot undo this. To keep a copy, download the run as one file first.")
    if st.button("Delete", type="primary", icon=":material/delete:", key="results.delete_confirmed",
                 on_click=state.delete, args=(delete_run, run)):  # fmt: skip
        st.rerun()
