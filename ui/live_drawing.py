"""Pictures that move while something is measured, drawn as SVG by hand.

While the processors are being measured, drawing must cost next to nothing: a picture of this kind takes this server
half a millisecond and the browser a few, where a chart of Vega's takes each a hundred times that.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from ui.words import number_text, rounded

WIDTH = 1000
LABEL = 300
FIGURE = 110
ROW = 34
STRIP = 64

_TEXT = 'fill="currentColor" font-size="14" font-family="inherit"'


class Bar(NamedTuple):
    """One variant: the median of its `turns` so far with each turn as a dot, and `now`, its figure at this moment."""

    label: str
    colour: str
    turns: Sequence[float]
    now: float | None
    note: str = ""


class Strip(NamedTuple):
    """A line over time: (seconds, value) points, the last value in words."""

    title: str
    points: Sequence[tuple[float, float]]
    figure: str
    colour: str = "currentColor"


def bars(rows: Sequence[Bar], unit: str) -> str:
    """A bar a variant with its spread, all on one scale from zero."""
    top = max((value for row in rows for value in (*row.turns, row.now or 0.0)), default=0.0) * 1.08 or 1.0
    height = ROW * len(rows)
    drawn = "".join(_bar(row, number * ROW, top) for number, row in enumerate(rows))
    return _svg(height, drawn, f"{unit}: " + "; ".join(f"{row.label} {_figure(row)}" for row in rows))


def _bar(row: Bar, y: float, top: float) -> str:
    span = WIDTH - LABEL - FIGURE
    middle = y + ROW / 2
    shown = _middle(row.turns) if row.turns else row.now or 0.0
    length = max(span * shown / top, 1.0)
    weight = ' font-weight="600"' if row.now is not None else ""
    parts = [
        f'<text x="{LABEL - 12}" y="{middle + 5}" text-anchor="end" {_TEXT}{weight}>{escape(_cut(row.label))}</text>',
        f'<rect x="{LABEL}" y="{y + 7}" width="{length:.1f}" height="{ROW - 14}" rx="3" fill="{row.colour}" '
        f'opacity="{1 if row.turns else 0.45}"/>',
    ]
    if row.note:
        parts.append(f'<text x="{LABEL + 8}" y="{middle + 5}" {_TEXT} opacity="0.75">{escape(row.note)}</text>')
        return "".join(parts)
    at = [LABEL + span * turn / top for turn in row.turns]
    if len(at) > 1:
        parts.append(
            f'<line x1="{min(at):.1f}" x2="{max(at):.1f}" y1="{middle}" y2="{middle}" stroke="currentColor" '
            'stroke-width="2" opacity="0.8"/>'
        )
    parts += [f'<circle cx="{x:.1f}" cy="{middle}" r="3" fill="currentColor" opacity="0.8"/>' for x in at]
    if row.now is not None:
        x = LABEL + span * row.now / top
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y + 3}" y2="{y + ROW - 3}" stroke="{row.colour}" stroke-width="4"/>'
        )
    parts.append(f'<text x="{WIDTH}" y="{middle + 5}" text-anchor="end" {_TEXT}{weight}>{escape(_figure(row))}</text>')
    return "".join(parts)


def _figure(row: Bar) -> str:
    value = row.now if row.now is not None else _middle(row.turns) if row.turns else None
    return "" if value is None else number_text(rounded(value))


def strip(drawn: Strip, seconds: float) -> str:
    """A line over the last `seconds`, from zero to its highest point, with its title and its last figure above."""
    end = drawn.points[-1][0] if drawn.points else 0.0
    recent = [(at, value) for at, value in drawn.points if at >= end - seconds]
    top = max((value for _, value in recent), default=0.0) or 1.0
    start = recent[0][0] if recent else 0.0
    wide = max(end - start, 1e-9)
    path = " ".join(
        f"{1 + 318 * (at - start) / wide:.1f},{STRIP - 3 - (STRIP - 26) * value / top:.1f}"
        for at, value in recent
    )
    body = (
        f'<text x="0" y="13" {_TEXT} opacity="0.75">{escape(drawn.title)}</text>'
        f'<text x="320" y="13" text-anchor="end" {_TEXT} font-weight="600">{escape(drawn.figure)}</text>'
        f'<line x1="0" x2="320" y1="{STRIP - 2}" y2="{STRIP - 2}" stroke="currentColor" opacity="0.25"/>'
        f'<polyline points="{path}" fill="none" stroke="{drawn.colour}" stroke-width="2" stroke-linejoin="round"/>'
    )
    return _svg(STRIP, body, f"{drawn.title}: {drawn.figure}", width=320)


def side_by_side(pictures: Sequence[str]) -> str:
    """Pictures in as many columns as fit."""
    style = "display:grid;grid-template-columns:repeat(auto-fill,minmax(220px,1fr));gap:14px 28px"
    return f'<div style="{style}">{"".join(f"<div>{one}</div>" for one in pictures)}</div>'


def _svg(height: float, body: str, told: str, width: int = WIDTH) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height:g}" width="100%" role="img" aria-label="{escape(told, quote=True)}" '
        f'style="display:block;overflow:visible">{body}</svg>'
    )


def _cut(text: str) -> str:
    return text if len(text) <= 42 else text[:41] + "…"


def _middle(values: Sequence[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
