"""An HDF5 file as pictures: its tree, what compression brings, and where the chunks of a dataset lie."""

from __future__ import annotations

import html
from collections.abc import Sequence
from math import prod
from typing import Any

import streamlit as st

from core.base.errors import FormatMattersError
from core.inspect.requests import ChunkMapRequest
from ui.inspector import inspected
from ui.inspector.inspected import Span
from ui.inspector.structure_file import ABOUT_PICTURE, CELLS, order_picture
from ui.shared.charts import draw_chart
from ui.shared.labels import counted, number_text, plain, size_text, times_text, verbatim

SHOWN = 200


def draw_hdf5(span: Span, structure: dict[str, Any]) -> None:
    """Everything about one HDF5 file."""
    tree = structure["tree"]
    st.subheader("The tree", anchor=False)
    st.markdown(_explained(structure))
    st.html(tree_table(in_order(tree)[:SHOWN]))
    if len(tree) > SHOWN:
        st.caption(f"and {len(tree) - SHOWN:,} more")
    datasets = [node for node in tree if node.get("kind", "dataset") == "dataset" and node.get("logical_bytes")]
    if datasets:
        _draw_dataset(span, datasets)


def _explained(structure: dict[str, Any]) -> str:
    datasets = counted(structure["datasets"], "dataset")
    text = (
        f"An HDF5 file is like a disk in a file: **groups** are its folders, **datasets** its arrays. This one has "
        f"{datasets} in {size_text(structure['apparent_bytes'])}. A dataset lies in one piece (**contiguous**: any "
        "image is a seek away, nothing can be compressed) or in **chunks** of equal shape (each may be compressed, and "
        "is read whole even for one image in it)."
    )
    block = structure.get("user_block_bytes")
    if block:
        text += f" Its first {block:,} bytes are a user block, which HDF5 leaves to others."
    return text


# ---------------------------------------------------------------- the tree


def in_order(tree: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """As people read a tree: what lies in a group follows it."""
    return sorted(tree, key=lambda node: str(node["name"]).strip("/").split("/"))


def tree_table(tree: Sequence[dict[str, Any]]) -> str:
    """HTML: a line for each thing in the file, indented by depth."""
    rows = "".join(_row(node) for node in tree)
    head = "".join(
        f'<th style="text-align:{side};padding:4px 16px 6px 0;font-weight:600">{title}</th>'
        for title, side in (
            ("Name", "left"), ("Shape", "left"), ("Type", "left"), ("Lies", "left"), ("Filter", "left"),
            ("Values", "right"), ("Stored", "right"), ("Ratio", "right"),
        )
    )  # fmt: skip
    return (
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;font-size:0.9rem;'
        f'font-variant-numeric:tabular-nums"><tr style="opacity:0.75">{head}</tr>{rows}</table></div>'
    )


def _row(node: dict[str, Any]) -> str:
    name = str(node["name"])
    kind = node.get("kind", "dataset")
    depth = name.strip("/").count("/")
    leaf = _safe(name.rstrip("/").rsplit("/", 1)[-1]) + ("/" if kind == "group" else "")
    target = f" → {_safe(node['target'])}" if node.get("target") else ""
    weight = 600 if kind == "group" else 400
    shown = f'<span style="padding-left:{1.4 * depth:.1f}em;font-weight:{weight}">{leaf}{target}</span>'
    if kind != "dataset":
        return (
            f'<tr><td style="{_CELL}">{shown}</td><td colspan="7" style="{_CELL};opacity:0.75">{_safe(kind)}</td></tr>'
        )
    logical, stored = node.get("logical_bytes") or 0, node.get("stored_bytes") or 0
    lies = node.get("layout") or ""
    if node.get("chunk"):
        lies += f", {_times(node['chunk'])}"
    if node.get("missing"):
        lies += ", never written" if node["missing"] == node["pieces"] else f", {_lacking(node)}"
    ratio = f"{logical / stored:.2f}" if stored and node.get("filter") else ""
    cells = [
        ("left", _times(node["shape"]) if node.get("shape") else "one value" if node.get("shape") == [] else "nothing"),
        ("left", node.get("dtype") or ""),
        ("left", lies),
        ("left", node.get("filter") or "none"),
        ("right", size_text(logical)),
        ("right", size_text(stored)),
        ("right", ratio),
    ]
    rest = "".join(f'<td style="{_CELL};text-align:{side}">{_safe(text)}</td>' for side, text in cells)
    return f'<tr><td style="{_CELL};white-space:nowrap">{shown}</td>{rest}</tr>'


def _lacking(node: dict[str, Any]) -> str:
    return f"{node['missing']:,} of {node['pieces']:,} never written"


_CELL = "padding:3px 16px 3px 0;border-top:1px solid color-mix(in srgb, currentColor 12%, transparent)"


def _safe(text: object) -> str:
    line = plain(text)
    return html.escape(line if len(line) <= 120 else line[:120] + "…")


def _times(shape: Sequence[int]) -> str:
    return " × ".join(f"{length:,}" for length in shape)


# ---------------------------------------------------------------- one dataset in the file


def _draw_dataset(span: Span, datasets: Sequence[dict[str, Any]]) -> None:
    """Where one dataset lies in the file, and what reading one of its rows costs."""
    by_name = {str(node["name"]): node for node in datasets}
    largest = max(by_name, key=lambda name: by_name[name].get("stored_bytes") or 0)
    st.subheader("Where a dataset lies", anchor=False)
    name = st.selectbox("Dataset", list(by_name), index=list(by_name).index(largest),
                        key=f"inspector.map.{plain(span.path)}", format_func=plain,
                        width=380, label_visibility="collapsed")  # fmt: skip
    st.markdown(_cost(by_name[name]))
    try:
        places = inspected.ask(span, ChunkMapRequest(name))
    except FormatMattersError as error:
        st.caption(verbatim(error))
        return
    if not places["chunks"]:
        unwritten = (
            "it was never written"
            if by_name[name].get("missing")
            else "it is empty, virtual, or lies within its own header"
        )
        st.caption(f"It occupies no place of its own in this file: {unwritten}.")
        return
    draw_chart(order_picture(cells_of(places, by_name[name])), f"Where {name} lies in the file", key="inspector.map")
    pieces = "one piece" if places["contiguous"] else counted(places["total"], "chunk")
    told = len(places["chunks"])
    drawn = f", {told:,} of them drawn" if told < places["total"] else ""
    drawn += f" ({_lacking(by_name[name])})" if by_name[name].get("missing") else ""
    st.caption(
        f"{ABOUT_PICTURE} **{verbatim(name)}** lies in {pieces}{drawn}; each square is "
        f"{size_text(places['file_bytes'] / CELLS)} of the file, grey is something else. A smooth gradient "
        "reads fast in order; a mixed one means that neighbours were written far apart."
    )


def _cost(node: dict[str, Any]) -> str:
    """What reading one row takes."""
    shape, chunk, logical = node.get("shape") or [], node.get("chunk"), node.get("logical_bytes") or 0
    if not shape or not logical:
        return ""
    row = logical / shape[0] if shape[0] else 0
    if not chunk:
        return f"One row is {size_text(row)}, and can be read alone."
    whole = logical / prod(shape) * prod(chunk)
    across = prod(-(-length // piece) for length, piece in zip(shape[1:], chunk[1:], strict=False))
    read = whole * across
    text = f"A chunk is {_times(chunk)}: {counted(chunk[0], 'row')}, {size_text(whole)} of values. "
    if across > 1:
        text += f"A row is spread over {number_text(across)} chunks. "
    if row and read > 1.01 * row:
        text += f"Reading one row alone reads {size_text(read)}, {times_text(read / row)} the row itself"
        return text + (", and decompresses all of it." if node.get("filter") else ".")
    return text + "Reading one row alone reads nothing else."


def cells_of(places: dict[str, Any], node: dict[str, Any]) -> list[float | None]:
    """For each part of the file: which part of the dataset lies there, 0 to 1, or None. `CELLS` parts."""
    size = max(places["file_bytes"], 1)
    cells: list[float | None] = [None] * CELLS
    grid = _grid(places, node)
    total = max(prod(grid), 1)
    step = max(places["total"] / max(len(places["chunks"]), 1), 1)
    for offset, length, *index in places["chunks"]:
        begin, end = offset * CELLS // size, -(-(offset + max(length, 1)) * CELLS // size)
        if places["contiguous"]:
            span = max(end - begin, 1)
            for place in range(begin, min(end, CELLS)):
                cells[place] = (place - begin) / span
            continue
        number = 0
        for place, across in zip(index, grid, strict=False):
            number = number * across + place
        # Where only some chunks are told, each stands for its neighbours that are not.
        for place in range(begin, min(max(end, round(begin + step * length * CELLS / size)), CELLS)):
            cells[place] = min(number / total, 1.0)
    return cells


def _grid(places: dict[str, Any], node: dict[str, Any]) -> list[int]:
    """Chunks along each axis."""
    chunk = places.get("chunk") or node.get("chunk") or []
    shape = node.get("shape") or []
    return [-(-length // max(piece, 1)) for length, piece in zip(shape, chunk, strict=False)]
