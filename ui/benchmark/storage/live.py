"""A storage experiment while it runs: what is being done, and the lines as they grow.

Drawn with HTML boxes alone, since the processors that a chart of Vega's would take are the ones that are measured. A
line is a box of no height with a border on top, turned to where it leads.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from core.jobs import Job, Watch
from core.jobs.watch import Measured
from core.measure.storage.methods import TUTORIAL
from ui.benchmark.storage.labels import OPERATIONS, operation_title, time_text
from ui.shared.labels import remaining_text, seconds_text
from ui.shared.live.machine import machine
from ui.shared.stores import store_name
from ui.shared.theme import format_colour

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 450, 212, 58, 16, 26, 28
"""Of a panel, in pixels."""

DOT, RING = 7, 13


class Point(NamedTuple):
    """One time at a number of images."""

    images: int
    seconds: float


class GrowthLine(NamedTuple):
    """A method in one operation: medians so far, and where it stands at this moment."""

    format: str
    variant: str
    points: Sequence[Point]
    now: Point | None


def detail(job: Job, seen: Watch) -> str:
    """What is done at this moment, and how long it will still take."""
    rest = remaining_text(seen.remaining()) if seen.progress and seen.progress.stage == "measuring" else ""
    return " · ".join(part for part in (_latest(seen), rest or f"running for {seconds_text(job.seconds)}") if part)


def _latest(seen: Watch) -> str:
    now = _now(seen)
    if now is None:
        return ""
    method, operation = store_name(now["format"], now["variant"]), operation_title(now["operation"]).lower()
    done, seconds = now["done"], now["seconds"]
    pace = f", {time_text(seconds / done)} each" if done else ""
    return f"{method}: {operation}, {done:,} of {now['samples']:,}{pace}"


def _now(seen: Watch) -> Mapping[str, Any] | None:
    """The last moment of what is still going on."""
    live, times = seen.samples.get("now", []), seen.samples.get("time", [])
    if not live or (times and times[-1].at > live[-1].at):
        return None
    return live[-1].values


def picture(seen: Watch) -> str:
    """A panel for each of the four operations, log-log, all on one scale."""
    if not (seen.samples.get("time") or seen.samples.get("now")):
        return ""
    lines = {operation: _lines(operation, seen) for operation in OPERATIONS}
    points = [point for found in lines.values() for line in found for point in (*line.points, line.now) if point]
    methods = list(dict.fromkeys((line.format, line.variant) for found in lines.values() for line in found))
    panels = "".join(_panel(operation, found, points) for operation, found in lines.items())
    grid = "display:flex;flex-wrap:wrap;gap:14px 20px;font-size:0.82rem"
    return f'{_legend(methods)}<div style="{grid}">{panels}</div>' + machine(seen)


def _lines(operation: str, seen: Watch) -> list[GrowthLine]:
    """The methods that have begun with an operation."""
    times: dict[tuple[str, str], dict[int, list[float]]] = {}
    for sample in _of(operation, seen.samples.get("time", [])):
        values = sample.values
        method = times.setdefault((str(values["format"]), str(values["variant"])), {})
        method.setdefault(int(values["samples"]), []).append(float(values["seconds"]))
    now = _now(seen)
    at: dict[tuple[str, str], Point] = {}
    if now is not None and now["operation"] == operation and now["seconds"] > 0:
        at[now["format"], now["variant"]] = Point(now["samples"], now["seconds"])
    medians = {
        method: [Point(count, median(found)) for count, found in sorted(by_count.items())]
        for method, by_count in times.items()
    }
    return [GrowthLine(*method, medians.get(method, []), at.get(method)) for method in dict.fromkeys((*times, *at))]


def _of(operation: str, samples: Iterable[Measured]) -> Iterable[Measured]:
    return (sample for sample in samples if sample.values["operation"] == operation)


# ---------------------------------------------------------------- drawing


def _legend(methods: Sequence[tuple[str, str]]) -> str:
    entries = "".join(
        f'<span style="white-space:nowrap"><span style="display:inline-block;width:30px;vertical-align:middle;'
        f'{_border(*method)}"></span> {escape(store_name(*method))}</span>'
        for method in methods
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:4px 22px;font-size:0.9rem;margin-bottom:10px">{entries}</div>'


def _border(format: str, variant: str) -> str:
    """How a method's line is drawn: in its format's colour, dashed where it is the tutorial's code."""
    return f"border-top:2.5px {'dashed' if variant == TUTORIAL else 'solid'} {format_colour(format)}"


def _panel(operation: str, lines: Sequence[GrowthLine], every: Sequence[Point]) -> str:
    """One operation; `every` point of all panels gives the scale."""
    axes = Axes.around(every)
    title = escape(operation_title(operation))
    parts = [_text(title, LEFT, 0, "font-weight:600"), *_grid(axes), *(_drawn(line, axes) for line in lines)]
    style = f"position:relative;width:{WIDTH}px;height:{HEIGHT}px"
    return f'<div role="img" aria-label="{title}" style="{style}">{"".join(parts)}</div>'


class Axes(NamedTuple):
    """Powers of ten, from and to, across (images) and up (seconds)."""

    across: tuple[int, int]
    up: tuple[int, int]

    @classmethod
    def around(cls, points: Sequence[Point]) -> Axes:
        return cls(
            _decades([point.images for point in points] or [1], least=1),
            _decades([point.seconds for point in points] or [1e-3], least=2),
        )

    def place(self, images: float, seconds: float) -> tuple[float, float]:
        """Pixels from the panel's left and top."""
        x = LEFT + (WIDTH - LEFT - RIGHT) * _share(images, self.across)
        return x, HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * _share(seconds, self.up)


def _grid(axes: Axes) -> list[str]:
    left, bottom = 10.0 ** axes.across[0], 10.0 ** axes.up[0]
    parts = []
    for power in range(axes.up[0], axes.up[1] + 1):
        _, y = axes.place(left, 10.0**power)
        parts.append(_box(f"left:{LEFT}px;top:{y:.1f}px;right:0;height:1px;background:currentColor;opacity:0.12"))
        parts.append(_text(_tick(power), 0, y - 9, f"width:{LEFT - 8}px;text-align:right;opacity:0.75"))
    for power in range(axes.across[0], axes.across[1] + 1):
        x, _ = axes.place(10.0**power, bottom)
        label = f"{10**power:,}" if power < 4 else f"{10 ** (power - 3):,}k"
        parts.append(_text(label, x - 30, HEIGHT - 22, "width:60px;text-align:center;opacity:0.75"))
    return parts


def _drawn(line: GrowthLine, axes: Axes) -> str:
    colour = format_colour(line.format)
    at = [axes.place(*point) for point in line.points]
    parts = [_segment(*pair, _border(line.format, line.variant)) for pair in pairwise(at)]
    parts += [_dot(x, y, DOT, f"background:{colour}") for x, y in at]
    if line.now is not None:
        parts.append(_dot(*axes.place(*line.now), RING, f"border:2.5px solid {colour};box-sizing:border-box"))
    return "".join(parts)


def _segment(start: tuple[float, float], end: tuple[float, float], border: str) -> str:
    across, down = end[0] - start[0], end[1] - start[1]
    turned = f"transform:rotate({math.degrees(math.atan2(down, across)):.2f}deg);transform-origin:0 0"
    return _box(f"left:{start[0]:.1f}px;top:{start[1]:.1f}px;width:{math.hypot(across, down):.1f}px;{border};{turned}")


def _dot(x: float, y: float, size: int, look: str) -> str:
    corner = f"left:{x - size / 2:.1f}px;top:{y - size / 2:.1f}px"
    return _box(f"{corner};width:{size}px;height:{size}px;border-radius:50%;{look}")


def _text(text: str, x: float, y: float, look: str) -> str:
    return f'<div style="position:absolute;left:{x:.1f}px;top:{y:.1f}px;white-space:nowrap;{look}">{text}</div>'


def _box(style: str) -> str:
    return f'<div style="position:absolute;{style}"></div>'


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
