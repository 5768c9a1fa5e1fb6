"""How a file is built: the view that its kind names, then the estimated size of its images in other formats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import streamlit as st

from core.base.errors import FormatMattersError
from core.base.package import load
from core.formats import FORMATS
from core.inspect.kinds import KINDS
from ui.inspector import inspected
from ui.inspector.inspected import Span
from ui.inspector.opening import Subject
from ui.inspector.sizes import draw_sizes
from ui.shared.labels import plain, verbatim

StructureView = Callable[[Span, dict[str, Any]], None]
"""Draws the `structure` of a file of one kind; of a built store it has also the figures of the `split` looked at."""


def draw_structure(subject: Subject) -> None:
    """The picture of this kind of file, then what its images would occupy elsewhere."""
    span, about = _container(subject)
    view_of(about["kind"])(span, _of_split(about["structure"], subject.split))
    try:
        draw_sizes(subject)
    except FormatMattersError as error:
        st.warning(verbatim(error), icon=":material/warning:")


def view_of(kind: str) -> StructureView:
    """What draws files of this kind, see `KindRegistration.structure`."""
    where = KINDS[kind].structure
    return cast(StructureView, load(where)) if where else draw_figures


def draw_figures(span: Span, structure: dict[str, Any]) -> None:
    """The single figures of a kind of file that has no picture of its own."""
    figures = {name: value for name, value in structure.items() if isinstance(value, int | float | str)}
    names = [plain(name.replace("_", " ")) for name in figures]
    st.table({"Figure": names, "Value": [plain(value) for value in figures.values()]})


def _of_split(structure: dict[str, Any], split: str | None) -> dict[str, Any]:
    told = (structure.get("splits") or {}).get(split or "")
    return structure | {"split": told} if told else structure


def _container(subject: Subject) -> tuple[Span, dict[str, Any]]:
    """The file itself, also where a store of ours is looked at whose format the inspector knows as a kind of file."""
    path, schema = str(subject.file), subject.span.schema
    if subject.store is not None and not FORMATS[subject.store.manifest.format].inspector_kind:
        path = subject.span.path
    stamp = inspected.stamp_of(Path(path))
    return Span.of_file(path, schema), inspected.summary(path, stamp, schema)
