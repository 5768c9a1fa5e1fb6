"""How a file is built, as pictures with the sentences that somebody needs who sees them first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from core.base.errors import FormatMattersError
from core.formats import FORMATS, keeps_files
from ui.inspector import inspected
from ui.inspector.inspected import Span
from ui.inspector.opening import Subject
from ui.inspector.structure_hdf5 import draw_hdf5
from ui.inspector.structure_lmdb import draw_lmdb
from ui.inspector.weights import draw_weights
from ui.shared.labels import counted, size_text, verbatim


def draw_structure(subject: Subject) -> None:
    """The picture of this kind of file, then what its images would weigh elsewhere."""
    span, about = _container(subject)
    structure = about["structure"]
    if about["kind"] == "lmdb":
        draw_lmdb(span, structure)
    elif about["kind"] == "hdf5":
        draw_hdf5(span, structure)
    elif subject.store is None or keeps_files(subject.store.manifest.format):
        _draw_files(subject, structure)
    else:
        _draw_container(subject, structure)
    try:
        draw_weights(subject)
    except FormatMattersError as error:
        st.warning(verbatim(error), icon=":material/warning:")


def _container(subject: Subject) -> tuple[Span, dict[str, Any]]:
    """The LMDB or HDF5 file itself, also where a store of ours is looked at; what is neither, as it is."""
    path, schema = str(subject.file), subject.span.schema
    if subject.store is not None and not FORMATS[subject.store.manifest.format].inspector_kind:
        path = subject.span.path
    stamp = inspected.stamp_of(Path(path))
    return Span.of_file(path, schema), inspected.summary(path, stamp, schema)


def _draw_container(subject: Subject, structure: dict[str, Any]) -> None:
    """A container of which no more is known than its sizes: what lies in it beside the images' bytes."""
    assert subject.store is not None
    told = structure["splits"].get(subject.split) or next(iter(structure["splits"].values()))
    title = FORMATS[subject.store.manifest.format].title
    st.markdown(f"{verbatim(title)}: each split is **one container**, with all of its images.")
    columns = st.columns(4)
    columns[0].metric("Images", f"{told['samples']:,}")
    columns[1].metric("Images' own bytes", size_text(told["payload_bytes"]))
    columns[2].metric("Occupied on the disk", size_text(told["allocated_bytes"]))
    beside = max(told["used_bytes"] - told["payload_bytes"], 0)
    columns[3].metric("Per image beside its bytes", size_text(beside / max(told["samples"], 1)))


def _draw_files(subject: Subject, structure: dict[str, Any]) -> None:
    """Files in folders: what their blocks waste."""
    st.markdown(
        "Here every image is a **file of its own**. A file occupies whole blocks of the disk, mostly of 4,096 bytes: "
        "the rest of its last block stays empty. And each costs an entry in a folder, an inode, and a call to open it."
    )
    splits = structure.get("splits") or {}
    told = splits.get(subject.split or "")
    if told:
        wasted = told["allocated_bytes"] - told["payload_bytes"]
        columns = st.columns(4)
        columns[0].metric("Files", f"{told['files']:,}")
        columns[1].metric("Images' own bytes", size_text(told["payload_bytes"]))
        columns[2].metric("Occupied on the disk", size_text(told["allocated_bytes"]))
        columns[3].metric("Empty rests of blocks", size_text(max(wasted, 0)))
    elif "files" in structure:
        endings = ", ".join(f"{count:,} {name or 'without an ending'}" for name, count in structure["endings"].items())
        st.markdown(f"{counted(structure['files'], 'file')}: {verbatim(endings)}.")
