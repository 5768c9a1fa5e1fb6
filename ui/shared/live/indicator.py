"""The jobs that run, beside every page. It alone keeps time: when a job starts or ends, or a dataset or a store
comes, the app runs again, once; in every tab, whichever of them started the job.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import streamlit as st

from core.jobs import Job, State, Watch
from ui.shared import state
from ui.shared.job_panel import note_endings, queue_text, rest_text, watch
from ui.shared.live.drawing import progress_bar, small
from ui.shared.live.fetched import draw_fetched
from ui.shared.navigation import PAGES, link
from ui.shared.stores import stores_stamp


def draw_indicator() -> None:
    """A box for each job that runs, or for the first that waits; where none does, only a watch for the first."""
    active = state.jobs().active()
    if not active:
        draw_fetched("indicator.idle", f"live/idle?known={known_as(active)}", "", lambda: _note(set()))
        return
    st.caption("**Jobs**")
    running = [job for job in active if job.state is State.RUNNING] or active[:1]
    known = {job.id for job in active}
    for job in running:
        with st.container(border=True, gap="xxsmall"):
            link(page_of(job))
            address = f"live/{job.id}/small?known={known_as(active)}"
            draw_fetched(f"indicator.{job.id}", address, picture(job, watch(job)), lambda: _note(known))
    if len(active) > len(running):
        st.caption(f"{len(active) - len(running)} more waiting")


def page_of(job: Job) -> str:
    """The page that owns a job: its owner is called so, or so with what part of it ("benchmark.storage")."""
    page = job.owner.partition(".")[0]
    return page if page in PAGES else "start"


def known_as(active: Sequence[Job]) -> str:
    """Another text whenever a job starts or ends, or a dataset or a store comes or goes, whoever made it."""
    told = [*(f"{job.id} {job.state}" for job in active), *(dataset.name for dataset in state.datasets())]
    told.append(str(stores_stamp()))
    return f"{zlib.crc32(chr(10).join(told).encode()):08x}"


def picture(job: Job, seen: Watch) -> str:
    """What it is, and how far."""
    if job.state is State.WAITING:
        return small(job.title) + small(queue_text(job))
    return small(job.title) + progress_bar(seen.fraction or 0.0) + small(rest_text(seen) or "running")


def _note(known: set[str]) -> None:
    note_endings(known - {job.id for job in state.jobs().active()})
