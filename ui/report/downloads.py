"""A report to take away: as one HTML file, as Markdown with its pictures, as JSON; and as slides."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from core.base.names import safe_name
from ui.report.slides_route import slides_address
from ui.shared.chart_export import can_picture

if TYPE_CHECKING:
    from core.report.document import Report


def draw_downloads(report: Report) -> None:
    """Each file is made when it is asked for."""
    if not can_picture():
        st.caption("Reports are exported with their charts: run `pip install vl-convert-python` and restart the app.")
        return
    stem = f"{safe_name(report.evidence.images.name)}-report"
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, ending, mime, icon, help in KINDS:
            archive = ending == ".md"
            st.download_button(
                label,
                partial(_made, report, stem, ending),
                f"{stem}.zip" if archive else f"{stem}{ending}",
                mime,
                key=f"report.download{ending}",
                icon=icon,
                help=help,
                on_click="ignore",
                type="primary" if ending == ".html" else "secondary",
            )
        st.link_button(
            "Present",
            slides_address(report.evidence.images.name, report.answers),
            icon=":material/slideshow:",
            help="Slides that run by themselves, in a tab of their own: arrow keys, space, F for full screen.",
        )


KINDS = (
    (
        "Download as HTML",
        ".html",
        "text/html",
        ":material/download:",
        "One file that opens anywhere, with charts and data, to print.",
    ),
    (
        "as Markdown (.zip)",
        ".md",
        "application/zip",
        ":material/markdown:",
        "An archive with the text and its charts as images.",
    ),
    ("as JSON", ".json", "application/json", ":material/data_object:", "All data of the report, for programs."),
)


def _made(report: Report, stem: str, ending: str) -> bytes:
    from core.report.export import files_of, zipped

    files = files_of(report, stem, ending)
    return zipped(files) if len(files) > 1 or ending == ".md" else next(iter(files.values()))
