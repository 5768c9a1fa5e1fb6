"""The quality of a dataset: the check as a job, and what the last one found, with pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.base.package import COMMAND
from core.datasets.dataset import Dataset
from core.datasets.quality.task import DISTANCE, FARTHEST
from core.jobs import Job, State
from ui.shared import state, visitors
from ui.shared.cached import cache_data
from ui.shared.import_preview import capitalised
from ui.shared.job_panel import draw_ending, draw_jobs, own_jobs
from ui.shared.labels import code, counted, seconds_text, verbatim
from ui.shared.thumbnails import figures

OWNER = "dataset.quality"
TASK = "dataset-check"
SHOWN = 12
LISTED = 1000
"""Pairs that a check of the page's keeps; the command line keeps more."""


def draw_quality(dataset: Dataset) -> None:
    """What a check does, its form, and what the last one found."""
    st.markdown(
        "A check compares the checksums of all images, so duplicates and leaks between splits cost no reading. It "
        "looks at classes and sizes, and whether each file is still there."
    )
    running = [job for job in own_jobs(OWNER) if job.fields.get("name") == dataset.name]
    last = _last_check(dataset)
    if running:
        draw_jobs(OWNER)
        return
    draw_ending(OWNER)
    _draw_form(dataset, again=last is not None)
    if last is not None:
        _draw_result(dataset, last)


def _draw_form(dataset: Dataset, again: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        near = st.toggle(
            "Decode all images",
            key="dataset.near",
            persist_state="session",
            help="Finds near duplicates (encoded again, resized, brighter), pictures of one colour, and changed files.",
        )
        distance = DISTANCE
        if near:
            distance = st.slider(
                "Bits that may differ, of 64", 0, FARTHEST, DISTANCE, key="dataset.distance", width=240
            )
        fields = {"name": dataset.name, "near": near, "distance": distance, "most": LISTED}
        if (
            st.button("Check again" if again else "Check the dataset", type="secondary" if again else "primary",
                      icon=":material/fact_check:", key="dataset.check", disabled=not visitors.is_host(),
                      help=visitors.lock_help("start checks"))
            and state.start_job(TASK, fields, title=f"Check {dataset.name}", owner=OWNER)
        ):  # fmt: skip
            st.rerun()


def _last_check(dataset: Dataset) -> Job | None:
    """The last check of just these images that came to its end."""
    done = (job for job in state.jobs().all() if job.task == TASK and job.state is State.DONE)
    return next((job for job in done if job.result["fingerprint"] == dataset.fingerprint), None)


def _draw_result(dataset: Dataset, job: Job) -> None:
    result = job.result
    how = "all decoded" if result.get("near") else "by their checksums"
    st.caption(f"{counted(result['images'], 'image')}, {how}, checked in {seconds_text(job.seconds)}.")
    if not result["findings"]:
        st.success("Nothing was found.", icon=":material/verified:")
    for number, finding in enumerate(result["findings"]):
        with st.container(border=True):
            _draw_finding(dataset, job, number, finding)


def _draw_finding(dataset: Dataset, job: Job, number: int, finding: Mapping[str, Any]) -> None:
    name = capitalised(finding["kind"].replace("-", " "))
    st.markdown(
        f":orange[:material/troubleshoot:] **{verbatim(name)}** :gray[{finding['count']:,} ×]  \n"
        f"{verbatim(capitalised(finding['meaning']))}. *{verbatim(capitalised(finding['remedy']))}.*"
    )
    pictured = [example for example in finding["examples"] if example["images"]][:SHOWN]
    if pictured:
        st.html(_pictures(dataset, dataset.fingerprint, job.id, number, pictured))
    told = [example["text"] for example in finding["examples"] if not example["images"]][:SHOWN]
    if told:
        st.markdown("\n".join(f"- {verbatim(text)}" for text in told))
    shown = len(pictured) + len(told)
    if len(finding["examples"]) > shown:
        near = " --near" if job.result.get("near") else ""
        st.caption(f"The first {shown}. More: {code(f'{COMMAND} datasets --check {dataset.name}{near} --json')}")


@cache_data(max_entries=64, show_spinner="Reading images…")
def _pictures(_dataset: Dataset, fingerprint: str, job: str, number: int, _examples: list[Mapping[str, Any]]) -> str:
    """HTML of examples' images side by side; all but the examples' place is part of the cache's key only."""
    return figures(_dataset, [(example["text"], example["images"]) for example in _examples])
