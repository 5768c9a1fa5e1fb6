"""The same sample in other stores of its dataset, compared pixel by pixel."""

from __future__ import annotations

import streamlit as st

from core.base.errors import FormatMattersError
from core.inspect.requests import InspectedSample
from core.stores.store import StoreInfo
from ui.inspector import inspected
from ui.inspector.opening import Subject, subject_of
from ui.inspector.sample_view import draw_comparison
from ui.shared.labels import plain, verbatim
from ui.shared.stores import store_label

COMPARED = 4
"""Other stores that are shown unasked."""


def draw_others(subject: Subject, position: int, others: list[StoreInfo]) -> None:
    """A card for each other store that was chosen; unasked, those that differ most."""
    info, split = subject.store, subject.split
    if info is None or split is None:
        return
    st.subheader("The same sample in other stores", anchor=False)
    able = {str(other.path): other for other in others if split in other.manifest.splits}
    if not able:
        st.caption("There is no other store of this dataset yet. Build one to compare them pixel by pixel.")
        return
    chosen = st.multiselect("Compare with", list(able), default=_worth_comparing(info, list(able.values())),
                            format_func=lambda path: plain(store_label(able[path])), max_selections=8,
                            key=f"inspector.others.{plain(info.path)}", label_visibility="collapsed")  # fmt: skip
    original = inspected.sample(subject.span, position)
    for row in range(0, len(chosen), COMPARED):
        for column, path in zip(st.columns(COMPARED), chosen[row : row + COMPARED], strict=False):
            with column, st.container(border=True, height="stretch"):
                _draw_other(able[path], split, position, original)


def _draw_other(other: StoreInfo, split: str, position: int, original: InspectedSample) -> None:
    try:
        sample = inspected.sample(subject_of(other, split).span, position)
    except FormatMattersError as error:
        st.markdown(f"**{verbatim(store_label(other))}**")
        st.error(verbatim(error), icon=":material/error:")
        return
    draw_comparison(store_label(other), sample, original)


def _worth_comparing(info: StoreInfo, others: list[StoreInfo]) -> list[str]:
    """A store of each other encoding first, then the same encoding in other formats, then the rest."""
    seen: list[object] = [info.manifest.encoding]
    first, rest = [], []
    for other in others:
        (rest if other.manifest.encoding in seen else first).append(other)
        seen.append(other.manifest.encoding)
    rest.sort(key=lambda other: (other.manifest.encoding != info.manifest.encoding, other.name))
    return [str(other.path) for other in [*first, *rest][:COMPARED]]
