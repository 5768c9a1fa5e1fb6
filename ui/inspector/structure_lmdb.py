"""An LMDB as pictures: its tree level by level, what its pages are filled with, and how large the map is beside it."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from core.base.errors import FormatMattersError
from core.inspect.requests import PageMapRequest
from ui.inspector import inspected
from ui.inspector.inspected import Span
from ui.inspector.structure_file import ABOUT_PICTURE, CELLS, file_picture
from ui.shared.charts import draw_chart
from ui.shared.labels import counted, number_text, plain, size_text, times_text, verbatim
from ui.shared.theme import FIGURE_COLOUR, PALETTE, finish

if TYPE_CHECKING:
    import altair as alt

FINER = 32
"""Parts of a file that are asked for where one square is drawn."""

DRAWN = 36
"""At most so many pages of one level are drawn."""

BRANCH, LEAF, OVERFLOW, FREE, META = PALETTE[4], PALETTE[1], PALETTE[2], "#9AA5B1", PALETTE[3]

KINDS = {"meta": META, "branch": BRANCH, "leaf": LEAF, "overflow": OVERFLOW, "free": FREE}
"""Kind of page -> its colour in every picture."""


class Level(NamedTuple):
    """One level of the tree: `pages` of a kind, `title` what they are, from the root (1) down."""

    number: int
    kind: str
    pages: int
    title: str


def draw_lmdb(span: Span, structure: dict[str, Any]) -> None:
    """Everything about one LMDB."""
    databases = structure.get("databases") or [{"name": None, "flags": [], **structure}]
    database = _choose(databases)
    st.subheader("The tree", anchor=False)
    st.markdown(_explained(database, structure["page_bytes"]))
    draw_chart(tree_chart(levels(database)), "The levels of the tree and how many pages each has")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("What fills the pages", anchor=False)
        _draw_filling(database, structure)
    with right:
        st.subheader("The file and its map", anchor=False)
        _draw_sizes(structure)
    _draw_places(span, structure)


def _choose(databases: list[dict[str, Any]]) -> dict[str, Any]:
    if len(databases) == 1:
        return databases[0]
    place = st.selectbox(
        "Database", range(len(databases)), key="inspector.database", width=380,
        format_func=lambda place: _name(databases[place]),
    )  # fmt: skip
    flags = databases[place].get("flags")
    if flags:
        st.caption(f"Its flags: {verbatim(', '.join(flags))}.")
    return databases[place]


def _name(database: dict[str, Any]) -> str:
    name = "the main database" if database["name"] is None else plain(database["name"])
    return f"{name} · {counted(database['entries'], 'entry', 'entries')}"


# ---------------------------------------------------------------- the tree


def levels(database: dict[str, Any]) -> list[Level]:
    """The levels of a database's tree from its root down, and below them the pages of large values."""
    depth, branches, leaves = database["depth"], database["branch_pages"], database["leaf_pages"]
    found: list[Level] = []
    if depth > 1:
        found.append(Level(1, "branch", 1, "the root"))
    if depth > 2:
        rest = counted(branches - 1, "branch page")
        found.append(Level(2, "branch", branches - 1, rest + (f" on {depth - 2} levels" if depth > 3 else "")))
    if leaves:
        found.append(Level(len(found) + 1, "leaf", leaves, counted(leaves, "leaf page")))
    if database["overflow_pages"]:
        title = counted(database["overflow_pages"], "overflow page")
        found.append(Level(len(found) + 1, "overflow", database["overflow_pages"], title))
    return found


def _explained(database: dict[str, Any], page_bytes: int) -> str:
    """The tree in sentences."""
    entries, depth = database["entries"], database["depth"]
    if not entries:
        return "This database is empty: it has no page yet."
    steps = "one page" if depth == 1 else f"{depth} pages, one of each level"
    text = (
        f"LMDB keeps keys and values in one **B+tree** of pages of {page_bytes:,} bytes. To find one of its "
        f"{entries:,} keys it reads {steps}: branch pages only point the way, **leaf** pages hold the keys in order."
    )
    overflow = database["overflow_pages"]
    if overflow:
        return text + (
            " A value that is larger than about half a page does not fit in there: it lies on **overflow** pages of "
            "its own, and what is left of the last one stays empty. Here an entry has "
            f"{counted_pages(overflow / entries)} on average."
        )
    return text + " The values are small enough to lie in the leaves themselves, several to a page."


def counted_pages(pages: float) -> str:
    """ "1 page", "1.5 pages"."""
    return "1 page" if pages == 1 else f"{number_text(pages)} pages"


def tree_chart(found: Sequence[Level]) -> alt.LayerChart:
    """A row of little pages a level, growing towards the leaves; of many pages, as many as fit."""
    import altair as alt
    import pandas as pd

    widest = max((level.pages for level in found), default=1)
    boxes, lines, titles = [], [], []
    for level in found:
        drawn = _drawn(level.pages, widest)
        left = -drawn / 2
        boxes += [{"x": left + place + 0.08, "x2": left + place + 0.92, "y": -level.number, "kind": level.kind}
                  for place in range(drawn)]  # fmt: skip
        more = f", {drawn} of them drawn" if drawn < level.pages else ""
        titles.append({"x": DRAWN / 2 + 0.8, "y": -level.number, "title": level.title + more})
    for above, below in itertools.pairwise(found):
        lines += _lines(above, below, widest)
    vertical = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[-len(found) - 0.5, -0.5]))
    horizontal = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-DRAWN / 2, DRAWN / 2 + 14], nice=False))
    colour = alt.Color("kind:N", scale=alt.Scale(domain=list(KINDS), range=list(KINDS.values())), legend=None)
    links = alt.Chart(pd.DataFrame(lines, columns=["x", "y", "x2", "y2"])).mark_rule(color=FIGURE_COLOUR, opacity=0.35)
    pages = alt.Chart(pd.DataFrame(boxes)).mark_rect(cornerRadius=2)
    words = alt.Chart(pd.DataFrame(titles)).mark_text(align="left", fontSize=13, color=FIGURE_COLOUR)
    chart = alt.layer(
        links.encode(x=horizontal, y=vertical, x2="x2:Q", y2="y2:Q"),
        pages.transform_calculate(top="datum.y + 0.22", bottom="datum.y - 0.22").encode(
            x=horizontal, x2="x2:Q", y=alt.Y("top:Q", axis=None), y2="bottom:Q", color=colour
        ),
        words.encode(x=horizontal, y=vertical, text="title:N"),
    )
    return finish(chart.properties(height=58 * max(len(found), 1) + 10))


def _drawn(pages: int, widest: int) -> int:
    """How many pages of a level are drawn: all where they fit, else more where there are more."""
    if widest <= DRAWN:
        return pages
    return max(min(pages, round(DRAWN * math.log1p(pages) / math.log1p(widest))), 1)


def _lines(above: Level, below: Level, widest: int) -> list[dict[str, float]]:
    """From each page that is drawn to those below it."""
    upper, lower = _drawn(above.pages, widest), _drawn(below.pages, widest)
    return [
        {
            "x": -upper / 2 + min(place * upper // lower, upper - 1) + 0.5,
            "y": -above.number - 0.22,
            "x2": -lower / 2 + place + 0.5,
            "y2": -below.number + 0.22,
        }
        for place in range(lower)
    ]


# ---------------------------------------------------------------- what fills it


def _draw_filling(database: dict[str, Any], structure: dict[str, Any]) -> None:
    """Values, keys, what the tree needs, and what stays empty."""
    page = structure["page_bytes"]
    pages = database["branch_pages"] + database["leaf_pages"] + database["overflow_pages"]
    if "payload_bytes" not in database or not pages:
        st.caption(f"{counted(pages, 'page')} in use: {size_text(pages * page)}.")
        return
    payload, keys, wasted = database["payload_bytes"], database["key_bytes"], database["wasted_bytes"]
    overhead = max(pages * page - payload - keys - wasted, 0)
    parts = {
        "values": (payload, OVERFLOW),
        "keys": (keys, LEAF),
        "tree: headers and pointers": (overhead, BRANCH),
        "empty": (wasted, FREE),
    }
    draw_chart(parts_chart(parts), "What the pages of this database are filled with")
    entries = max(database["entries"], 1)
    ratio = pages * page / payload if payload else 0
    st.caption(
        f"An entry has {size_text(payload / entries)} on average and occupies {size_text(pages * page / entries)}, "
        f"{times_text(ratio)} as much; {size_text(wasted / entries)} of that stay empty."
        + (" Estimated from a sample of the leaf pages." if database.get("sampled") else "")
    )


def _draw_sizes(structure: dict[str, Any]) -> None:
    """Map, file, disk and use, and why they differ."""
    page = structure["page_bytes"]
    free = structure.get("free_pages", 0)
    used = structure["used_bytes"]
    parts = {
        "in use": (used, LEAF),
        "allocated on disk": (structure["allocated_bytes"], OVERFLOW),
        "file size": (structure["apparent_bytes"], BRANCH),
        "map": (structure["map_bytes"], FREE),
    }
    draw_chart(parts_chart(parts), "Bytes in use, allocated on disk, of the file and of the map")
    notes = [
        "The **map** is the address space that the writer reserved: the most that the file may grow to, and nothing "
        "that is used up. Tools that report it as the file's size are wrong, often by far."
    ]
    if structure["allocated_bytes"] < structure["apparent_bytes"]:
        notes.append("The file has holes: its size counts bytes that no disk holds.")
    if free:
        notes.append(
            f"{counted(free, 'page is', 'pages are')} **free** ({size_text(free * page)}): left over from deleted or "
            "rewritten entries, for the next writer. LMDB never gives them back; copying the file compactly does."
        )
    else:
        notes.append("No page is free: nothing was deleted or rewritten since it was made, or it was copied compactly.")
    st.caption(" ".join(notes))


def parts_chart(parts: dict[str, tuple[int, str]]) -> alt.LayerChart:
    """A bar a part, with its bytes at the end."""
    import altair as alt
    import pandas as pd

    rows = [{"part": name, "bytes": count, "figure": size_text(count)} for name, (count, _) in parts.items()]
    table = pd.DataFrame(rows)
    top = max(float(table["bytes"].max()), 1.0)
    second = sorted(table["bytes"])[-2] if len(table) > 1 else top
    clipped = top > 20 * max(second, 1)  # one bar would make nothing of the others: it is cut, and its figure tells
    limit = 1.5 * max(second, 1) if clipped else top
    table["shown"] = table["bytes"].clip(upper=limit)
    base = alt.Chart(table).encode(
        y=alt.Y("part:N", sort=None, title=None, axis=alt.Axis(labelLimit=220)),
        x=alt.X("shown:Q", axis=None, scale=alt.Scale(domain=[0, limit * (1.75 if clipped else 1.3)], nice=False)),
    )
    colours = alt.Scale(domain=list(parts), range=[colour for _, colour in parts.values()])
    bars = base.mark_bar(cornerRadiusEnd=3).encode(
        color=alt.Color("part:N", scale=colours, legend=None),
        tooltip=["part", alt.Tooltip("bytes", format=",", title="bytes")],
    )
    table["figure"] += [" (bar cut short)" if count > limit else "" for count in table["bytes"]]
    figures = base.mark_text(align="left", dx=6, fontSize=12).encode(text="figure:N", color=alt.value(FIGURE_COLOUR))
    return finish((bars + figures).properties(height=alt.Step(28)))


def thinned(cells: Sequence[str | None]) -> list[str | None]:
    """At most `CELLS` of the parts of a file: of each few neighbours one drawn at random, so that what is scattered
    among others keeps its share of the picture."""
    if len(cells) <= CELLS:
        return list(cells)
    lots = random.Random(0)
    edges = [place * len(cells) // CELLS for place in range(CELLS + 1)]
    return [cells[lots.randrange(left, right)] for left, right in itertools.pairwise(edges)]


def _draw_places(span: Span, structure: dict[str, Any]) -> None:
    """The file as a picture of its pages, where the reader can tell it."""
    try:
        places = inspected.ask(span, PageMapRequest(CELLS * FINER))
    except FormatMattersError as error:
        st.caption(verbatim(error))
        return
    st.subheader("The file, page by page", anchor=False)
    picture = file_picture(thinned(places["cells"]), KINDS)
    draw_chart(picture, "The file from its first page to its last, by kind of page")
    pages = places["pages"]
    what = "one page" if pages <= CELLS else f"one page out of every {number_text(-(-pages // CELLS))}"
    reserved = structure["apparent_bytes"] // structure["page_bytes"] - pages
    st.caption(
        f"{ABOUT_PICTURE} Each square is {what}. Its first two pages are its two meta pages (root records)."
        + (f" Behind them {counted(reserved, 'page')} were never used and are not drawn." if reserved > 0 else "")
    )
