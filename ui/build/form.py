"""The form that builds stores: choose parts, see what they will cost, start."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.base.errors import FormatMattersError
from core.base.options import Option
from core.base.registry import Registry
from core.building.estimate_process import EstimateQuestion
from core.compressions import COMPRESSIONS
from core.datasets.dataset import Dataset
from core.encodings import ENCODINGS
from core.formats import FORMATS
from ui.build.placing import SHARD_OPTIONS, Placing, draw_placing
from ui.build.plan import Parts, Planned, overview, plan, questions, with_estimates
from ui.shared import state
from ui.shared.charts import draw_chart
from ui.shared.estimates import ask, draw_watched, estimates, gain_question
from ui.shared.forms import option_widgets
from ui.shared.job_panel import draw_jobs
from ui.shared.labels import counted, listed, seconds_text, size_text, verbatim
from ui.shared.size_columns import with_sizes
from ui.shared.store_charts import compression_gains

KINDS: Mapping[str, tuple[Registry[Any, Any], tuple[str, ...] | None, str]] = {
    "Formats": (FORMATS, None, "How payloads are stored on disk."),
    "Encodings": (ENCODINGS, ("original", "raw"), "How an image becomes bytes."),
    "Compressions": (COMPRESSIONS, ("none",), "How each payload is compressed."),
}
"""What is chosen from: title -> table, what is chosen at first (None: the usual ones), what it decides."""

NEW, STORES = "Build new", "Stores"
PROPOSED_FOR = "build.proposed_for"


def draw_form(dataset: Dataset) -> None:
    """Parts, options, plan, button; below it the effect of compression."""
    with st.container(border=True):
        formats, encodings, compressions = _draw_parts(_propose(dataset))
        shards, placing = draw_placing([name for name, _ in formats])
    formats = tuple((name, {**options, **shards[name]}) for name, options in formats)
    if not (formats and encodings and compressions):
        st.info("Choose at least one format, one encoding and one compression.", icon=":material/info:")
        return
    st.subheader("Estimated cost", help="Extrapolated from 256 samples, encoded and compressed just now.")
    planned = plan(dataset, formats, encodings, compressions, placing)
    costs = questions(planned)
    gains = {encoding: gain_question(dataset, encoding, options) for encoding, options in encodings}
    ask([*costs, *gains.values()])
    draw_watched(costs, lambda: _draw_plan(with_estimates(planned)))
    _draw_start(with_estimates(planned), placing)
    st.subheader(
        "Effect of compression",
        help="256 samples of this dataset, compressed and decompressed just now in one thread. Below 100% saves space.",
    )
    draw_watched(list(gains.values()), lambda: _draw_gains(gains))


def _propose(dataset: Dataset) -> set[str]:
    """Fill in the options that this dataset needs, once for each dataset; returns the encodings that have some."""
    found: dict[str, Mapping[str, Any]] = {}
    for name, entry in ENCODINGS.items():
        proposed = getattr(ENCODINGS.load(name), "proposed", None) if entry.available() else None
        if proposed is not None:
            found[name] = proposed(dataset.shapes())
    if st.session_state.get(PROPOSED_FOR) != dataset.fingerprint:
        st.session_state[PROPOSED_FOR] = dataset.fingerprint
        for name, values in found.items():
            for option, value in values.items():
                st.session_state[f"build.{ENCODINGS.kind}.{name}.{option}"] = value
    return {name for name, values in found.items() if any(value is not None for value in values.values())}


def _draw_parts(needing: set[str]) -> tuple[Parts, Parts, Parts]:
    """`needing`: the encodings whose options are to be in view."""
    chosen = [_draw_choice(title, *kind) for title, kind in KINDS.items()]
    with_options = [
        (table, name)
        for (table, _, _), names in zip(KINDS.values(), chosen, strict=True)
        for name in names
        if _own_options(table, name)
    ]
    options: dict[tuple[str, str], Mapping[str, Any]] = {}
    if with_options:
        in_view = any(table is ENCODINGS and name in needing for table, name in with_options)
        with st.expander("Options", icon=":material/tune:", expanded=in_view):
            for table, name in with_options:
                title, widgets = st.columns([1, 4], vertical_alignment="center")
                title.markdown(f"**{short_title(table, name)}**")
                with widgets:
                    options[table.kind, name] = option_widgets(_own_options(table, name), f"build.{table.kind}.{name}")
    parts = [
        tuple((name, options.get((table.kind, name), {})) for name in names)
        for (table, _, _), names in zip(KINDS.values(), chosen, strict=True)
    ]
    return parts[0], parts[1], parts[2]


def _own_options(table: Registry[Any, Any], name: str) -> Mapping[str, Option]:
    """Those that are not chosen for all formats at once."""
    return {option: told for option, told in table.options(name).items() if option not in SHARD_OPTIONS}


def _draw_choice(title: str, table: Registry[Any, Any], default: tuple[str, ...] | None, help: str) -> list[str]:
    available = [name for name, entry in table.items() if entry.available()]
    names = st.pills(
        title,
        available,
        selection_mode="multi",
        default=[name for name in available if getattr(table[name], "usual", True)] if default is None else default,
        format_func=lambda name: short_title(table, name),
        help=help,
        key=f"build.{table.kind}",
        persist_state="session",
    )
    missing = [f"{table[name].title} ({table[name].install_hint})" for name in table if name not in available]
    if missing:
        st.caption(f"Not installed: {listed(missing)}.")
    return [name for name in available if name in names]


def short_title(table: Registry[Any, Any], name: str) -> str:
    """A component's title up to where it begins to explain itself."""
    return re.split("[:,(]", table[name].title)[0].strip()


def _draw_plan(planned: list[Planned]) -> None:
    st.dataframe(
        with_sizes(overview(planned), ["Allocated", "Payload"]),
        hide_index=True,
        column_config={
            "Store": st.column_config.TextColumn(width="medium"),
            "Allocated": st.column_config.NumberColumn(
                help="Disk blocks it will occupy, extrapolated from a trial write."
            ),
            "Payload": st.column_config.NumberColumn(help="The sum of the samples' bytes, estimated."),
            "Relative to source": st.column_config.NumberColumn(
                format="%.0f%%", help="Payload size / size of the files."
            ),
            "Build time": st.column_config.NumberColumn(
                format="%.1f s", help="To start, encode, write and verify, estimated for an idle machine."
            ),
            "Status": st.column_config.TextColumn(width="medium"),
        },
    )
    for problem in dict.fromkeys(one.problem for one in planned if one.problem):
        st.warning(verbatim(problem), icon=":material/block:")
    warnings = [one.warning for one in planned if one.warning and one.ready]
    if warnings:
        more = f" The same holds for {len(warnings) - 1} more." if len(warnings) > 1 else ""
        st.warning(verbatim(warnings[0]) + more, icon=":material/content_copy:")


def _draw_start(planned: list[Planned], placing: Placing) -> None:
    """The button, and right there what it started."""
    ready = [one for one in planned if one.ready]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _start_label(planned, ready),
            type="primary",
            icon=":material/play_arrow:",
            disabled=not ready,
            key="build.start",
            on_click=_start,
            args=(ready, placing),
        )
        if any(not one.estimated for one in ready):
            st.caption("What this takes is being estimated.")
        elif ready:
            bytes_, seconds = sum(one.disk_bytes for one in ready), sum(one.seconds for one in ready)
            st.caption(f"About {size_text(bytes_)} on disk in {seconds_text(seconds)}, one store at a time.")
        elif any(one.built for one in planned):
            st.button("Show the stores", icon=":material/inventory_2:", key="build.show", on_click=_show_stores)
    draw_jobs("build")


def _start_label(planned: list[Planned], ready: list[Planned]) -> str:
    if ready:
        return f"Build {counted(len(ready), 'store')}"
    if any(one.queued for one in planned):
        return "Building"
    return "Already built" if any(one.built for one in planned) else "Nothing to build"


def _start(ready: list[Planned], placing: Placing) -> None:
    """Queue a job for each store, and stay here to see them run."""
    st.session_state["build.view"] = NEW
    for one in ready:
        title = f"Build {one.title} of {one.fields['dataset']}"
        state.start_job("build", {**one.fields, **placing.by}, title=title, owner="build")


def _show_stores() -> None:
    st.session_state["build.view"] = STORES


def _draw_gains(asked: Mapping[str, EstimateQuestion]) -> None:
    """`asked`: encoding -> what its compressions make of it."""
    rows: list[tuple[str, str, float, float, float]] = []
    for encoding, question in asked.items():
        try:
            found = estimates().answer(question) or []
        except FormatMattersError as error:
            st.caption(f"{encoding}: {verbatim(error)}")
            continue
        rows += [
            (encoding, gain["compression"], gain["ratio"], gain["compress_bytes_per_s"] / 1e6,
             gain["decompress_bytes_per_s"] / 1e6)
            for gain in found
            if gain["compression"] != "none"
        ]  # fmt: skip
    if rows:
        draw_chart(compression_gains(rows), "Size after compression by encoding")
        st.caption(_verdict(rows))


def _verdict(rows: list[tuple[str, str, float, float, float]]) -> str:
    """In words, what the best compression brings to each encoding."""
    best: dict[str, tuple[float, str]] = {}
    for encoding, compression, ratio, *_ in rows:
        best[encoding] = min(best.get(encoding, (9.9, "")), (ratio, compression))
    parts = [
        f"**{encoding}**: {name} saves {1 - ratio:.0%}" if ratio < 0.97 else f"**{encoding}**: almost nothing to save"
        for encoding, (ratio, name) in best.items()
    ]
    return f"{'; '.join(parts)}. {_why(best)}".strip()


def _why(best: Mapping[str, tuple[float, str]]) -> str:
    """Why image files shrink here, or do not."""
    files = [best[name] for name, entry in ENCODINGS.items() if entry.image_files and name in best]
    if any(ratio < 0.97 and name == "zstd-dict" for ratio, name in files):
        return "Small files repeat the same headers and tables; a dictionary stores these once."
    if files and all(ratio >= 0.97 for ratio, _ in files):
        return "Image files that are compressed already (PNG, JPEG) hardly shrink again."
    return ""
