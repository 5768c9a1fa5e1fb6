"""A report as one HTML file: charts, style and data inside, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from ..measure.tabular import csv_text, json_text
from .answer import SOURCE
from .document import Block, Chart, Code, Points, Report, Section, Table, Text
from .svg import svg

STYLE = Path(__file__).with_name("style.css")

# What a page may do: show itself. Were anything in it to ask for something from elsewhere, the browser would refuse.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p class="small">{about}</p>
<nav>{links}</nav>
</header>
<main>
{body}
</main>
<footer class="downloads">
<h2 id="data">The data</h2>
<p>Everything behind this report, as it was measured; the files are inside this page.</p>
<ul>
{downloads}
</ul>
</footer>
</body>
</html>
"""

NUMBER = re.compile(r"[-+]?[\d.,]+( ?%| ?[kMGT]?B| s| ms)?$|^-$")


def html(report: Report) -> str:
    """The file's text."""
    evidence = report.evidence
    about = f"{evidence.images.name} on {evidence.machine.get('processor', 'this machine')}, {evidence.taken[:10]}"
    links = [f'<a href="#{section.name}">{escape(section.title)}</a>' for section in report.sections]
    return PAGE.format(
        policy=escape(POLICY),
        title=escape(report.title),
        style=STYLE.read_text(encoding="utf-8"),
        about=escape(f"Measured with Format Matters: {about}."),
        links="\n".join([*links, '<a href="#data">The data</a>']),
        body="\n".join(map(_section, report.sections)),
        downloads="\n".join(_downloads(report)),
    )


def _section(section: Section) -> str:
    blocks = "\n".join(map(_block, section.blocks))
    return f'<section id="{section.name}">\n<h2>{escape(section.title)}</h2>\n{blocks}\n</section>'


def _block(block: Block) -> str:
    if isinstance(block, Text):
        return f'<p class="{block.tone}">{escape(block.text)}</p>' if block.tone else f"<p>{escape(block.text)}</p>"
    if isinstance(block, Points):
        return "<ul>\n" + "\n".join(map(_point, block.texts)) + "\n</ul>"
    if isinstance(block, Chart):
        return _figure(block)
    if isinstance(block, Table):
        return _table(block)
    assert isinstance(block, Code)
    return f'<pre><code class="language-{block.language}">{escape(block.text.rstrip())}</code></pre>'


def _point(text: str) -> str:
    """A sentence; the records that it names at its end stand back."""
    said = SOURCE.sub("", text)
    source = SOURCE.search(text)
    beside = f' <span class="source">{escape(source[1])}</span>' if source else ""
    return f"<li>{escape(said)}{beside}</li>"


def _figure(chart: Chart) -> str:
    drawn = svg(chart.drawing).replace("<svg ", f'<svg role="img" aria-label="{escape(chart.shows)}" ', 1)
    return f'<figure id="{chart.name}">\n<figcaption>{escape(chart.sentence)}</figcaption>\n{drawn}\n</figure>'


def html_table(table: Table) -> str:
    """A table by itself, its text escaped; it wraps, and scrolls where even that is too wide."""
    numeric = [all(NUMBER.match(str(row[at])) for row in table.rows) for at in range(len(table.columns))]
    head = "".join(_cell("th", name, numeric[at]) for at, name in enumerate(table.columns))
    body = "\n".join(
        "<tr>" + "".join(_cell("td", cell, numeric[at]) for at, cell in enumerate(row)) + "</tr>" for row in table.rows
    )
    header = f"<thead><tr>{head}</tr></thead>" if any(table.columns) else ""
    return f'<div class="wide"><table>{header}<tbody>\n{body}\n</tbody></table></div>'


def _table(table: Table) -> str:
    caption = "" if table.folded else f"<caption>{escape(table.title)}</caption>"
    drawn = html_table(table).replace("<table>", f"<table>{caption}", 1)
    return f"<details><summary>{escape(table.title)}</summary>{drawn}</details>" if table.folded else drawn


def _cell(tag: str, text: str, number: bool) -> str:
    return f'<{tag} class="number">{escape(str(text))}</{tag}>' if number else f"<{tag}>{escape(str(text))}</{tag}>"


def _downloads(report: Report) -> Iterator[str]:
    """Links that hold their files."""
    name = report.evidence.images.name
    yield _download(f"{name}-report.json", json_text(report.data), "application/json", "the whole report")
    for table, rows in report.tables.items():
        shown = f"{len(rows):,} rows"
        yield _download(f"{name}-{table}.csv", "\ufeff" + csv_text(rows), "text/csv", shown)
        yield _download(f"{name}-{table}.json", json_text(list(rows)), "application/json", shown)


def _download(name: str, text: str, kind: str, shown: str) -> str:
    data = base64.b64encode(text.encode()).decode()
    link = f'<a download="{escape(name)}" href="data:{kind};charset=utf-8;base64,{data}">{escape(name)}</a>'
    return f'<li>{link} <span class="source">({escape(shown)})</span></li>'
