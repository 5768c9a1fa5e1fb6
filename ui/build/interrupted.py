"""Builds that were killed: what of them is there, and two buttons."""

from __future__ import annotations

import streamlit as st

from core.building.interrupted import InterruptedBuild, discard_interrupted, interrupted_builds
from ui.shared import state, visitors
from ui.shared.labels import code, counted, verbatim
from ui.shared.stores import store_name

RECIPE = ("dataset", "format", "encoding", "compression", "options", "out")
"""The fields that say which store is meant."""


def draw_interrupted(dataset: str) -> None:
    """A line for each, nothing where there is none."""
    queued = [job.fields for job in state.jobs().active() if job.task == "build"]
    for one in interrupted_builds(state.home(), dataset):
        if not any(all(job.get(name) == one.fields.get(name) for name in RECIPE) for job in queued):
            _draw_one(one)


def _draw_one(one: InterruptedBuild) -> None:
    done = f"{one.done:,} of {counted(one.parts, 'shard')} are built and verified."
    if one.fields.get("out"):
        done = f"Those of its {counted(one.parts, 'shard')} that are complete lie at {code(one.fields['out'])}."
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":material/pause_circle: The build of **{verbatim(_title(one))}** was interrupted. {done}",
            width="stretch",
        )
        st.button(
            "Go on", key=f"build.go_on.{one.name}", icon=":material/play_arrow:", on_click=_go_on, args=(one,),
            help=visitors.lock_help("build stores", "Builds only the shards that are missing."),
            disabled=not visitors.is_host(),
        )  # fmt: skip
        st.button(
            "Discard", key=f"build.discard.{one.name}", icon=":material/delete:", on_click=state.delete,
            args=(discard_interrupted, one.name), disabled=not visitors.is_host(),
            help=visitors.lock_help("discard builds"),
        )  # fmt: skip


def _title(one: InterruptedBuild) -> str:
    """ "lmdb/raw-shards8": the name of the folder, behind which stands what tells addresses apart."""
    format = one.fields["format"]
    variant = one.name.removeprefix(f"{one.fields['dataset']}.{format}.")
    return store_name(format, variant.rpartition(".")[0] if one.fields.get("out") else variant)


def _go_on(one: InterruptedBuild) -> None:
    title = f"Go on with {_title(one)} of {one.fields['dataset']}"
    state.start_job("build", {**one.fields, "resume": True}, title=title, owner="build")
