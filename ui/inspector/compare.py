"""The same sample in other stores of its dataset, compared pixel by pixel."""

from __future__ import annotations

import streamlit as st

from core.base.errors import FormatMattersError
from core.inspect.requests import InspectedSample
from core.stores.store import StoreInfo
from ui.inspector import inspected
from ui.inspector.opening import Subject, subject_of
from ui.inspector.sample_view import draw_comparison
from ui.shared import address
from ui.shared.labels import plain, verbatim
from ui.shared.stores import store_label

COMPARED, MOST = 4, 8
"""Other stores that are shown unasked, and at most."""


def hold_others(subject: Subject, others: list[StoreInfo]) -> None:
    """The address holds which stores are compared. To be called before the address is asked for, and `draw_others`."""
    able = _able(subject, others)
    if subject.store is None or not able:
        return
    names = {store_label(other): path for path, other in able.items()}

    def known(text: str) -> list[str] | None:
        return [names[name] for name in text.split(",") if name in names][:MOST] or None

    def told(paths: list[str]) -> str:
        return ",".join(store_label(able[path]) for path in paths if path in able)

    address.hold("with", _key(subject.store), known, _worth_comparing(subject.store, list(able.values())), told=told)


def _able(subject: Subject, others: list[StoreInfo]) -> dict[str, StoreInfo]:
    """Those that have this split, by their paths."""
    return {str(other.path): other for other in others if subject.split in other.manifest.splits}


def _key(info: StoreInfo) -> str:
    return f"inspector.others.{plain(info.path)}"


def draw_others(subject: Subject, position: int, others: list[StoreInfo]) -> None:
    """A card for each other store that was chosen; unasked, those that differ most."""
    info, split = subject.store, subject.split
    if info is None or split is None:
        return
    st.subheader("The same sample in other stores", anchor=False)
    able = _able(subject, others)
    if not able:
        st.caption("There is no other store of this dataset yet. Build one to compare them pixel by pixel.")
        return
    chosen = st.multiselect("Compare with", list(able),
                            format_func=lambda path: plain(store_label(able[path])), max_selections=MOST,
                            key=_key(info), label_visibility="collapsed")  # fmt: skip
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
