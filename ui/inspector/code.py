"""The code that reads what is inspected without this package: to copy, or to download as a file."""

from __future__ import annotations

import streamlit as st

from core.inspect.remote.location import RemotePath
from core.snippets import CHOICES, Snippet, code_for
from ui.inspector.inspected import stamp_of
from ui.inspector.opening import Subject
from ui.shared import state
from ui.shared.cached import cache_data
from ui.shared.labels import plain, plain_lines, verbatim

CHOICE = "inspector.code"


def draw_code(subject: Subject) -> None:
    """One program at a time, what it needs, and what to know before it is used."""
    if subject.store is None and isinstance(subject.file, RemotePath):
        st.info(verbatim(code_for(str(subject.file))[1].note), icon=":material/code:")
        return
    path = str(subject.store.path if subject.store else subject.file)
    snippets = {one.name: one for one in _written(path, stamp_of(subject.file), subject.split, subject.span.schema)}
    chosen = st.segmented_control(
        "Code for", list(CHOICES), format_func=CHOICES.__getitem__, default="dataset", required=True, key=CHOICE,
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    snippet = snippets[chosen]
    if not snippet.text:
        st.info(verbatim(snippet.note), icon=":material/code_off:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            f"Download {plain(snippet.file)}", snippet.text.encode(), snippet.file, "text/x-python",
            key=f"inspector.code.download.{chosen}", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        if snippet.install:
            st.code(snippet.install, language="bash", wrap_lines=True)
    if snippet.note:
        st.caption(verbatim(snippet.note))
    st.code(plain_lines(snippet.text.rstrip("\n")), language="python", line_numbers=True)


@cache_data(max_entries=16, show_spinner="Writing the code…")
def _written(path: str, stamp: int, split: str | None, schema: str | None) -> list[Snippet]:
    """`stamp` is a part of the cache's key only. Raises InputError where there is nothing that can be opened."""
    return code_for(path, split, schema, state.home())
