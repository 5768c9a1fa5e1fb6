"""Decoding every entry as a job, and the list of those that are broken."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st

from core.base.errors import FormatMattersError
from core.inspect.remote.location import located
from core.jobs import Job, State
from core.measure.tabular import csv_text
from ui.inspector import inspected
from ui.inspector.findings import draw_findings
from ui.inspector.inspected import Span
from ui.inspector.opening import Subject
from ui.inspector.sample_view import draw_sample
from ui.shared import state, visitors
from ui.shared.job_panel import draw_ending, draw_jobs, own_jobs
from ui.shared.labels import counted, plain, seconds_text, verbatim

OWNER = "inspector"
TASK = "scan"


def draw_check(subject: Subject) -> None:
    """What a check does, the button that starts it, and what the last one found."""
    whole = Span.of_file(subject.span.path, subject.span.schema)
    of = "of all splits " if subject.store else ""
    st.markdown(
        f"A check decodes every entry {of}once, lists those that are broken, and counts what else is wrong. It works "
        "in the background, changes nothing, and continues after records that crash the reader."
    )
    running = [job for job in own_jobs(OWNER) if _is_of(job, whole)]
    last = last_check(whole)
    if running:
        draw_jobs(OWNER)
    else:
        draw_ending(OWNER)
        title = "Check all {} again" if last else "Check all {}"
        st.button(title.format(counted(len(whole), "entry", "entries")), type="secondary" if last else "primary",
                  icon=":material/fact_check:", key="inspector.scan",
                  disabled=len(whole) == 0 or not visitors.is_host(),
                  help=visitors.lock_help("start checks"), on_click=_start, args=(subject, whole))  # fmt: skip
    if last is not None and not running:
        _draw_result(subject, whole, last)


def _start(subject: Subject, whole: Span) -> None:
    try:
        fields = {"path": whole.path, "schema": whole.schema}
        state.launch(TASK, fields, title=f"Check {subject.name}", owner=OWNER)
    except FormatMattersError as error:
        st.session_state[state.TROUBLE_KEY] = str(error)


def _is_of(job: Job, whole: Span) -> bool:
    return job.task == TASK and job.fields.get("path") == whole.path and job.fields.get("schema") == whole.schema


def last_check(whole: Span) -> Job | None:
    """The last check of this file that came to its end, unless the file was written to since."""
    written = inspected.changed_at(located(whole.path))
    done = (job for job in state.jobs().all() if _is_of(job, whole) and job.state is State.DONE)
    return next((job for job in done if job.created >= written), None)


def _draw_result(subject: Subject, whole: Span, job: Job) -> None:
    result = job.result
    bad: list[dict[str, str]] = result["bad"]
    known = inspected.summary(whole.path, whole.stamp, whole.schema)["findings"]  # these stand above already
    draw_findings([finding for finding in result.get("findings", []) if finding not in known])
    took = f"in {seconds_text(job.seconds)}"
    if not bad:
        st.success(f"All {counted(result['entries'], 'entry', 'entries')} decode; checked {took}.",
                   icon=":material/verified:")  # fmt: skip
        return
    st.error(
        f"{result['entries'] - result['decoded']:,} of {counted(result['entries'], 'entry', 'entries')} "
        f"cannot be decoded; checked {took}.",
        icon=":material/error:",
    )
    table, large = st.columns([8, 5], gap="large")
    with table:
        shown = [{name: plain(entry[name]) for name in ("key", "reason")} for entry in bad]
        cells = st.dataframe(
            shown, hide_index=True, selection_mode="single-cell", on_select="rerun", key=f"inspector.bad.{job.id}",
            column_config={"key": "Key", "reason": "Reason"}, height=min(36 * len(bad) + 38, 440),
        ).selection.cells  # fmt: skip
        st.download_button("Save as CSV", lambda: as_csv(bad), f"{Path(whole.path).stem}-bad.csv", "text/csv",
                           on_click="ignore", icon=":material/download:", key="inspector.save_bad")  # fmt: skip
    with large:
        if not cells:
            st.caption("Click a line to see the entry.")
        elif cells[0][0] < len(bad):
            _draw_bad(subject, whole, bad[cells[0][0]]["key"])


def _draw_bad(subject: Subject, whole: Span, key: str) -> None:
    position = position_of(whole, key)
    if position is None:
        st.warning(f"The entry {verbatim(key)} is not found any more.", icon=":material/search_off:")
        return
    try:
        draw_sample(subject, inspected.sample(whole, position), position)
    except FormatMattersError as error:
        st.error(verbatim(error), icon=":material/broken_image:")


def position_of(whole: Span, key: str) -> int | None:
    """The position of an entry as a check names it: by its key, or as "#17" where not even that can be read."""
    try:
        found = inspected.find(whole, key)
    except FormatMattersError:
        found = None
    numbered = re.match(r"#(\d+)", key)
    return int(numbered[1]) if found is None and numbered else found


def as_csv(bad: list[dict[str, str]]) -> str:
    """The list as a table with a header, in which no spreadsheet finds a formula."""
    return csv_text({name: plain(entry[name]) for name in ("key", "reason")} for entry in bad)
