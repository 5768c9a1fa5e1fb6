"""HTML that a notebook shows for an object (`_repr_html_`): no script, nothing loaded from elsewhere, all text escaped.

Notebooks sanitise what they are not sure of; plain elements with inline styles are what is left in all of them.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .printable import printable

BAR = "#2F7DD1"


class DisplayedPicture(NamedTuple):
    """An image as a `data:` address, and what stands below it."""

    address: str
    caption: str


class DisplayedBar(NamedTuple):
    """A bar of a chart: its name, its length, its spread, and the figure as text."""

    name: str
    value: float
    low: float
    high: float
    figure: str


def displayed(title: str, facts: Mapping[str, object], *parts: str) -> str:
    """A heading, facts in one line, and parts of the functions below."""
    told = " · ".join(f"{_safe(name)}: {_safe(value)}" for name, value in facts.items())
    return f'<div><b>{_safe(title)}</b><div style="opacity:.75">{told}</div>{"".join(parts)}</div>'


def pictures(shown: Iterable[DisplayedPicture], edge: int = 72) -> str:
    """Images in rows, `edge` pixels wide and high, each with its caption below it, read aloud as alternative text."""
    cells = "".join(
        f'<figure style="margin:0;width:{edge}px"><img src="{_safe(one.address)}" alt="{_safe(one.caption)}" '
        f'style="width:{edge}px;height:{edge}px;object-fit:contain;image-rendering:pixelated">'
        f'<figcaption aria-hidden="true" style="font-size:.75em;overflow-wrap:anywhere">{_safe(one.caption)}'
        "</figcaption></figure>"
        for one in shown
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:8px;margin-top:6px">{cells}</div>'


def bars(rows: Iterable[DisplayedBar], what: str) -> str:
    """A bar chart as a table, so that it is read aloud as one. `what`: of what the figures are."""
    shown = list(rows)
    most = max((row.high for row in shown), default=0.0) or 1.0
    lines = "".join(
        f'<tr><th style="text-align:left;font-weight:normal">{_safe(row.name)}</th>'
        f'<td style="width:24em"><div style="position:relative;height:1.1em">'
        f'<div style="position:absolute;inset:0 auto 0 0;width:{100 * row.value / most:.2f}%;background:{BAR}"></div>'
        f'<div style="position:absolute;top:45%;height:2px;background:currentColor;opacity:.6;'
        f'left:{100 * row.low / most:.2f}%;width:{100 * (row.high - row.low) / most:.2f}%"></div></div></td>'
        f'<td style="text-align:right">{_safe(row.figure)}</td></tr>'
        for row in shown
    )
    return f'<table style="margin-top:6px"><caption style="text-align:left">{_safe(what)}</caption>{lines}</table>'


def _safe(text: object) -> str:
    return html.escape(printable(str(text)), quote=True)
