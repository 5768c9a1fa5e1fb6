"""The inspector of built stores: what is chosen, what is shown of it, and what moving about does."""

from __future__ import annotations

import random

import numpy as np
import streamlit as st

from core.errors import FormatMattersError
from core.stores import StoreInfo
from ui import inspected
from ui.gallery import cell_data, draw_gallery
from ui.inspected import Span
from ui.sample_view import draw_comparison, draw_sample
from ui.theme import format_title
from ui.words import counted

PAGE = "inspector.page"
SELECTED = "inspector.selected"
GOTO = "inspector.goto"
MISSED = "inspector.missed"
COMPARED = 4
"""Other stores that are shown unasked."""

SMALL_EDGE, LARGE_EDGE = 64, 104
SMALL_PAGE, LARGE_PAGE = 48, 25
ALL = -1
"""The class filter that lets everything through."""


def title_of(info: StoreInfo) -> str:
    """A store as people choose it."""
    return f"{format_title(info.manifest.format)} · {info.manifest.variant}"


def choose(stores: list[StoreInfo]) -> tuple[StoreInfo, str, int]:
    """Draw the choice of store, split and class; returns them, the class as its number or ALL."""
    by_path = {str(info.path): info for info in stores}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        path = st.selectbox("Store", list(by_path), format_func=lambda path: title_of(by_path[path]), width=380,
                            key="inspector.store", persist_state="session")  # fmt: skip
        info = by_path[path]
        splits, classes = list(info.manifest.splits), info.manifest.classes
        label = st.selectbox("Class", [ALL, *range(len(classes))], key="inspector.class", persist_state="session",
                             format_func=lambda label: "All classes" if label == ALL else classes[label], width=240,
                             on_change=_to_first_page)  # fmt: skip
        split = st.segmented_control("Split", splits, default=splits[0], required=True, key="inspector.split",
                                     persist_state="session", on_change=_to_first_page)  # fmt: skip
    return info, split if split in splits else splits[0], label


def span_of(info: StoreInfo, split: str) -> Span:
    samples = {name: int(told["samples"]) for name, told in info.manifest.splits.items()}
    return Span.of_split(info.path, samples, split)


def draw_store(info: StoreInfo, split: str, label: int, others: list[StoreInfo]) -> None:
    """The grid beside the picked sample, and below them the sample's other versions."""
    span = span_of(info, split)
    numbers = inspected.labels(span) if label != ALL else None
    positions = inspected.positions_of(numbers, None if label == ALL else label, len(span))
    if len(positions) == 0:
        st.info(f"No sample of this class is in {split}. Choose another class or split.", icon=":material/filter_alt:")
        return
    grid, large = st.columns([8, 5], gap="large")
    with grid:
        _draw_grid(info, span, positions)
    selected = _selected(positions, len(span))
    with large:
        sample = inspected.sample(span, selected)
        draw_sample(sample, selected, f"{len(span):,} in {split}")
    _draw_others(info, split, selected, others)


def _selected(positions: np.ndarray, count: int) -> int:
    """The picked position; the first one that is shown where none is, or where it does not exist here."""
    selected = st.session_state.get(SELECTED)
    return int(positions[0]) if selected is None or not 0 <= selected < count else int(selected)


# ---------------------------------------------------------------- the grid


def _draw_grid(info: StoreInfo, span: Span, positions: np.ndarray) -> None:
    edge, size = _density(info)
    page = _draw_controls(span, positions, size)
    shown = tuple(int(position) for position in positions[page * size :][:size])
    selected = _selected(positions, len(span))
    data = _cells(span, shown, tuple(info.manifest.classes), edge)
    draw_gallery(data, edge=edge, selected=selected, key="inspector.gallery", on_pick=_pick)
    first = page * size
    st.caption(f"{first + 1:,} to {first + len(shown):,} of {counted(len(positions), 'sample')}")


def _density(info: StoreInfo) -> tuple[int, int]:
    """(edge of a cell, cells a page): small images are shown twice as large, photos smaller than they are."""
    shape = info.manifest.payload_shape
    small = inspected.largest_edge(span_of(info, next(iter(info.manifest.splits)))) if shape is None else max(shape[:2])
    return (SMALL_EDGE, SMALL_PAGE) if small <= SMALL_EDGE else (LARGE_EDGE, LARGE_PAGE)


@st.cache_data(max_entries=64, show_spinner="Reading images…")
def _cells(span: Span, positions: tuple[int, ...], classes: tuple[str, ...], edge: int) -> list[dict[str, object]]:
    found = inspected.cells(span, positions, edge if edge == SMALL_EDGE else 2 * edge)
    return [
        cell_data(cell, position, _caption(cell.about.get("label"), classes), edge)
        for cell, position in zip(found, positions, strict=True)
    ]


def _caption(label: object, classes: tuple[str, ...]) -> str:
    known = isinstance(label, int) and 0 <= label < len(classes)
    return classes[label] if known else str(label if label is not None else "")


def _draw_controls(span: Span, positions: np.ndarray, size: int) -> int:
    """Jumping, drawing lots and paging; returns the page, counted from 0."""
    pages = -(-len(positions) // size)
    st.session_state[PAGE] = min(max(int(st.session_state.get(PAGE, 1)), 1), pages)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        st.text_input("Go to index or key", key=GOTO, placeholder="e.g. 1234", width=144,
                      on_change=_go_to, args=(span, positions, size))  # fmt: skip
        st.button("Random", icon=":material/casino:", key="inspector.random",
                  on_click=_go_random, args=(positions, size))  # fmt: skip
        st.space("stretch")
        _draw_pager(pages)
    missed = st.session_state.pop(MISSED, None)
    if missed:
        st.warning(missed, icon=":material/search_off:")
    return int(st.session_state[PAGE]) - 1


def _draw_pager(pages: int) -> None:
    page = int(st.session_state[PAGE])
    st.button("Previous", icon=":material/chevron_left:", key="inspector.previous", disabled=page <= 1,
              on_click=_turn, args=(-1,))  # fmt: skip
    st.number_input(f"Page of {pages:,}", 1, pages, key=PAGE, width=108)
    st.button("Next", icon=":material/chevron_right:", key="inspector.next", disabled=page >= pages,
              on_click=_turn, args=(1,))  # fmt: skip


def _pick(position: int) -> None:
    st.session_state[SELECTED] = position


def _turn(pages: int) -> None:
    st.session_state[PAGE] = int(st.session_state[PAGE]) + pages


def _to_first_page() -> None:
    st.session_state[PAGE] = 1
    st.session_state.pop(SELECTED, None)


def _go_random(positions: np.ndarray, size: int) -> None:
    place = random.randrange(len(positions))
    _show(int(positions[place]), place, size)


def _go_to(span: Span, positions: np.ndarray, size: int) -> None:
    wanted = st.session_state[GOTO].strip()
    st.session_state[GOTO] = ""
    if not wanted:
        return
    try:
        position = _resolve(span, wanted)
    except FormatMattersError as error:
        st.session_state[MISSED] = str(error)
        return
    if position is None:
        st.session_state[MISSED] = f"There is no sample {wanted!r} here: {counted(len(span), 'sample')}, from 0 on."
        return
    place = int(np.searchsorted(positions, position))
    _show(position, place if place < len(positions) and positions[place] == position else None, size)


def _resolve(span: Span, wanted: str) -> int | None:
    """A bare number is an index; whatever else (leading zeros too) is a key first."""
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else None
    if number is None or (wanted.startswith("0") and len(wanted) > 1):
        found = inspected.find(span, wanted)
        if found is not None:
            return found
    return number if number is not None and number < len(span) else None


def _show(position: int, place: int | None, size: int) -> None:
    """Select a position and, where the filter lets it through, turn to its page."""
    st.session_state[SELECTED] = position
    if place is not None:
        st.session_state[PAGE] = place // size + 1


# ---------------------------------------------------------------- the other stores


def _draw_others(info: StoreInfo, split: str, position: int, others: list[StoreInfo]) -> None:
    st.subheader("The same sample in other stores", anchor=False)
    able = {str(other.path): other for other in others if split in other.manifest.splits}
    if not able:
        st.caption("There is no other store of this dataset yet. Build one to compare them pixel by pixel.")
        return
    chosen = st.multiselect("Compare with", list(able), default=_worth_comparing(info, list(able.values())),
                            format_func=lambda path: title_of(able[path]), max_selections=8,
                            key=f"inspector.others.{info.path}", label_visibility="collapsed")  # fmt: skip
    original = inspected.sample(span_of(info, split), position)
    for row in range(0, len(chosen), COMPARED):
        for column, path in zip(st.columns(COMPARED), chosen[row : row + COMPARED], strict=False):
            with column, st.container(border=True, height="stretch"):
                _draw_other(able[path], split, position, original)


def _draw_other(other: StoreInfo, split: str, position: int, original: inspected.Sample) -> None:
    try:
        sample = inspected.sample(span_of(other, split), position)
    except FormatMattersError as error:
        st.markdown(f"**{title_of(other)}**")
        st.error(str(error), icon=":material/error:")
        return
    draw_comparison(title_of(other), sample, original)


def _worth_comparing(info: StoreInfo, others: list[StoreInfo]) -> list[str]:
    """A store of each other encoding first, then the same encoding in other formats, then the rest."""
    seen: list[object] = [info.manifest.encoding]
    first, rest = [], []
    for other in others:
        (rest if other.manifest.encoding in seen else first).append(other)
        seen.append(other.manifest.encoding)
    rest.sort(key=lambda other: (other.manifest.encoding != info.manifest.encoding, other.name))
    return [str(other.path) for other in [*first, *rest][:COMPARED]]
