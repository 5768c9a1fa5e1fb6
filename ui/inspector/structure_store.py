"""A store built here whose format the inspector does not know as a kind of file: what its samples occupy."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.formats import FORMATS, keeps_files
from ui.inspector.inspected import Span
from ui.inspector.structure_folder import draw_folder
from ui.shared.labels import size_text, verbatim


def draw_store(span: Span, structure: dict[str, Any]) -> None:
    """Files, or a container of which no more is known than its sizes."""
    if keeps_files(structure["format"]):
        draw_folder(span, structure)
        return
    split = structure.get("split") or next(iter(structure["splits"].values()))
    title = FORMATS[structure["format"]].title
    st.markdown(f"{verbatim(title)}: each split is **one container**, with all of its images.")
    columns = st.columns(4)
    columns[0].metric("Images", f"{split['samples']:,}")
    columns[1].metric("Image bytes", size_text(split["payload_bytes"]))
    columns[2].metric("Allocated on disk", size_text(split["allocated_bytes"]))
    overhead = max(split["used_bytes"] - split["payload_bytes"], 0)
    columns[3].metric("Overhead per image", size_text(overhead / max(split["samples"], 1)))
