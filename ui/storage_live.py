"""A storage experiment while it runs: what is being done, and the lines as they grow.

Drawn as SVG by hand, since the processors that a chart of Vega's would take are the ones that are measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from statistics import median
from typing import Any, NamedTuple

import streamlit as st

from core.jobs import Job, State, Watch
from core.jobs.watch import Measured
from core.measure.storage.ways import TUTORIAL
from ui import state
from ui.job_panel import draw_cancel, watch
from ui.storage_words import OPERATIONS, operation_title, time_text, way_label
from ui.theme import format_colour
from ui.words import remaining_text, seconds_text

LIVE_SECONDS = 0.45
"""Between two pictures: more than two a second."""

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 480, 210, 52, 26, 26
_TEXT = 'fill="currentColor" font-size="13" font-family="inherit"'


class Point(NamedTuple):
    """One time at a number of images."""

    images: int
    seconds: float


class Line(NamedTuple):
    """A way in one operation: medians so far, and where it stands at this moment."""

    format: str
    variant: str
    points: Sequence[Point]
    now: Point | None


def draw_live(job: Job) -> None:
    """The experiment that runs, redrawn by itself until it ends."""
    st.fragment(_draw_running, run_every=LIVE_SECONDS)(job.id)


def _draw_running(job_id: str) -> None:
    job = state.jobs().get(job_id)
    seen = watch(job)
    with st.container(border=True):
        text, stop = st.columns([5, 1], vertical_alignment="center")
        with text:
            st.markdown(f"**{job.title}** :gray[· {_doing(job, seen)}]")
            st.progress(seen.fraction or 0.0)
            st.caption(_how_long(job, seen))
        with stop, st.container(horizontal_alignment="right"):
            draw_cancel(job)
        if seen.samples.get("time") or seen.samples.get("now"):
            st.html(pictures(seen))


def _doing(job: Job, seen: Watch) -> str:
    if job.state is State.WAITING:
        ahead = state.jobs().waits_for(job)
        return f"waits for {ahead[0].title}" if ahead else "starting"
    return seen.progress.stage if seen.progress is not None else "starting"


def _how_long(job: Job, seen: Watch) -> str:
    """What is done at this moment, and how long it will still take."""
    rest = remaining_text(seen.remaining()) if seen.progress and seen.progress.stage == "measuring" else ""
    return " · ".join(part for part in (_latest(seen), rest or f"running for {seconds_text(job.seconds)}") if part)


def _latest(seen: Watch) -> str:
    now = _now(seen)
    if now is None:
        return ""
    way, operation = way_label(now["format"], now["variant"]), operation_title(now["operation"]).lower()
    done, seconds = now["done"], now["seconds"]
    pace = f", {time_text(seconds / done)} each" if done else ""
    return f"{way}: {operation}, {done:,} of {now['samples']:,}{pace}"


def _now(seen: Watch) -> Mapping[str, Any] | None:
    """The last moment of what is still going on."""
    live, times = seen.samples.get("now", []), seen.samples.get("time", [])
    if not live or (times and times[-1].at > live[-1].at):
        return None
    return live[-1].values


def pictures(seen: Watch) -> str:
    """A panel for each of the four operations, log-log, all on one scale."""
    lines = {operation: _lines(operation, seen) for operation in OPERATIONS}
    points = [point for found in lines.values() for line in found for point in (*line.points, line.now) if point]
    ways = list(dict.fromkeys((line.format, line.variant) for found in lines.values() for line in found))
    panels = "".join(f"<div>{_panel(operation, found, points)}</div>" for operation, found in lines.items())
    grid = "display:grid;grid-template-columns:repeat(auto-fit,minmax(380px,1fr));gap:10px 24px"
    return f'{_legend(ways)}<div style="{grid}">{panels}</div>'


def _lines(operation: str, seen: Watch) -> list[Line]:
    """The ways that have begun with an operation."""
    times: dict[tuple[str, str], dict[int, list[float]]] = {}
    for sample in _of(operation, seen.samples.get("time", [])):
        values = sample.values
        way = times.setdefault((str(values["format"]), str(values["variant"])), {})
        way.setdefault(int(values["samples"]), []).append(float(values["seconds"]))
    now = _now(seen)
    at: dict[tuple[str, str], Point] = {}
    if now is not None and now["operation"] == operation and now["seconds"] > 0:
        at[now["format"], now["variant"]] = Point(now["samples"], now["seconds"])
    return [
        Line(*way, [Point(count, median(found)) for count, found in sorted(times.get(way, {}).items())], at.get(way))
        for way in dict.fromkeys((*times, *at))
    ]


def _of(operation: str, samples: Iterable[Measured]) -> Iterable[Measured]:
    return (sample for sample in samples if sample.values["operation"] == operation)


# ---------------------------------------------------------------- drawing


def _legend(ways: Sequence[tuple[str, str]]) -> str:
    entries = "".join(
        f'<span style="white-space:nowrap"><svg width="34" height="10" style="vertical-align:middle">'
        f'<line x1="0" x2="30" y1="5" y2="5" {_stroke(*way)}/></svg> {escape(way_label(*way))}</span>'
        for way in ways
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:4px 22px;font-size:14px;margin-bottom:8px">{entries}</div>'


def _stroke(format: str, variant: str) -> str:
    dash = ' stroke-dasharray="5 4"' if variant == TUTORIAL else ""
    return f'stroke="{format_colour(format)}" stroke-width="2.5"{dash}'


def _panel(operation: str, lines: Sequence[Line], every: Sequence[Point]) -> str:
    """One operation; `every` point of all panels gives the scale."""
    across = _decades([point.images for point in every] or [1], least=1)
    up = _decades([point.seconds for point in every] or [1e-3], least=2)

    def place(point: Point) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - 14) * _share(point.images, across)
        return x, HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * _share(point.seconds, up)

    parts = [f'<text x="{LEFT}" y="14" {_TEXT} font-weight="600">{escape(operation_title(operation))}</text>']
    for power in range(up[0], up[1] + 1):
        _, y = place(Point(10 ** across[0], 10.0**power))
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor" opacity="0.12"/>')
        parts.append(
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" {_TEXT} opacity="0.75">{_tick(power)}</text>'
        )
    for power in range(across[0], across[1] + 1):
        x, _ = place(Point(10**power, 10.0 ** up[0]))
        label = f"{10**power:,}" if power < 4 else f"{10 ** (power - 3):,}k"
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="middle" {_TEXT} opacity="0.75">{label}</text>')
    parts += [_drawn(line, place) for line in lines]
    told = escape(operation_title(operation), quote=True)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" role="img" aria-label="{told}">{"".join(parts)}</svg>'


def _drawn(line: Line, place: Any) -> str:
    stroke = _stroke(line.format, line.variant)
    at = [place(point) for point in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    parts = [f'<polyline points="{path}" fill="none" {stroke}/>']
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{format_colour(line.format)}"/>' for x, y in at]
    if line.now is not None:
        x, y = place(line.now)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="none" {stroke}/>')
    return "".join(parts)


def _decades(values: Sequence[float], least: int) -> tuple[int, int]:
    """The powers of ten around these values, `least` apart at least."""
    low = math.floor(math.log10(min(values)) + 1e-9)
    return low, max(math.ceil(math.log10(max(values)) - 1e-9), low + least)


def _share(value: float, decades: tuple[int, int]) -> float:
    return (math.log10(value) - decades[0]) / (decades[1] - decades[0])


def _tick(power: int) -> str:
    """A power of ten of seconds: "1 ms"."""
    for unit, down in (("s", 0), ("ms", -3), ("µs", -6)):
        if power >= down:
            return f"{10 ** (power - down):,} {unit}"
    return f"1e{power} s"
