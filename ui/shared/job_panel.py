"""Jobs on the page: what runs, how far it is, how to stop it, and how the last one ended."""

from __future__ import annotations

import time
from typing import NamedTuple

import streamlit as st

from core.base.errors import FormatMattersError
from core.jobs import Job, State, Watch
from core.jobs.job import CANCEL
from ui.shared import state, visitors
from ui.shared.in_view import bring_into_view
from ui.shared.labels import number_text, plain_lines, remaining_text, seconds_text, size_text, speed_text, verbatim

WATCHES_KEY, DISMISSED_KEY, ENDED_KEY, TOLD_KEY = (
    "app.watches", "app.dismissed_jobs", "app.ended_jobs", "app.told_jobs",
)  # fmt: skip
PANEL_SECONDS = 0.5
MOST_SHOWN = 6

MOST_ENDED, ENDED_SECONDS = 3, 300.0
"""How many jobs that ended are told, and for how long."""


def watch(job: Job) -> Watch:
    """The job's events so far; this session remembers what it has read already."""
    watches: dict[str, Watch] = st.session_state.setdefault(WATCHES_KEY, {})
    if job.id not in watches:
        while len(watches) >= 8:
            del watches[next(iter(watches))]
        watches[job.id] = Watch(job)
    return watches[job.id].refresh()


# ---------------------------------------------------------------- that a job has ended


def note_endings(job_ids: set[str]) -> None:
    """Have it told that these jobs have ended: whoever watches them says so here before the app runs again."""
    told: set[str] = st.session_state.setdefault(TOLD_KEY, set())
    st.session_state.setdefault(ENDED_KEY, []).extend(sorted(job_ids - told))
    told |= job_ids


def show_endings() -> None:
    """A line for each of the last jobs that ended a short time ago; in the sidebar, where it covers nothing."""
    ended = [job for job in map(_job, st.session_state.get(ENDED_KEY, [])) if job is not None and _is_recent(job)]
    for job in ended[-MOST_ENDED:]:
        if job.state is State.DONE:
            st.caption(f":green[:material/check_circle:] {verbatim(job.title)}: done in {seconds_text(job.seconds)}")
        else:
            st.caption(f":red[:material/error:] {verbatim(job.title)}: {job.state}")


def _job(job_id: str) -> Job | None:
    try:
        return state.jobs().get(job_id)
    except FormatMattersError:
        return None


def _is_recent(job: Job) -> bool:
    return time.time() - (job.ended or 0.0) < ENDED_SECONDS


# ---------------------------------------------------------------- on the page that owns them


def own_jobs(owner: str) -> list[Job]:
    """The jobs of a page that run or wait."""
    return [job for job in state.jobs().active() if job.owner == owner]


def draw_jobs(owner: str) -> list[Job]:
    """The active jobs of a page with progress and cancel, or how its last one ended; returns the active ones."""
    active = own_jobs(owner)
    if active:
        st.fragment(_draw_active, run_every=PANEL_SECONDS)(owner)
    else:
        draw_ending(owner)
    return active


def _draw_active(owner: str) -> None:
    active = own_jobs(owner)
    with st.container(border=True):
        for job in active[:1]:
            bring_into_view(job)
        for job in active[:MOST_SHOWN]:
            _draw_row(job)
        if len(active) > MOST_SHOWN:
            st.caption(f"and {len(active) - MOST_SHOWN} more waiting")
        if len(active) > 1:
            st.button("Cancel all", key=f"{owner}.cancel_all", icon=":material/close:",
                      on_click=state.cancel, args=([job.id for job in active],),
                      disabled=not all(visitors.may_cancel(job.id) for job in active))  # fmt: skip


def _draw_row(job: Job) -> None:
    text, stop = st.columns([5, 1], vertical_alignment="center")
    with text:
        draw_progress(job)
    with stop, st.container(horizontal_alignment="right"):
        draw_cancel(job)


def draw_progress(job: Job) -> None:
    """Title, bar, and what is known of pace and time left."""
    if job.state is State.WAITING:
        st.markdown(f"**{verbatim(job.title)}** :gray[· {verbatim(queue_text(job))}]")
        return
    told = progress_told(job, watch(job))
    st.markdown(f"**{verbatim(job.title)}** :gray[· {verbatim(told.stage)}]")
    st.progress(told.fraction)
    st.caption(verbatim(told.detail))
    if told.warning:
        st.caption(f":material/warning: {verbatim(told.warning)}")


class Told(NamedTuple):
    """How far a running job is: its stage, a fraction, what is known of pace and time left, and what it last warned
    of."""

    stage: str
    fraction: float
    detail: str
    warning: str = ""


def progress_told(job: Job, seen: Watch) -> Told:
    """What is said of a job that runs."""
    return Told(_stage_text(seen), seen.fraction or 0.0, _detail_text(job, seen), _warning_text(seen))


def draw_cancel(job: Job) -> None:
    """The button that stops a job, whichever session started it."""
    if (job.folder / CANCEL).exists():
        st.caption("Stopping…")
    else:
        mine = visitors.may_cancel(job.id)
        st.button("Cancel", key=f"{job.owner}.cancel.{job.id}", icon=":material/close:",
                  on_click=state.cancel, args=([job.id],), disabled=not mine,
                  help=None if mine else f"{visitors.only_host('cancel jobs of others').capitalize()}.")  # fmt: skip


def _stage_text(seen: Watch) -> str:
    return seen.progress.stage if seen.progress is not None else "starting"


def _detail_text(job: Job, seen: Watch) -> str:
    parts = [_count_text(seen), _rate_text(seen), rest_text(seen) or f"running for {seconds_text(job.seconds)}"]
    return " · ".join(part for part in parts if part)


def _warning_text(seen: Watch) -> str:
    warnings = [message.text for message in seen.messages if message.level == "warning"]
    if not warnings:
        return ""
    return warnings[-1] + (f" ({len(warnings) - 1} more before it)" if len(warnings) > 1 else "")


def _count_text(seen: Watch) -> str:
    progress = seen.progress
    if progress is None or not (progress.done or progress.total):
        return ""
    amount = size_text if progress.unit == "bytes" else number_text
    of = f" of {amount(progress.total)}" if progress.total else ""
    return f"{amount(progress.done)}{of}" + ("" if progress.unit == "bytes" else f" {progress.unit}")


def _rate_text(seen: Watch) -> str:
    if seen.rate is None or seen.progress is None or seen.rate < 0.5:
        return ""
    if seen.progress.unit == "bytes":
        return f"{size_text(seen.rate)}/s"
    return speed_text(seen.rate, seen.progress.unit)


def rest_text(seen: Watch) -> str:
    """How long its stage will still take, where that is known."""
    return remaining_text(seen.remaining())


def queue_text(job: Job) -> str:
    """Which job it waits for."""
    ahead = state.jobs().waits_for(job)
    if not ahead:
        return "starting"
    return f"waits for {ahead[0].title}" + (f" and {len(ahead) - 1} more" if len(ahead) > 1 else "")


def draw_ending(owner: str) -> None:
    """The last job of a page, where it did not end well and was not dismissed."""
    last = next((job for job in state.jobs().all() if job.owner == owner), None)
    dismissed: set[str] = st.session_state.setdefault(DISMISSED_KEY, set())
    if last is None or last.state is State.DONE or last.active or last.id in dismissed:
        return
    if last.state is State.CANCELLED:
        st.info(f"**{verbatim(last.title)}**: {verbatim(last.error)}", icon=":material/info:")
    else:
        st.error(f"**{verbatim(last.title)}**: {verbatim(last.error)}", icon=":material/error:")
    with st.container(horizontal=True):
        st.button("Dismiss", key=f"{owner}.dismiss", icon=":material/done:", on_click=dismissed.add, args=(last.id,))
        log = last.log()
        if log:
            with st.popover("Log", icon=":material/description:"):
                st.code(plain_lines(log), language=None, height=320)
