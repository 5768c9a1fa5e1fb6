"""A file that must be walked through before its records are known: the walk as a job, and what there is meanwhile."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.base.errors import FormatMattersError
from core.jobs import Job, State
from ui.inspector import inspected
from ui.inspector.check import OWNER
from ui.shared import state
from ui.shared.job_panel import draw_jobs
from ui.shared.labels import size_text, verbatim

TASK = "index"
READ_ON_SECONDS = 3.0
TAKEN, PARTLY = "inspector.indexes_taken", "inspector.partly"


def draw_index(path: Path, schema: str | None) -> bool:
    """Whether the file may be shown: all of it, or, where that is asked for, the records that were found so far.

    The walk begins by itself the first time; one that was stopped is gone on with when somebody says so.
    """
    walked, job = _walk(path, schema)
    if walked is None:
        return True
    st.markdown(
        f"**{verbatim(path.name)}** has no table of its records: they are found by walking through it once "
        f"({size_text(walked[1])}). What is noted stays in the app's own folder, and nothing is written beside the "
        "file; the next time it opens at once."
    )
    if job is None:
        _start(path)
    active = draw_jobs(OWNER)
    if not active:
        st.button("Go on", icon=":material/play_arrow:", type="primary", key="inspector.index", on_click=_start,
                  args=(path,))  # fmt: skip
    return st.toggle(
        f"Show what was found so far, in the first {size_text(walked[0])}", key=PARTLY, disabled=walked[0] == 0
    )


def draw_read_on(path: Path) -> bool:
    """The same of a file at an address, where a walk costs transfers: it is walked on with when somebody says so, and
    what was found is shown at once."""
    walked, _ = _walk(path, None)
    if walked is None:
        return True
    st.markdown(
        f"**{verbatim(path.name)}** has no table of its records: they are found by walking through it. Shown are those "
        f"in the first {size_text(walked[0])} of {size_text(walked[1])}."
    )
    if not draw_jobs(OWNER):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Read on", icon=":material/play_arrow:", key="inspector.read_on", on_click=_read_on, args=(path,),
                      help=f"Walks on for {READ_ON_SECONDS:.0f} s.")  # fmt: skip
            st.button(f"Walk through all {size_text(walked[1])}", key="inspector.index", type="tertiary",
                      on_click=_start, args=(path,), help="In the background, with progress.")  # fmt: skip
    return True


def _read_on(path: Path) -> None:
    try:
        inspected.walk_on(str(path), None, READ_ON_SECONDS)
    except FormatMattersError as error:
        st.session_state[state.TROUBLE_KEY] = str(error)


def _walk(path: Path, schema: str | None) -> tuple[tuple[int, int] | None, Job | None]:
    """How far the walk through a file has come, (done, total) bytes, and the last job that was at it; (None, None) once
    it is through. A job that has ended since is taken note of."""
    walked = inspected.walked(str(path), schema)
    if walked is None or walked[0] >= walked[1]:
        return None, None
    job = _job_of(path)
    _take_finished(path, schema, job)
    return walked, job


def _take_finished(path: Path, schema: str | None, job: Job | None) -> None:
    """Open the file anew once a walk through it has come to its end."""
    taken: set[str] = st.session_state.setdefault(TAKEN, set())
    if job is not None and job.state is State.DONE and job.id not in taken:
        taken.add(job.id)
        inspected.forget(str(path), schema)
        st.rerun()


def _job_of(path: Path) -> Job | None:
    """The last job that walked through this file as it is now."""
    changed = inspected.changed_at(path)
    jobs = (job for job in state.jobs().all() if job.task == TASK and job.fields.get("path") == str(path))
    return next((job for job in jobs if job.created >= changed), None)


def _start(path: Path) -> None:
    try:
        state.launch(TASK, {"path": str(path)}, title=f"Index {path.name}", owner=OWNER)
    except FormatMattersError as error:
        st.session_state[state.TROUBLE_KEY] = str(error)
