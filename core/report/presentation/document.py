"""Slides as one HTML file: nothing in it is loaded from anywhere, and no script runs in it but ours.

The document is `slides.html`. Jinja escapes whatever it shows; only the style and the script, which are ours, and the
drawings, which the chart converter writes, go in as they are. Without the script all slides stand below each other,
and on paper each has a page.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from ..document import Chart, Report
from ..html import page_style, template_environment
from ..svg import svg
from .slides import Slide

HERE = Path(__file__).parent
STYLE = HERE / "slides.css"
CHART_WIDTH, CHART_HEIGHT = 560, 260
"""Pixels. Charts are laid out smaller than in a report, so that their letters are larger on the same screen."""


def presentation(report: Report, slides: Sequence[Slide]) -> str:
    """The file's text."""
    return (
        _environment()
        .get_template("slides.html")
        .render(title=report.title, policy=policy(), style=page_style(STYLE), script=_own("slides.js"), slides=slides)
    )


@cache
def policy() -> str:
    """What the page may do: show itself and run its own script, known by its SHA-256 (CSP level 2, `script-src`)."""
    digest = hashlib.sha256(_own("slides.js").encode()).digest()
    allowed = f"'sha256-{base64.b64encode(digest).decode()}'"
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {allowed}"


@cache
def _own(name: str) -> Markup:
    """A file of ours, as it is."""
    return Markup((HERE / name).read_text(encoding="utf-8"))  # noqa: S704


@cache
def _environment() -> Environment:
    made = template_environment(HERE)
    made.filters["drawing"] = _drawing
    return made


def _drawing(chart: Chart) -> Markup:
    """The chart's SVG element without its first word: the template writes that, with what the chart shows."""
    return Markup(svg(chart.drawing, CHART_WIDTH, CHART_HEIGHT).removeprefix("<svg "))  # noqa: S704  written by the converter
