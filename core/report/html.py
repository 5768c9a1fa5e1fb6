"""A report as one HTML file: charts, style and data inside, nothing loaded from anywhere.

The document is `templates/report.html`, its parts `templates/blocks.html`. Jinja escapes whatever they show; only the
style, which is ours, and the drawings, which the chart converter writes, go in as they are.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..measure.tabular import csv_text, json_text
from .answer import SOURCE
from .chart_table import chart_table
from .document import Block, Chart, Report, Table
from .loader_table import SMALL_MARK
from .svg import svg

TEMPLATES = Path(__file__).with_name("templates")
COLOURS = Path(__file__).with_name("colours.css")
"""Of reports, suites and slides: what each page's own style stands on."""

STYLE = Path(__file__).with_name("style.css")
CARDS = Path(__file__).with_name("cards.css")
"""Of tables where there is little room, in this page and in the app's."""

# What a page may do: show itself. Were anything in it to ask for something from elsewhere, the browser would refuse.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

NUMBER = re.compile(rf"[-+]?[\d.,]+( ?%| ?[kMGT]?B| s| ms| µs)?({SMALL_MARK})?$|^-$")


class Download(NamedTuple):
    """A file inside the page: its name, its contents as a `data:` address, and what it holds."""

    name: str
    address: str
    about: str


def html(report: Report) -> str:
    """The file's text."""
    evidence = report.evidence
    processor = evidence.machine.get("processor", "this machine")
    return (
        _environment()
        .get_template("report.html")
        .render(
            policy=POLICY,
            title=report.title,
            style=page_style(STYLE, CARDS),
            about=f"{evidence.images.name} on {processor}, {evidence.taken[:10]}",
            sections=report.sections,
            downloads=list(_downloads(report)),
        )
    )


def page_style(*files: Path) -> Markup:
    """The style of a page that leaves the app, as it is: the colours, and these files of ours."""
    return Markup("".join(file.read_text(encoding="utf-8") for file in (COLOURS, *files)))  # noqa: S704


def html_table(table: Table) -> str:
    """A table by itself, its text escaped; it wraps, and scrolls where even that is too wide."""
    return str(_environment().get_template("blocks.html").module.table(table))  # type: ignore[attr-defined]


def template_environment(*folders: Path) -> Environment:
    """Templates of these folders, and of the report; whatever they show is escaped."""
    return Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _environment() -> Environment:
    made = template_environment()
    made.filters |= {"kind": _kind, "source": _source, "drawing": _drawing, "behind": _behind, "numeric": _numeric}
    return made


def _kind(block: Block) -> str:
    return type(block).__name__


def _source(text: str) -> tuple[str, str]:
    """A sentence, and the records that it names at its end."""
    found = SOURCE.search(text)
    return SOURCE.sub("", text), found[1] if found else ""


def _drawing(chart: Chart) -> Markup:
    """A chart's SVG element without its first word: the template writes that, with what the chart shows."""
    return Markup(svg(chart.drawing).removeprefix("<svg "))  # noqa: S704  written by the chart converter, which escapes


def _behind(chart: Chart) -> Table:
    """The numbers of a chart."""
    return chart_table(chart.drawing, chart.shows)


def _numeric(table: Table) -> list[bool]:
    """Of each column whether all its cells are numbers."""
    return [all(NUMBER.match(str(row[at])) for row in table.rows) for at in range(len(table.columns))]


def _downloads(report: Report) -> Iterator[Download]:
    """The files inside the page."""
    name = report.evidence.images.name
    yield _download(f"{name}-report.json", json_text(report.data), "application/json", "the whole report")
    for table, rows in report.tables.items():
        shown = f"{len(rows):,} rows"
        yield _download(f"{name}-{table}.csv", "\ufeff" + csv_text(rows), "text/csv", shown)
        yield _download(f"{name}-{table}.json", json_text(list(rows)), "application/json", shown)


def _download(name: str, text: str, kind: str, about: str) -> Download:
    data = base64.b64encode(text.encode()).decode()
    return Download(name, f"data:{kind};charset=utf-8;base64,{data}", about)
