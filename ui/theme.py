"""The colours of the formats, the same in every chart, and what all charts have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from core.formats import FORMATS

if TYPE_CHECKING:
    import altair as alt

    ChartT = TypeVar("ChartT", alt.Chart, alt.LayerChart, alt.FacetChart)

PALETTE = ("#C9761B", "#2F7DD1", "#1A9A74", "#BF4F8E", "#7B66CC", "#6C7A89")
"""Told apart with any common colour blindness; contrast of 3:1 and more on the light ground and on the dark."""

FIGURE_COLOUR = "#7A8594"
"""Of figures beside bars, and of whiskers: legible on both grounds."""

FONT_SIZE = 13


def format_colour(name: str) -> str:
    """The colour of a format, by its place in the table of formats."""
    names = list(FORMATS)
    return PALETTE[names.index(name) % len(PALETTE)] if name in names else PALETTE[-1]


def format_title(name: str) -> str:
    """What people call a format."""
    return FORMATS[name].title if name in FORMATS else name


def format_scale() -> alt.Scale:
    """The colour scale of every chart that has formats in it."""
    import altair as alt

    return alt.Scale(domain=[format_title(name) for name in FORMATS], range=[format_colour(name) for name in FORMATS])


def finish(chart: ChartT) -> ChartT:
    """The common look: legible labels, no frame, quiet grid."""
    return (
        chart.configure_view(strokeWidth=0)
        .configure_axis(labelFontSize=FONT_SIZE, titleFontSize=FONT_SIZE, labelLimit=260, titlePadding=8)
        .configure_legend(labelFontSize=FONT_SIZE, titleFontSize=FONT_SIZE, orient="top", title=None)
        .configure_header(labelFontSize=FONT_SIZE, titleFontSize=FONT_SIZE)
    )
