"""The pages of the app: one table for the menu, the links between pages and the owners of jobs."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from ui.shared import address


class PageEntry(NamedTuple):
    """`path` is relative to `app.py`; `section` is its heading in the menu."""

    path: str
    title: str
    icon: str
    section: str


PAGES: dict[str, PageEntry] = {
    "start": PageEntry("pages/start.py", "Start", ":material/flag:", ""),
    "dataset": PageEntry("pages/dataset.py", "Dataset", ":material/photo_library:", "Prepare"),
    "build": PageEntry("pages/build.py", "Build", ":material/inventory_2:", "Prepare"),
    "benchmark": PageEntry("pages/benchmark.py", "Benchmark", ":material/speed:", "Compare"),
    "train": PageEntry("pages/train.py", "Train", ":material/model_training:", "Compare"),
    "inspector": PageEntry("pages/inspector.py", "Inspector", ":material/frame_inspect:", "Compare"),
    "report": PageEntry("pages/report.py", "Report", ":material/assignment:", "Decide"),
}
"""Page name -> its entry, in the order of the menu. A job's owner is a page name."""


def navigate() -> st.Page:
    """Declare all pages, always, and return the one that is asked for."""
    sections: dict[str, list[st.Page]] = {}
    for name, entry in PAGES.items():
        page = st.Page(entry.path, title=entry.title, icon=entry.icon, default=name == "start")
        sections.setdefault(entry.section, []).append(page)
    return st.navigation(sections)


def link(page: str, label: str | None = None, **fields: str) -> None:
    """A link to the page called `page`, with the page's own title and icon where none are given.

    `fields` are what its address says (docs/addresses.md): `link("inspector", "Its tree", store="lmdb/raw",
    view="structure")`. Without any, the page shows what it showed last.
    """
    entry = PAGES[page]
    st.page_link(entry.path, label=label or entry.title, icon=entry.icon, query_params=fields or None)


def go(page: str) -> None:
    """Switch to the page called `page`.

    The address goes along, for without it Streamlit makes an entry of an empty one in the browser's history first.
    """
    st.switch_page(PAGES[page].path, query_params=address.shown())
