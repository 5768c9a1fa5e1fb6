"""Converting the file that is looked at into a store of another format, as a job."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.base.errors import FormatMattersError
from core.base.home import check_name, suggested_name
from core.formats import FORMATS
from core.inspect.size_estimate import SizeEstimate
from core.jobs import Job, State
from core.remote.address import is_address
from ui.inspector.check import OWNER
from ui.inspector.opening import PATH, SOURCE, Subject
from ui.shared import state
from ui.shared.import_form import free_name
from ui.shared.job_panel import draw_jobs, own_jobs
from ui.shared.labels import code, seconds_text, size_text, verbatim
from ui.shared.theme import format_title

TASK = "convert"
ENCODINGS = {"original": "files as they are", "png": "PNG", "raw": "raw pixels", "jpeg": "JPEG (lossy)"}


def draw_conversion(subject: Subject, found: Sequence[SizeEstimate]) -> None:
    """A button for each format; what runs, and what the last conversion of this file made."""
    if subject.store is not None or not found or is_address(subject.span.path) or _is_upload(Path(subject.span.path)):
        return
    running = [job for job in own_jobs(OWNER) if _is_of(job, subject)]
    if running:
        draw_jobs(OWNER)
        return
    _draw_last(subject)
    methods: dict[str, list[SizeEstimate]] = {}
    for one in sorted(found, key=_order):
        methods.setdefault(one.format, []).append(one)
    st.markdown("**Convert** to a store of another format: images are referred to where they lie, built and verified.")
    with st.container(horizontal=True, gap="small"):
        for name, ways in methods.items():
            if st.button(f"{format_title(name)} · {size_text(ways[0].bytes)}", key=f"inspector.convert.{name}",
                         icon=":material/transform:", disabled=not FORMATS[name].available(),
                         help=FORMATS[name].install_hint or None):  # fmt: skip
                _ask(subject, name, ways)


@st.dialog("Convert")
def _ask(subject: Subject, name: str, found: Sequence[SizeEstimate]) -> None:
    """How payloads are kept and what the dataset is called; then the start."""
    st.selectbox(
        "Payloads", found, format_func=lambda one: f"{_payload(one)}, about {size_text(one.bytes)}",
        key="inspector.convert_payload",
    )  # fmt: skip
    dataset = st.text_input("Name", _dataset_of(subject.span.path), key="inspector.convert_name")
    st.caption(
        f"Builds {code(f'{dataset}/{name}')} in the app's own folder from {verbatim(subject.name)}, reads every image "
        "back and compares it. The dataset itself copies nothing: it refers to this file."
    )
    if st.button("Convert", type="primary", icon=":material/transform:", key="inspector.convert_start",
                 on_click=_start, args=(subject, name)):  # fmt: skip
        st.rerun()


def _start(subject: Subject, name: str) -> None:
    chosen, dataset = st.session_state["inspector.convert_payload"], st.session_state["inspector.convert_name"]
    fields = {
        "source": subject.span.path,
        "to": name,
        "encoding": chosen.encoding,
        "compression": chosen.compression,
        "options": {"schema": subject.span.schema} if subject.span.schema else {},
        "name": dataset,
    }
    try:
        check_name(dataset)
        job = state.launch(TASK, fields, title=f"Convert {subject.name} to {format_title(name)}", owner=OWNER)
    except FormatMattersError as error:
        st.session_state[state.TROUBLE_KEY] = str(error)
        return
    state.select_when_done(job, dataset)


def _dataset_of(path: str) -> str:
    """The dataset that was made of this file before, else a new name."""
    known = (dataset.name for dataset in state.datasets() if dataset.source == path and dataset.reference_root)
    return next(known, free_name(suggested_name(path)))


def _order(one: SizeEstimate) -> tuple[int, bool, float]:
    """What changes the least comes first: the files as they are."""
    known = list(ENCODINGS)
    return known.index(one.encoding) if one.encoding in known else len(known), one.compression != "none", one.bytes


def _payload(one: SizeEstimate) -> str:
    compression = "" if one.compression == "none" else f" + {one.compression}"
    return ENCODINGS.get(one.encoding, one.encoding) + compression


def _is_of(job: Job, subject: Subject) -> bool:
    return job.task == TASK and job.fields.get("source") == subject.span.path


def _draw_last(subject: Subject) -> None:
    """How the last conversion of this file ended."""
    last = next((job for job in state.jobs().all() if _is_of(job, subject)), None)
    if last is None or last.state is State.CANCELLED:
        return
    if last.state is not State.DONE:
        st.error(f"**{verbatim(last.title)}**: {verbatim(last.error)}", icon=":material/error:")
        return
    store = str(last.result.get("store", ""))
    st.success(f"{verbatim(last.title)}: done in {seconds_text(last.seconds)}, in {code(store)}.",
               icon=":material/check_circle:")  # fmt: skip
    if Path(store).is_dir():
        st.button("Look into it", icon=":material/frame_inspect:", key="inspector.converted", on_click=_look_into,
                  args=(store,))  # fmt: skip


def _look_into(store: str) -> None:
    st.session_state[SOURCE], st.session_state[PATH] = "file", store


def _is_upload(path: Path) -> bool:
    return (state.home().root / "data" / "uploads") in path.parents
