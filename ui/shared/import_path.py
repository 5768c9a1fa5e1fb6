"""A path on this machine, or an address, to import from: typed or browsed for, and what is taken to be there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from core.base.errors import InputError
from core.base.options import Value
from core.importing.recognise import recognise
from core.inspect.roots import FolderEntry, OutsideError
from core.remote.address import is_address
from core.sources.recognise import AT_ADDRESS, ContainerError, as_path
from ui.shared import visitors
from ui.shared.allowing import allowed_roots, ask_to_allow
from ui.shared.browsing import draw_browser
from ui.shared.cached import cache_data
from ui.shared.import_form import FREE, ToImport, look_at
from ui.shared.import_preview import stamp_of
from ui.shared.labels import verbatim
from ui.shared.navigation import go


def draw_path(page: str) -> str:
    """The path, typed or browsed for; kept in the session's `<page>.path`. Guests have none."""
    if not visitors.host_only("open files and addresses"):
        return ""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        shown = "/data/my-images, or s3://bucket/folder"
        text = st.text_input("Path", placeholder=shown, key=f"{page}.path", persist_state="session").strip()
        beside = st.popover("Browse", icon=":material/folder:", width="content")

    def go_into(folder: Path) -> None:
        st.session_state[f"{page}.folder"] = str(folder)

    def take(path: Path) -> None:
        st.session_state[f"{page}.path"] = str(path)

    def pick(entry: FolderEntry) -> None:
        (go_into if entry.kind == "folder" else take)(entry.path)

    with beside:
        folder = draw_browser(page, allowed_roots(), None, go_into, pick)
        if folder is not None:
            st.button("Use this folder", icon=":material/check:", key=f"{page}.take", on_click=take, args=(folder,))
    return text


def look_at_path(text: str, page: str, settled: Mapping[str, Value] = FREE) -> ToImport | None:
    """What is at a path or an address, shown; None where it cannot be imported, or may not be opened yet."""
    visitors.require_host("open files and addresses")
    roots = allowed_roots()
    try:
        if is_address(text):
            return look_at(str(roots.admit(text)), AT_ADDRESS, page, settled)
        path = str(as_path(text))
        return look_at(path, _recognised(path, stamp_of(path)), page, settled)
    except ContainerError as error:
        st.warning(verbatim(error), icon=":material/database:")
        if st.button("Open it in the Inspector", icon=":material/frame_inspect:", key=f"{page}.inspect"):
            st.session_state["inspector.source"], st.session_state["inspector.path"] = "file", str(error.path)
            go("inspector")
    except OutsideError as error:
        ask_to_allow(error, roots)
    except InputError as error:
        st.warning(verbatim(error), icon=":material/folder_off:")
    return None


@cache_data(max_entries=16, ttl=60, show_spinner="Looking at it…")
def _recognised(path: str, stamp: int) -> str:
    """The source that reads a path; `stamp` is part of the cache's key only."""
    return recognise(path)
