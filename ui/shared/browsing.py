"""A folder's content as a table: a click goes into a folder or picks a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.base.errors import FormatMattersError
from core.inspect.kinds import KINDS
from core.inspect.roots import FolderEntry, FolderListing, Roots
from ui.shared.labels import code, plain, size_text, verbatim


def draw_browser(
    page: str, roots: Roots, wanted: Path | None, go_into: Callable[[Path], None], pick: Callable[[FolderEntry], None]
) -> Path | None:
    """What lies in `wanted`, or else in the folder that the session's `<page>.folder` names; returns what is shown.

    `go_into` is called with a folder of the buttons, `pick` with an entry that was clicked; both before the next run.
    """
    chosen = st.session_state.get(f"{page}.folder")
    listing = _first_listing(roots, wanted or (Path(chosen) if chosen else None))
    if listing is None:
        return None
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        above = listing.folder.parent
        st.button("Up", icon=":material/arrow_upward:", key=f"{page}.up", disabled=not roots.holds(above),
                  on_click=go_into, args=(above,))  # fmt: skip
        for root in roots.folders:
            if root != listing.folder:
                st.button(verbatim(root), key=f"{page}.root.{root}", type="tertiary", on_click=go_into, args=(root,))
        st.markdown(code(listing.folder))
    _draw_listing(page, listing, pick)
    return listing.folder


def _first_listing(roots: Roots, wanted: Path | None) -> FolderListing | None:
    """Of what is wanted, with a word where that cannot be; else of the first root that can be listed."""
    if wanted is not None:
        try:
            return roots.list(wanted)
        except FormatMattersError as error:
            st.warning(verbatim(error), icon=":material/folder_off:")
    for root in roots.folders:
        try:
            return roots.list(root)
        except FormatMattersError:
            continue  # an app's home that nothing was kept in yet
    st.caption("None of the folders that this app opens can be listed.")
    return None


def _draw_listing(page: str, listing: FolderListing, pick: Callable[[FolderEntry], None]) -> None:
    if not listing.entries:
        st.caption("Empty folder.")
        return
    rows = [
        {
            "Name": plain(entry.path.name),
            "Kind": _kind_of(entry),
            "Size": size_text(entry.bytes) if entry.bytes else "",
        }
        for entry in listing.entries
    ]
    key = f"{page}.listing.{plain(listing.folder)}"

    def picked() -> None:
        cells = st.session_state[key].selection.cells
        if cells:
            pick(listing.entries[cells[0][0]])

    st.dataframe(
        rows, hide_index=True, height=min(36 * len(rows) + 38, 320), key=key, selection_mode="single-cell",
        on_select=picked, column_config={"Name": st.column_config.TextColumn(width="large")},
    )  # fmt: skip
    if listing.left_out:
        st.caption(f"and {listing.left_out:,} more; type the path of one of them")


def _kind_of(entry: FolderEntry) -> str:
    if entry.kind == "file":
        return entry.path.suffix.lstrip(".").lower()
    return KINDS[entry.kind].title if entry.kind in KINDS and entry.kind != "folder" else entry.kind
