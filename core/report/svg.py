"""Charts as pictures: SVG whose inks are the page's own, so that one drawing serves light, dark and paper; and PNG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt

WIDTH = 720
SCALE = 2

INKS = {
    "#5c6878": "var(--quiet, #5c6878)",  # text and axes
    "#dde4ec": "var(--grid, #dde4ec)",
    "#7A8594": "var(--mark, #7A8594)",  # figures and whiskers, core.report.palette.FIGURE_COLOUR
}
"""A colour of the look below -> the page's ink for it. Where there is no page the colour itself is used."""

LOOK: dict[str, Any] = {
    "background": "transparent",
    "font": "sans-serif",
    "view": {"strokeWidth": 0},
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "labelColor": "#5c6878",
        "titleColor": "#5c6878",
        "domainColor": "#dde4ec",
        "tickColor": "#dde4ec",
        "gridColor": "#dde4ec",
    },
    "legend": {
        "orient": "top",
        "columnPadding": 26,  # whoever opens it may have a wider font than the one that it was laid out with
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": "#5c6878",
        "titleColor": "#5c6878",
        "symbolBaseFillColor": "#5c6878",
        "symbolBaseStrokeColor": "#5c6878",
    },
}


def svg(chart: alt.TopLevelMixin, width: int = WIDTH, most_height: int | None = None) -> str:
    """The chart as an SVG element for a page that has the inks, laid out for so many pixels; `most_height`: of the
    plot, where it would be higher. About 0.1 s."""
    import vl_convert

    drawn = str(
        vl_convert.vegalite_to_svg(_spec(chart, width, most_height), vl_version=_version(), allowed_base_urls=[])
    )
    for colour, ink in INKS.items():
        drawn = drawn.replace(f'"{colour}"', f'"{ink}"').replace(f'"{colour.lower()}"', f'"{ink}"')
    return drawn


def png(chart: alt.TopLevelMixin) -> bytes:
    """The chart as a PNG on white, two pixels for one."""
    import vl_convert

    spec = {**_spec(chart), "background": "#FFFFFF", "padding": 12}
    return bytes(vl_convert.vegalite_to_png(spec, vl_version=_version(), scale=SCALE, allowed_base_urls=[]))


def _spec(chart: alt.TopLevelMixin, width: int = WIDTH, most_height: int | None = None) -> dict[str, Any]:
    spec: dict[str, Any] = chart.to_dict()
    if spec.get("width") == "container":
        spec["width"] = width
    if most_height is not None and isinstance(spec.get("height"), int | float):
        spec["height"] = min(spec["height"], most_height)
    return {"padding": 8, **spec, "config": {**spec.get("config", {}), **LOOK}}


def _version() -> str:
    """The version of Vega-Lite that Altair writes, as the converter names it: "6.4"."""
    import altair as alt

    return ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
