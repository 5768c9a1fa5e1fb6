"""The colours of the formats, the same in every chart, and what all charts have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from core.formats import FORMATS
from core.report.palette import (
    FIGURE_COLOUR,
    PALETTE,
    RIVAL,
    RIVAL_COLOUR,
    format_colour,
    format_title,
    row_colour,
    row_title,
)

if TYPE_CHECKING:
    import altair as alt

    ChartT = TypeVar("ChartT", alt.Chart, alt.LayerChart, alt.FacetChart)

__all__ = [
    "FIGURE_COLOUR",
    "PALETTE",
    "finish",
    "format_colour",
    "format_scale",
    "format_title",
    "row_colour",
    "row_title",
]

FONT_SIZE = 13

LEGEND_COLUMNS = "max(1, floor(width / 210))"
"""Vega's expression of how many entries of a legend stand in a row: as many as there is room for."""


def format_scale() -> alt.Scale:
    """The colour scale of every chart that has formats in it."""
    import altair as alt

    return alt.Scale(domain=[*map(format_title, FORMATS), RIVAL], range=[*map(format_colour, FORMATS), RIVAL_COLOUR])


def finish(chart: ChartT) -> ChartT:
    """The common look: legible labels, no frame, quiet grid."""
    import altair as alt

    return (
        chart.configure_view(strokeWidth=0)
        .configure_axis(labelFontSize=FONT_SIZE, titleFontSize=FONT_SIZE, labelLimit=260, titlePadding=8)
        .configure_legend(
            labelFontSize=FONT_SIZE,
            titleFontSize=FONT_SIZE,
            orient="top",
            title=None,
            columns=alt.ExprRef(LEGEND_COLUMNS),
        )
        .configure_header(labelFontSize=FONT_SIZE, titleFontSize=FONT_SIZE)
    )
