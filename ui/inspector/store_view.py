"""The images of what is inspected: a grid that is paged, one entry large, and what moving about does."""

from __future__ import annotations

import random
from bisect import bisect_left
from functools import partial
from typing import Any

import streamlit as st

from core.base.errors import FormatMattersError
from core.inspect.requests import Cell
from core.stores.store import StoreInfo
from ui.inspector import drawing, filtering, inspected
from ui.inspector.compare import draw_others, hold_others
from ui.inspector.filtering import Positions, label_text
from ui.inspector.inspected import Span
from ui.inspector.numbers import columns, figures_of
from ui.inspector.opening import Subject
from ui.inspector.sample_route import ShownSamples
from ui.inspector.sample_view import draw_details
from ui.inspector.viewer import DETAILS, OTHERS, draw_end, draw_viewer, token_of
from ui.shared import address, titles
from ui.shared.cached import cache_data
from ui.shared.gallery import cell_data, draw_gallery
from ui.shared.labels import counted, verbatim

PAGE = "inspector.page"
SELECTED = "inspector.selected"
GOTO = "inspector.goto"
MISSED = "inspector.missed"
SMALL_EDGE, LARGE_EDGE = 64, 104
SMALL_PAGE, LARGE_PAGE = 48, 25


def draw_images(subject: Subject, others: list[StoreInfo]) -> None:
    """The grid beside the picked entry, and below them a store's sample in other stores: a fragment, so that nothing
    else runs again where somebody looks around in them."""
    if len(subject.span):
        st.fragment(_draw_part)(subject, others)


def _draw_part(subject: Subject, others: list[StoreInfo]) -> None:
    try:
        _draw_images(subject, others)
    except FormatMattersError as error:
        st.error(verbatim(error), icon=":material/error:")
    address.commit_part()


def _draw_images(subject: Subject, others: list[StoreInfo]) -> None:
    filtering.begin(subject, (PAGE, SELECTED, *drawing.forget()))
    _recall_sample(subject)
    drawn = drawing.draw_with(subject, drawing.chosen())
    wanted = filtering.chosen()
    positions, found = filtering.positions_of(subject, wanted)
    edge, size = _density(subject)
    _page_of_selected(positions, size)
    first = _page(positions, size) * size
    above = st.container()
    grid, large = st.columns([8, 5], gap="large")
    shown = ShownSamples(drawn.span, positions, drawn.noun, drawn.where)
    token = token_of(shown, (drawn.span, wanted, len(positions)))
    with grid:
        if len(positions):
            _draw_grid(drawn, positions, first, edge, size, token)
        else:
            filtering.nothing(subject, wanted, found)
        filtering.draw_rest(found)
    address.keep("sample", None, step=True)
    if len(positions):
        selected = _selected(subject, positions, first)
        address.keep("sample", selected, step=True)
        titles.say("sample", f"{subject.noun} {selected:,}")
        hold_others(subject, others)
        with large:
            _draw_large(drawn, shown, token, selected, size)
        with st.container(key=OTHERS):
            draw_others(subject, selected, others)
        draw_end(token, selected)
    with above, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        # drawn last, for counting labels must not hold up the grid
        filtering.draw_filter(subject, to_first_page)
        _draw_jumps(subject, positions, size)


def _recall_sample(subject: Subject) -> None:
    """The entry that an address names, by its index or its key; then the grid turns to its page."""
    if address.says("sample") is not None or address.says("key") is not None:
        st.session_state.pop(PAGE, None)
    count = counted(len(subject.span), subject.noun, _many(subject))
    remedy = f"There are {count} {verbatim(subject.where)}, numbered from 0 on."
    address.recall("sample", SELECTED, lambda text: _within(subject, address.number(text)), default=None,
                   missing=address.not_here(f"the {subject.noun}", remedy))  # fmt: skip
    address.recall("key", SELECTED, lambda key: inspected.find(subject.span, key),
                   missing=address.not_here(f"the {subject.noun} with the key", remedy))  # fmt: skip


def _within(subject: Subject, position: int | None) -> int | None:
    return position if position is not None and position < len(subject.span) else None


def _page_of_selected(positions: Positions, size: int) -> None:
    """Where nothing says which page is shown, as after a reload: that of the picked entry."""
    selected = st.session_state.get(SELECTED)
    place = None if selected is None or PAGE in st.session_state else _place(positions, selected)
    if place is not None:
        st.session_state[PAGE] = place // size + 1


def _page(positions: Positions, size: int) -> int:
    """The page that is shown, counted from 0; one that there is, whatever was shown before."""
    pages = max(-(-len(positions) // size), 1)
    st.session_state[PAGE] = min(max(int(st.session_state.get(PAGE, 1)), 1), pages)
    return int(st.session_state[PAGE]) - 1


def _selected(subject: Subject, positions: Positions, first: int) -> int:
    """The picked position; the page's first one where none is, or where it does not exist here."""
    selected = st.session_state.get(SELECTED)
    return int(positions[first]) if selected is None or not 0 <= selected < len(subject.span) else int(selected)


def _draw_large(subject: Subject, shown: ShownSamples, token: str, selected: int, size: int) -> None:
    draw_viewer(
        shown, token, selected, _place(shown.positions, selected), bisect_left(shown.positions, selected),
        address=address.around("sample"), title=titles.around("sample", subject.noun),
        on_step=partial(_stepped, size),
    )  # fmt: skip
    with st.container(key=DETAILS):
        try:
            draw_details(subject, inspected.picture(subject.span, selected), selected)
        except FormatMattersError as error:
            st.error(verbatim(error), icon=":material/broken_image:")


def _stepped(size: int, position: int, place: int) -> None:
    """The browser has stepped to a sample by itself."""
    address.stepped("sample", position)
    _show(position, place, size)


# ---------------------------------------------------------------- the grid


def _draw_grid(subject: Subject, positions: Positions, first: int, edge: int, size: int, token: str) -> None:
    missed = st.session_state.pop(MISSED, None)
    if missed:
        st.warning(missed, icon=":material/search_off:")
    shown = tuple(int(position) for position in positions[first : first + size])
    total = counted(len(positions), subject.noun, _many(subject))
    _draw_pager(f"{first + 1:,} to {first + len(shown):,} of {total}", -(-len(positions) // size))
    drawn = _drawn_cells(subject.span, shown, edge)
    if drawn is not None:
        draw_gallery(drawn, edge=edge, of=token, key="inspector.gallery", on_pick=_pick)
    else:
        _draw_table(_cells(subject.span, shown, edge), shown)


@cache_data(max_entries=64, show_spinner=False)
def _drawn_cells(span: Span, positions: tuple[int, ...], edge: int) -> list[dict[str, Any]] | None:
    """A page of the grid as the browser takes it; None where nothing of it is an image."""
    found = _cells(span, positions, edge)
    if all(cell.pixels is None for cell in found):
        return None
    names = inspected.classes(span)
    return [
        cell_data(cell, position, label_text(cell.about.get("label"), names) or cell.about["key"], edge)
        for cell, position in zip(found, positions, strict=True)
    ]


def _many(subject: Subject) -> str:
    return "entries" if subject.noun == "entry" else f"{subject.noun}s"


def _draw_table(found: list[Cell], shown: tuple[int, ...]) -> None:
    """Entries that are no images, a line each; a click shows one large."""
    numbers = any(cell.about.get("statistics") for cell in found)
    rows = [
        {
            "Entry": position,
            "Key": cell.about["key"],
            "Label": "" if cell.about.get("label") is None else str(cell.about["label"]),
            **(figures_of(cell.about) if numbers else {"Kind": cell.about.get("encoding", "")}),
            "Bytes": cell.about.get("stored_bytes") if numbers else cell.about.get("payload_bytes"),
            "Begins with": cell.about.get("problem", cell.about.get("text", ""))[:120],
        }
        for cell, position in zip(found, shown, strict=True)
    ]
    if numbers and not any(row["Label"] for row in rows):
        rows = [{title: value for title, value in row.items() if title != "Label"} for row in rows]
    key = f"inspector.table.{shown[0]}"

    def picked() -> None:
        cells = st.session_state[key].selection.cells
        if cells:
            _pick(shown[cells[0][0]])

    st.dataframe(
        rows, hide_index=True, key=key, on_select=picked, selection_mode="single-cell", height=440,
        column_config=columns() if numbers else None,
    )  # fmt: skip


def _density(subject: Subject) -> tuple[int, int]:
    """(edge of a cell, cells a page): small images are shown twice as large, photos smaller than they are."""
    shape = subject.store.manifest.payload_shape if subject.store else None
    try:
        edge = max(shape[:2]) if shape else inspected.largest_edge(subject.span)
    except FormatMattersError:
        edge = 0
    return (SMALL_EDGE, SMALL_PAGE) if 0 < edge <= SMALL_EDGE else (LARGE_EDGE, LARGE_PAGE)


@cache_data(max_entries=64, show_spinner="Reading images…")
def _cells(span: Span, positions: tuple[int, ...], edge: int) -> list[Cell]:
    return inspected.cells(span, positions, edge if edge == SMALL_EDGE else 2 * edge)


# ---------------------------------------------------------------- moving about


def _draw_jumps(subject: Subject, positions: Positions, size: int) -> None:
    """To an entry by its number or key, or to any."""
    st.text_input("Go to index or key", key=GOTO, placeholder="e.g. 1234", width=150,
                  on_change=_go_to, args=(subject, positions, size))  # fmt: skip
    st.button("Random", icon=":material/casino:", key="inspector.random", shortcut="X", disabled=len(positions) == 0,
              on_click=_go_random, args=(positions, size))  # fmt: skip


def _draw_pager(shown: str, pages: int) -> None:
    """What is shown, and the way to other pages."""
    page = int(st.session_state[PAGE])
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.caption(shown, width="content")
        st.space("stretch")
        st.button("", icon=":material/chevron_left:", key="inspector.previous", disabled=page <= 1, shortcut="PageUp",
                  help="Previous page", on_click=_turn, args=(-1,))  # fmt: skip
        st.number_input("Page", 1, pages, key=PAGE, width=96, label_visibility="collapsed",
                        on_change=_forget_selected)  # fmt: skip
        st.caption(f"of {pages:,}", width="content")
        st.button("", icon=":material/chevron_right:", key="inspector.next", disabled=page >= pages,
                  shortcut="PageDown", help="Next page", on_click=_turn, args=(1,))  # fmt: skip


def _pick(position: int) -> None:
    st.session_state[SELECTED] = position


def _turn(pages: int) -> None:
    """Another page, and its first entry large."""
    st.session_state[PAGE] = int(st.session_state[PAGE]) + pages
    _forget_selected()


def to_first_page() -> None:
    """What is shown has changed: begin anew."""
    st.session_state[PAGE] = 1
    _forget_selected()


def _forget_selected() -> None:
    st.session_state.pop(SELECTED, None)


def _go_random(positions: Positions, size: int) -> None:
    place = random.randrange(len(positions))
    _show(int(positions[place]), place, size)


def _go_to(subject: Subject, positions: Positions, size: int) -> None:
    wanted = st.session_state[GOTO].strip()
    st.session_state[GOTO] = ""
    if not wanted:
        return
    try:
        position = _resolve(subject.span, wanted)
    except FormatMattersError as error:
        st.session_state[MISSED] = verbatim(error)
        return
    if position is None:
        count = counted(len(subject.span), subject.noun, _many(subject))
        st.session_state[MISSED] = f"There is no {subject.noun} {verbatim(repr(wanted))} here: {count}, from 0 on."
        return
    _show(position, _place(positions, position), size)


def _place(positions: Positions, position: int) -> int | None:
    """Where a position stands among those that are shown; None where the filter holds it back."""
    place = bisect_left(positions, position)
    return place if place < len(positions) and positions[place] == position else None


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
