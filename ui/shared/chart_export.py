"""Taking a chart away: its numbers as CSV or JSON, itself as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.base.names import safe_name
from core.measure.tabular import csv_text, json_text

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

    Rows = Sequence[Mapping[str, Any]] | pd.DataFrame

WIDTH = 900
"""Of a picture whose chart takes the page's width, in pixels before scaling."""

SCALE = 2
"""Pixels of a PNG for each of the chart's, so that it is sharp on paper and on a projector."""

GROUND = "#FFFFFF"
"""Pictures go into documents, and those are white whatever the page's light."""


def download_row(chart: alt.TopLevelMixin | None, rows: Rows, name: str) -> None:
    """The buttons of `download_buttons` in a row of their own."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        download_buttons(chart, rows, name)


def download_buttons(chart: alt.TopLevelMixin | None, rows: Rows, name: str) -> None:
    """CSV and JSON of `rows`, PNG and SVG of `chart` (None: only its numbers), one beside the other.

    `name` is the files' name, and has to differ between the charts of a page. Each file is made when it is asked for.
    """
    file = safe_name(name)
    st.caption(":material/download:", width="content")
    _button("CSV", partial(_csv, rows), file, "text/csv")
    _button("JSON", partial(_json, rows), file, "application/json")
    if chart is not None and can_picture():
        _button("PNG", partial(png, chart), file, "image/png")
        _button("SVG", partial(svg, chart), file, "image/svg+xml")


def can_picture() -> bool:
    """Whether what makes pictures of charts is installed."""
    return find_spec("vl_convert") is not None


def png(chart: alt.TopLevelMixin) -> bytes:
    """The chart as a PNG on white, about 0.3 s."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(_printed(chart), vl_version=_version(), scale=SCALE, allowed_base_urls=[]))


def svg(chart: alt.TopLevelMixin) -> bytes:
    """The chart as an SVG on white; its text stays text."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(_printed(chart), vl_version=_version(), allowed_base_urls=[])).encode()


def _button(kind: str, make: Any, file: str, mime: str) -> None:
    st.download_button(
        kind,
        make,
        f"{file}.{kind.lower()}",
        mime,
        key=f"download.{file}.{kind}",
        on_click="ignore",
        type="tertiary",
        help=HELP[kind],
    )


HELP = {
    "CSV": "The numbers of this chart, for spreadsheets.",
    "JSON": "The numbers of this chart, for programs.",
    "PNG": "The chart as an image, sharp enough for print.",
    "SVG": "The chart as a vector image.",
}


def _csv(rows: Rows) -> bytes:
    # Spreadsheets take UTF-8 for what it is only where a byte order mark says so.
    return csv_text(_records(rows)).encode("utf-8-sig")


def _json(rows: Rows) -> bytes:
    return json_text(_records(rows)).encode()


def _records(rows: Rows) -> Sequence[Mapping[str, Any]]:
    return rows if isinstance(rows, Sequence) else rows.to_dict("records")


def _printed(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """The chart's specification as it is drawn outside of the page, which would give it a width and a ground."""
    spec: dict[str, Any] = chart.to_dict()
    if spec.get("width", "container") == "container" and ("mark" in spec or "layer" in spec):
        spec["width"] = WIDTH
    return {"background": GROUND, "padding": 16, **spec}


def _version() -> str:
    """The version of Vega-Lite that Altair writes, as the converter names it: "6.4"."""
    import altair as alt

    return ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
