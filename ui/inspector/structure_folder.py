"""Files in folders: what their blocks waste."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.inspector.inspected import Span
from ui.shared.labels import counted, size_text, verbatim


def draw_folder(span: Span, structure: dict[str, Any]) -> None:
    """The files of a folder, or of the split of a store that is looked at."""
    st.markdown(
        "Here every image is a **file of its own**. A file occupies whole blocks of the disk, mostly of 4,096 bytes: "
        "the rest of its last block stays empty. And each costs an entry in a folder, an inode, and a call to open it."
    )
    split = structure.get("split")
    if split:
        columns = st.columns(4)
        columns[0].metric("Files", f"{split['files']:,}")
        columns[1].metric("Image bytes", size_text(split["payload_bytes"]))
        columns[2].metric("Allocated on disk", size_text(split["allocated_bytes"]))
        if "referenced_bytes" in split:
            columns[3].metric("Of these in the dataset", size_text(split["referenced_bytes"]))
        else:
            columns[3].metric("Block slack", size_text(max(split["allocated_bytes"] - split["payload_bytes"], 0)))
    elif "files" in structure:
        endings = ", ".join(f"{count:,} {name or 'without an ending'}" for name, count in structure["endings"].items())
        st.markdown(f"{counted(structure['files'], 'file')}: {verbatim(endings)}.")
