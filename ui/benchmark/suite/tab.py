"""Benchmark, Suite: every loader on the same workloads, started here; its page and its file when it is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from core.base.errors import FormatMattersError
from core.base.files import stamp
from core.base.home import Home
from core.suite.course import COLD_ROUNDS, suite_effort
from core.suite.entrants import chosen_loaders
from core.suite.estimate import SuitePlan, fitted, told_estimate
from core.suite.workloads import USUAL, WORKLOADS, chosen_workloads
from ui.benchmark.loaders.rivals import KEPT_SECONDS, changed_environments, rival_offers
from ui.shared import state, visitors
from ui.shared.cached import cache_data
from ui.shared.job_panel import draw_jobs, own_jobs
from ui.shared.labels import counted, size_text, verbatim

OWNER, TASK = "benchmark.suite", "suite"
EXPLAINED = (
    "Every loader, ours among them, on the same images by the same rules: small images as JPEG, PNG and raw pixels, "
    "photos with random crops, from a warm and from a cold page cache. It ends with one page and one file, which can "
    "be merged with those of other machines (`runs merge`). What was interrupted goes on when it is started again."
)
GENERATED = "Generated images"
MOST_KEPT = 5


def draw() -> None:
    """The form or what runs, and below it the suites that are done."""
    running = own_jobs(OWNER)
    with st.container(border=True):
        st.caption(EXPLAINED)
        fields = None if running or not visitors.host_only("run the suite") else _draw_form()
    if fields is not None:
        st.button("Run the suite", type="primary", icon=":material/play_arrow:", key=f"{OWNER}.start",
                  on_click=_start, args=(fields,), disabled=not fields["workloads"])  # fmt: skip
    draw_jobs(OWNER)
    _draw_done()


def _draw_form() -> dict[str, Any]:
    """What is asked for, and how long that takes."""
    names = [dataset.name for dataset in state.datasets()]
    columns = st.columns([2, 2, 1])
    images, small = (
        column.selectbox(title, ["", *names], format_func=lambda name: name or GENERATED, key=f"{OWNER}.{key}",
                         help=f"Of any size over 96 pixels: {about}" if key == "images" else about,
                         persist_state="session")
        for column, title, key, about in (
            (columns[0], "Photos", "images", "small ones are made of them where none are chosen."),
            (columns[1], "Small images", "small", "Images of at most 96 pixels."),
        )
    )  # fmt: skip
    minutes = columns[2].number_input(
        "Minutes at most", 5, 1440, 60, 5, key=f"{OWNER}.minutes", persist_state="session",
        help="Rounds, repeats, images and cold workloads are reduced to keep to it.",
    )  # fmt: skip
    workloads = st.pills(
        "Workloads", list(WORKLOADS), selection_mode="multi", default=list(WORKLOADS), key=f"{OWNER}.workloads",
        format_func=lambda name: WORKLOADS[name].title, persist_state="session",
    )  # fmt: skip
    missing = [offer for offer in rival_offers() if not offer.installed and offer.available]
    everything = bool(missing) and st.toggle(_missing_text(missing), key=f"{OWNER}.install", persist_state="session")
    there = [offer.name for offer in rival_offers() if offer.installed]
    fields = {
        "images": images, "small": small, "minutes": float(minutes), "workloads": workloads,
        "rivals": [USUAL] if everything else there or ["fast"],
    }  # fmt: skip
    if workloads:
        home = state.home()
        rivals = tuple(fields["rivals"])
        try:
            told = _estimate(str(home.root), changed_environments(home), rivals, tuple(workloads), float(minutes))
        except FormatMattersError as error:
            told = f"How long it takes is not known: {error}"
        st.caption(verbatim(told))
    return fields


def _missing_text(missing: list[Any]) -> str:
    sizes = {offer.environment: offer.bytes for offer in missing}
    return f"Install {counted(len(missing), 'more loader')} first, about {size_text(sum(sizes.values()))}"


@cache_data(max_entries=16, ttl=KEPT_SECONDS, show_spinner=False)
def _estimate(
    root: str, changed: tuple[int, ...], rivals: tuple[str, ...], workloads: tuple[str, ...], minutes: float
) -> str:
    """`changed` is part of the cache's key only."""
    chosen, loaders = chosen_workloads(workloads, None), chosen_loaders(rivals)
    effort = suite_effort(Home.find(root), loaders, chosen, {})
    plan = fitted(SuitePlan(chosen, ROUNDS, COLD_ROUNDS, ROUND_SECONDS), effort, minutes)
    told = f"{counted(len(loaders), 'loader')}: {told_estimate(effort, plan)}."
    return " ".join([told, *(f"{note[:1].upper()}{note[1:]}." for note in plan.dropped)])


ROUNDS, ROUND_SECONDS = 5, 2.0
"""What a suite has unless told otherwise."""


def _start(fields: dict[str, Any]) -> None:
    state.start_job(TASK, fields, title="Loader suite", owner=OWNER)


# ---------------------------------------------------------------- what is done


def _draw_done() -> None:
    """The pages and files of suites that were run here, the newest first."""
    pages = finished_suites(state.home())
    if not pages:
        st.caption("Finished suites are listed here, with a page to read and a file to send.")
        return
    st.subheader("Finished suites")
    for page in pages[:MOST_KEPT]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{verbatim(page.stem)}**")
            for path, title, mime in (
                (page, "Page", "text/html"), (page.with_suffix(".json"), "File (JSON)", "application/json"),
            ):  # fmt: skip
                st.download_button(title, path.read_bytes, path.name, mime, on_click="ignore",
                                   key=f"{OWNER}.{path.name}", icon=":material/download:")  # fmt: skip


def finished_suites(home: Home) -> list[Path]:
    """The pages in `runs/suites` that have their file beside them, the newest first."""
    found = [page for page in (home.runs / "suites").glob("*.html") if page.with_suffix(".json").is_file()]
    return sorted(found, key=stamp, reverse=True)
