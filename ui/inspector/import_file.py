"""Importing the file that is looked at: what will become of its labels, splits and further values, and the start."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.base.errors import FormatMattersError
from core.base.home import check_name, suggested_name
from core.importing.recognise import recognise
from ui.shared import state, visitors
from ui.shared.import_form import ToImport, draw_reference, free_name, look_at
from ui.shared.import_preview import draw_costs
from ui.shared.labels import plain, verbatim
from ui.shared.navigation import go

IMPORTING = "inspector.importing"
"""The path that somebody asked to import in this session."""


def draw_import_file(path: Path, schema: str | None, uploaded: bool) -> None:
    """The button, or what an import would bring with all that can be chosen."""
    if not visitors.host_only("import files"):
        return
    if st.session_state.get(IMPORTING) != str(path):
        st.button("Import this file", icon=":material/add_photo_alternate:", key="inspector.import_open",
                  on_click=_open, args=(path,))  # fmt: skip
        return
    with st.container(border=True):
        heading, close = st.columns([5, 1], vertical_alignment="center")
        heading.markdown(f"**Import {verbatim(path.name)} as a dataset**")
        with close, st.container(horizontal_alignment="right"):
            st.button("Close", icon=":material/close:", key="inspector.import_close", type="tertiary",
                      on_click=_close)  # fmt: skip
        try:
            chosen = look_at(str(path), recognise(str(path)), "inspector", {"schema": schema} if schema else {})
        except FormatMattersError as error:
            st.warning(verbatim(error), icon=":material/folder_off:")
            return
        if chosen is not None:
            _draw_start(chosen, uploaded)


def _draw_start(chosen: ToImport, uploaded: bool) -> None:
    reference = not uploaded and draw_reference(chosen, "inspector")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", free_name(suggested_name(chosen.source)), width=280,
                             key=f"inspector.name.{plain(chosen.source)}")  # fmt: skip
        asked = st.button("Import", type="primary", icon=":material/download:", key="inspector.import")
    if chosen.told is not None:
        draw_costs(chosen.told, chosen.told["index_bytes" if reference else "needed"])
    if asked:
        _start(chosen, name, reference)


def _start(chosen: ToImport, name: str, reference: bool) -> None:
    try:
        check_name(name)
    except FormatMattersError as error:
        st.error(verbatim(error), icon=":material/error:")
        return
    fields = {"source": chosen.source, "name": name, "options": chosen.options, "reference": reference}
    job = state.start_job("import", fields, title=f"Import {name}", owner="dataset")
    if job is not None:
        state.select_when_done(job, name)
        _close()
        go("dataset")


def _open(path: Path) -> None:
    st.session_state[IMPORTING] = str(path)


def _close() -> None:
    st.session_state.pop(IMPORTING, None)
