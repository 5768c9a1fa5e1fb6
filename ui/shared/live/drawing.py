"""Pictures that move while something is measured, drawn with HTML boxes alone.

While the processors are being measured, drawing must cost next to nothing: a picture of this kind takes the server
about a millisecond and the browser a few, where a chart of Vega's takes each many times that. Boxes and their clip
paths take the page's own font and colours.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from ui.shared.labels import number_text, rounded
from ui.shared.theme import PALETTE

DOT = 7
"""Pixels of a repeat's dot."""

_INK = "background:currentColor"
_SMALL = "font-size:0.875rem"


class Bar(NamedTuple):
    """One variant: its `repeats` so far, `now`, its figure at this moment, and a `note` where it has none."""

    label: str
    colour: str
    repeats: Sequence[float]
    now: float | None = None
    note: str = ""


class Strip(NamedTuple):
    """Something over time: (seconds, value) points, and the last value in words."""

    title: str
    points: Sequence[tuple[float, float]]
    figure: str
    colour: str


def bars(rows: Sequence[Bar], unit: str) -> str:
    """One bar per variant on one scale from zero: up to the median of its repeats, a line over their spread, one dot
    per repeat, and an upright mark for this moment's figure."""
    top = max((value for row in rows for value in (*row.repeats, row.now or 0.0)), default=0.0) * 1.05 or 1.0
    told = f"{unit}: " + "; ".join(f"{row.label} {figure(row)}" for row in rows)
    style = f"display:grid;grid-template-columns:max-content 1fr max-content;gap:10px 14px;align-items:center;{_SMALL}"
    return (
        f'<div role="img" aria-label="{escape(told)}" style="{style}">{"".join(_row(row, top) for row in rows)}</div>'
    )


def figure(row: Bar) -> str:
    """The figure at the end of a bar: this moment's, or the median of its repeats."""
    shown = _shown(row)
    return "" if shown is None else number_text(rounded(shown))


def _shown(row: Bar) -> float | None:
    if row.note:
        return None
    return row.now if row.now is not None else statistics.median(row.repeats) if row.repeats else None


def _row(row: Bar, top: float) -> str:
    weight = ";font-weight:600" if row.now is not None else ""
    track = _note(row) if row.note else _track(row, top)
    return (
        f'<div style="text-align:right{weight}">{escape(row.label)}</div>'
        f'<div style="position:relative;height:22px">{track}</div>'
        f'<div style="text-align:right;min-width:5.5em;font-variant-numeric:tabular-nums{weight}">{figure(row)}</div>'
    )


def _note(row: Bar) -> str:
    style = "position:absolute;inset:0;overflow:hidden;white-space:nowrap;text-overflow:ellipsis;opacity:0.75"
    return f'<div style="{style}" title="{escape(row.note)}">{escape(row.note)}</div>'


def _track(row: Bar, top: float) -> str:
    """The bar, faint until a repeat has ended, the spread of the repeats, and where it is now."""
    end = statistics.median(row.repeats) if row.repeats else row.now or 0.0
    faint = "" if row.repeats else ";opacity:0.4"
    parts = [
        _box(f"left:0;top:2px;bottom:2px;width:{_percent(end, top)};background:{row.colour};border-radius:3px{faint}")
    ]
    if len(row.repeats) > 1:
        low, high = min(row.repeats), max(row.repeats)
        parts.append(_box(f"left:{_percent(low, top)};width:{_percent(high - low, top)};top:10px;height:2px;{_INK}"))
    for repeat in row.repeats:
        place = f"left:calc({_percent(repeat, top)} - {DOT / 2}px);top:{11 - DOT / 2}px;width:{DOT}px;height:{DOT}px"
        parts.append(_box(f"{place};border-radius:50%;{_INK};opacity:0.8"))
    if row.now is not None:
        parts.append(_box(f"left:{_percent(row.now, top)};top:-2px;bottom:-2px;width:3px;{_INK}"))
    return "".join(parts)


def strip(drawn: Strip, seconds: float) -> str:
    """The last `seconds` as an area from zero to the highest point, with its title and its last figure above."""
    heading = "display:flex;justify-content:space-between;gap:8px;white-space:nowrap"
    area = f"height:44px;background:{drawn.colour};clip-path:polygon({_outline(drawn.points, seconds)})"
    return (
        f'<div role="img" aria-label="{escape(f"{drawn.title}: {drawn.figure}")}" style="{_SMALL}">'
        f'<div style="{heading}"><span style="opacity:0.75">{escape(drawn.title)}</span>'
        f'<span style="font-weight:600;font-variant-numeric:tabular-nums">{escape(drawn.figure)}</span></div>'
        f'<div style="{area}"></div><div style="height:1px;{_INK};opacity:0.3"></div></div>'
    )


def _outline(points: Sequence[tuple[float, float]], seconds: float) -> str:
    """The corners of the area, as CSS wants them; the newest point is at the right edge."""
    end = points[-1][0] if points else 0.0
    recent = [(at, value) for at, value in points if at >= end - seconds]
    top = max((value for _, value in recent), default=0.0) * 1.05 or 1.0
    start = recent[0][0] if recent else 0.0
    wide = (end - start) or 1.0
    line = [f"{100 * (at - start) / wide:.2f}% {100 - max(100 * value / top, 2):.2f}%" for at, value in recent]
    return ",".join(["0% 100%", *line, "100% 100%"])


def progress(heading: str, stage: str, fraction: float, detail: str) -> str:
    """What runs, at which stage, how far as a bar, and what is known of pace and time left."""
    return (
        f'<div><b>{escape(heading)}</b> <span style="opacity:0.7">· {escape(stage)}</span></div>'
        f'{progress_bar(fraction)}<div style="margin-bottom:16px">{small(detail)}</div>'
    )


def progress_bar(fraction: float) -> str:
    """How far it is, of 1."""
    track = "height:8px;border-radius:4px;background:color-mix(in srgb,currentColor 15%,transparent);margin:8px 0"
    done = f"width:{_percent(fraction, 1.0)};height:100%;border-radius:4px;background:{PALETTE[1]}"
    return (
        f'<div role="progressbar" aria-valuenow="{100 * fraction:.0f}" style="{track}"><div style="{done}"></div></div>'
    )


def small(text: str) -> str:
    """A line in small letters."""
    return f'<div style="{_SMALL};opacity:0.7">{escape(text)}</div>'


def waiting(heading: str, why: str) -> str:
    """A job that has not begun."""
    return f'<div><b>{escape(heading)}</b> <span style="opacity:0.7">· {escape(why)}</span></div>'


def side_by_side(pictures: Sequence[str], *, wide: bool = False) -> str:
    """Pictures in as many columns as fit."""
    least = 400 if wide else 160
    style = f"display:grid;grid-template-columns:repeat(auto-fill,minmax({least}px,1fr));gap:16px 24px;margin-top:28px"
    return f'<div style="{style}">{"".join(pictures)}</div>'


def _box(style: str) -> str:
    return f'<div style="position:absolute;{style}"></div>'


def _percent(value: float, top: float) -> str:
    return f"{100 * value / top:.2f}%"
