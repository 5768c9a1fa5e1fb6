"""The page Inspector."""

from __future__ import annotations

import streamlit as st

from core.inspect.reader_pool import start_ahead
from ui.inspector.opening import choose_path, choose_source, choose_store, choose_upload
from ui.inspector.store_view import to_first_page
from ui.inspector.view import draw_file, draw_subject
from ui.shared import state
from ui.shared.stores import stores


def draw() -> None:
    """What to open, and what is in it."""
    st.title("Inspector")
    dataset = state.current_dataset()
    found = stores(dataset.name) if dataset else []
    source = choose_source(found)
    if source == "store":
        subject = choose_store(found, to_first_page)
        if subject is not None:
            draw_subject(subject, [other for other in found if other.path != subject.store.path])
    else:
        path = choose_path() if source == "file" else choose_upload()
        if path is not None:
            draw_file(path, uploaded=source == "upload")
    start_ahead()  # for the next file
