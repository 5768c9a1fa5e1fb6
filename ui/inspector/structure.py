"""How a file is built: the view that its kind names, then the estimated size of its images in other formats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import streamlit as st

from core.base.errors import FormatMattersError
from core.base.package import load
from core.base.strict_json import dumps
from core.formats import FORMATS
from core.inspect.kinds import KINDS
from core.inspect.remote.location import located
from ui.inspector import inspected
from ui.inspector.inspected import Span
from ui.inspector.opening import Subject
from ui.inspector.sizes import draw_sizes
from ui.shared.labels import counted, number_text, plain, size_text, verbatim

MOST_ROWS = 1_000
"""Rows of a table that are shown."""

StructureView = Callable[[Span, dict[str, Any]], None]
"""Draws the `structure` of a file of one kind; of a built store it has also the figures of the `split` looked at."""


def draw_structure(subject: Subject) -> None:
    """The picture of this kind of file, then what its images would occupy elsewhere."""
    span, about = _container(subject)
    structure = _of_split(about["structure"], subject.split)
    if "shard_count" in structure:
        draw_shards(structure)
        structure = structure["first_shard"]
    if structure:
        view_of(about["kind"])(span, structure)
    if structure.get("read_cost"):
        draw_read_cost(structure["read_cost"])
    try:
        draw_sizes(subject)
    except FormatMattersError as error:
        st.warning(verbatim(error), icon=":material/warning:")


def view_of(kind: str) -> StructureView:
    """What draws files of this kind, see `KindRegistration.structure`."""
    where = KINDS[kind].structure
    return cast(StructureView, load(where)) if where else draw_figures


def draw_figures(span: Span, structure: dict[str, Any]) -> None:
    """A kind of file that has no picture of its own: its single figures, and a table of each list of parts."""
    figures = {name: value for name, value in structure.items() if isinstance(value, int | float | str)}
    if figures:
        st.table({
            "Figure": [_title(name) for name in figures],
            "Value": [_figure(name, value) for name, value in figures.items()],
        })  # fmt: skip
    for name, rows in structure.items():
        if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows):
            st.markdown(f"**{verbatim(_title(name))}** :gray[· {number_text(len(rows))}]")
            shown = [{_title(part): _cell(value) for part, value in row.items()} for row in rows[:MOST_ROWS]]
            st.dataframe(shown, hide_index=True, height=min(36 * len(shown) + 38, 360))


def _title(name: str) -> str:
    text = plain(str(name).replace("_", " "))
    return text[:1].upper() + text[1:]


def _figure(name: str, value: int | float | str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return plain(value)
    return size_text(value) if name.endswith("bytes") else number_text(value)


def _cell(value: Any) -> Any:
    return value if isinstance(value, int | float | None) else plain(value if isinstance(value, str) else dumps(value))


def draw_shards(structure: dict[str, Any]) -> None:
    """The files that are one."""
    rows = structure["shards"]
    st.markdown(f"**{counted(structure['shard_count'], 'file')}**, {size_text(structure['apparent_bytes'])} together:")
    st.dataframe(
        {"File": [plain(name) for name, _ in rows], "Bytes": [size for _, size in rows]}, hide_index=True,
        height=min(36 * len(rows) + 38, 300),
    )  # fmt: skip
    st.caption("How the first of them is built:")


def draw_read_cost(cost: dict[str, Any]) -> None:
    """What one sample costs to read, alone and in order."""
    st.markdown("**What one sample costs to read**")
    alone, ordered = st.columns(2)
    alone.metric("At random", size_text(cost["random_bytes"]), help="Bytes that are touched for one sample alone.")
    ordered.metric("In order", size_text(cost["ordered_bytes"]), help="Bytes for each sample where all are read.")
    reads = cost["random_reads"]
    places = f", in {counted(reads, 'place')}" if reads > 1 else ""
    st.caption(f"{verbatim(cost['said'][:1].upper() + cost['said'][1:])}{places}.")


def _of_split(structure: dict[str, Any], split: str | None) -> dict[str, Any]:
    told = (structure.get("splits") or {}).get(split or "")
    return structure | {"split": told} if told else structure


def _container(subject: Subject) -> tuple[Span, dict[str, Any]]:
    """The file itself, also where a store of ours is looked at whose format the inspector knows as a kind of file."""
    path, schema = str(subject.file), subject.span.schema
    if subject.store is not None and not FORMATS[subject.store.manifest.format].inspector_kind:
        path = subject.span.path
    stamp = inspected.stamp_of(located(path))
    return Span.of_file(path, schema), inspected.summary(path, stamp, schema)
