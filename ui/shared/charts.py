"""A chart on a page: the drawing, its alternative text, the table behind it, and buttons that take it away.

Every chart of every page is drawn here, so that none is without a text for those who cannot see it, and none is wider
than a narrow page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from core.base.names import safe_name
from core.report.chart_table import chart_rows
from ui.shared.chart_export import download_buttons
from ui.shared.labels import plain, verbatim

if TYPE_CHECKING:
    import altair as alt

    from ui.shared.chart_export import Rows

PANEL = 450
"""Pixels of a panel: two beside each other on a wide page, one on a narrow one."""


AXIS_HEIGHT = 50
"""Pixels of an axis and its title."""


class Key(NamedTuple):
    """A line of a legend: what is drawn in this colour, with these dashes ([line, gap, ...]; empty: none)."""

    label: str
    colour: str
    dash: tuple[float, ...] = ()


def draw_chart(
    chart: alt.TopLevelMixin, shows: str, *, rows: Rows | None = None, export: str = "", key: str | None = None
) -> None:
    """A chart as wide as its place; the panels of one that has some in as many columns as fit.

    `shows`: what it shows, in words, without its numbers. `export` names the files of CSV, JSON, PNG and SVG, and
    differs between the charts of a page; without it there are none. `rows` are what CSV and JSON hold, where that is
    more than the table. Charts of one page that show the same in words need a `key`.
    """
    import altair as alt

    if isinstance(chart, alt.FacetChart):
        _draw_facets(chart, shows)
    else:
        shown = chart
        if keys := legend(chart):  # one that wraps: the drawing's own is cut where there is no room for it
            st.html(legend_html(keys))
            shown = chart.copy(deep=True)
            shown.config.legend.disable = True
        st.altair_chart(shown, alt=shows, key=f"chart.{key}" if key else None)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        draw_table(partial(chart_rows, chart), shows, key or export or shows)
        if export:
            download_buttons(chart, chart_rows(chart) if rows is None else rows, export)


@st.fragment
def draw_table(rows: Callable[[], Any], shows: str, name: str) -> None:
    """The button that opens the table behind a chart. `rows` are asked for, and sent, once it is opened."""
    with st.popover(
        "Table",
        icon=":material/table_rows:",
        type="tertiary",
        key=f"table.{safe_name(name)}",
        on_change="rerun",
        help="The numbers of this chart as a table.",
    ) as place:
        if place.open:
            st.caption(verbatim(shows))
            st.dataframe(rows(), hide_index=True, alt=shows)


# ---------------------------------------------------------------- panels


def _draw_facets(chart: alt.FacetChart, shows: str) -> None:
    if keys := legend(chart):
        st.html(legend_html(keys))
    draw_panels(panels(chart), shows)


def draw_panels(charts: Mapping[str, alt.Chart | alt.LayerChart], shows: str, unit: str = "") -> None:
    """Charts that belong together, each below its title, in as many columns as fit; the table is the caller's."""
    with st.container(horizontal=True, gap="medium"):
        for title, panel in charts.items():
            with st.container(width=PANEL, gap="xsmall"):
                st.markdown(f"**{verbatim(title)}**" + (f" :gray[{unit}]" if unit else ""))
                st.altair_chart(panel, alt=f"{shows}: {title}")


def panels(chart: alt.FacetChart) -> dict[str, alt.Chart | alt.LayerChart]:
    """Title -> a panel of its own, as wide as its place, without the legend that all share.

    Scales that panels share have to have a domain.
    """
    facet = chart.facet
    definition = facet if hasattr(facet, "shorthand") else facet.column
    field = str(definition.shorthand).partition(":")[0]
    there = list(dict.fromkeys(chart.data[field]))
    wanted = definition._get("sort")
    order = [name for name in wanted if name in there] if isinstance(wanted, list) else there
    drawn = {}
    for name in order:
        panel = chart.spec.copy(deep=True)
        panel.data = chart.data[chart.data[field] == name]
        panel.width = "container"
        if isinstance(panel.height, int | float):  # of the marks alone, where it was one of several in a drawing
            panel.height += AXIS_HEIGHT
        panel.config = chart.config
        drawn[str(name)] = panel.configure_legend(disable=True)
    return drawn


def legend(chart: alt.TopLevelMixin) -> list[Key]:
    """The colours and dashes of a chart whose colour scale has a domain and a range."""
    found: dict[str, dict[str, dict[str, Any]]] = {"color": {}, "strokeDash": {}}
    for encoding in _encodings(chart.to_dict()):
        for channel, looks in found.items():
            told = encoding.get(channel, {})
            scale = told.get("scale") or {}
            if told.get("legend", "") is not None and "domain" in scale and "range" in scale:
                looks |= dict(zip(map(str, scale["domain"]), scale["range"], strict=False))
    dashes = found["strokeDash"]
    return [Key(label, str(colour), tuple(dashes.get(label, ()))) for label, colour in found["color"].items()]


def _encodings(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield spec.get("encoding", {})
    for one in (*spec.get("layer", []), *([spec["spec"]] if "spec" in spec else [])):
        yield from _encodings(one)


def legend_html(keys: list[Key]) -> str:
    """A legend that wraps: a stroke for each, of its colour and with its dashes, and what it is."""
    item = "display:inline-flex;align-items:center;gap:8px"
    drawn = "".join(
        f'<span style="{item}"><i aria-hidden="true" style="{_stroke(key)}"></i>{escape(plain(key.label))}</span>'
        for key in keys
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:4px 20px;font-size:0.875rem">{drawn}</div>'


def _stroke(key: Key) -> str:
    """The style of a stroke: its colour, in the dashes of its first line and gap."""
    line, gap = key.dash[:2] if len(key.dash) > 1 else (1.0, 0.0)
    paint = escape(key.colour, quote=True)
    if gap:
        paint = f"repeating-linear-gradient(90deg,{paint} 0 {line}px,transparent {line}px {line + gap}px)"
    return f"display:inline-block;width:28px;height:4px;background:{paint}"
