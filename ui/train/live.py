"""A training while it runs: losses and accuracies as they come, and what a step waits and computes, store by store."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from statistics import fmean
from typing import Any, NamedTuple

from core.jobs import Watch
from core.jobs.watch import Measured
from core.training.results import RunKey
from ui.shared.labels import speed_text
from ui.shared.live.drawing import Bar, Strip, bars, side_by_side, small
from ui.shared.live.machine import machine
from ui.shared.theme import FIGURE_COLOUR, PALETTE, format_colour
from ui.train.charts import COMPUTING, TIME_COLOURS, WAITING
from ui.train.labels import run_colours, run_label

MOST_POINTS = 240
MOST_BARS = 16
RECENT = 20
"""Reports, about five seconds, that the bars of a step's time are the mean of."""

WIDTH, HEIGHT = 520, 210
BARS, LABEL, FIGURE, ROW = 1080, 220, 110, 26

_TEXT = f'fill="{FIGURE_COLOUR}" font-size="13" font-family="system-ui, sans-serif"'
"""An image knows nothing of the page's colours: one that is legible on both grounds."""


class LearningCurve(NamedTuple):
    """Points (x, y) of one run; `dashed` for what is not the main thing."""

    colour: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False


def picture(seen: Watch) -> str:
    """Losses and accuracies as lines, a step's time as bars, and the machine."""
    steps, epochs = seen.samples.get("step", []), seen.samples.get("epoch", [])
    if not steps:
        return small(seen.messages[-1].text if seen.messages else "Comparing the first batches with the stores…")
    runs = [_key(one.values) for one in seen.samples.get("lane", [])]
    labels = {run: run_label(*run, runs) for run in runs}
    colours = dict(zip(runs, run_colours(runs), strict=True))
    losses = lines("Loss per step", _losses(steps, colours))
    accuracies = _accuracies(epochs, steps, colours)
    new = lines("Validation accuracy (dashed: training)", accuracies, (0.0, 1.0))
    times = time_bars([(label, latest) for run, label in labels.items() if (latest := _latest(steps, run))])
    key = legend([(labels[run], colour) for run, colour in colours.items()])
    return key + side_by_side([losses, new], wide=True) + times + _machine(steps, seen)


def scaling_picture(seen: Watch) -> str:
    """One bar per configuration, and the machine."""
    turns, steps = seen.samples.get("repeat", []), seen.samples.get("step", [])
    found: dict[str, list[float]] = {}
    colours: dict[str, str] = {}
    for one in turns or steps:
        name = f"{one.values['store']}, {one.values['configuration']}"
        colours[name] = format_colour(str(one.values["format"]))
        found.setdefault(name, []).append(float(one.values["samples_per_s"]))
    if not found:
        return small("Opening the first store…")
    rows = [Bar(name, colours[name], speeds, None) for name, speeds in found.items()]
    return bars(rows[-MOST_BARS:], "images per second") + (_machine(steps, seen) if steps else "")


def _machine(steps: Sequence[Measured], seen: Watch) -> str:
    """Speed, what is waited, and the machine."""
    speeds = [(one.at, float(one.values["samples_per_s"])) for one in steps]
    shares = [(one.at, 100 * float(one.values["wait_share"])) for one in steps]
    return machine(
        seen,
        Strip("Speed", speeds, speed_text(speeds[-1][1]), PALETTE[1]),
        Strip("Waiting for data", shares, f"{shares[-1][1]:.1f}%", TIME_COLOURS[WAITING]),
    )


# ---------------------------------------------------------------- what is drawn


def _losses(steps: Sequence[Measured], colours: Mapping[RunKey, str]) -> list[LearningCurve]:
    points: dict[RunKey, list[tuple[float, float]]] = {}
    for one in steps:
        values = one.values
        if values["loss"] is not None:  # a training that diverges has losses that are no numbers
            points.setdefault(_key(values), []).append((float(values["seen"]), float(values["loss"])))
    return [LearningCurve(colours[run], _thinned(many)) for run, many in points.items() if run in colours]


def _accuracies(
    epochs: Sequence[Measured], steps: Sequence[Measured], colours: Mapping[RunKey, str]
) -> list[LearningCurve]:
    learning: dict[RunKey, list[tuple[float, float]]] = {}
    new: dict[RunKey, list[tuple[float, float]]] = {}
    for one in steps:
        learning.setdefault(_key(one.values), []).append((float(one.values["seen"]), float(one.values["accuracy"])))
    for one in epochs:
        new.setdefault(_key(one.values), []).append((float(one.values["epoch"]), float(one.values["val_accuracy"])))
    dashed = [LearningCurve(colours[run], _thinned(many), True) for run, many in learning.items() if run in colours]
    return [*dashed, *(LearningCurve(colours[run], many) for run, many in new.items() if run in colours)]


def _key(values: Mapping[str, Any]) -> RunKey:
    return str(values["store"]), str(values["order"])


def _latest(steps: Sequence[Measured], run: RunKey) -> tuple[float, float] | None:
    """Milliseconds that a step of this run waits and computes, of its last reports together; None before the first."""
    recent = [one.values for one in steps if _key(one.values) == run][-RECENT:]
    if not recent:
        return None
    return fmean(float(one["wait_ms"]) for one in recent), fmean(float(one["compute_ms"]) for one in recent)


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return points[:: max(len(points) // MOST_POINTS, 1)]


# ---------------------------------------------------------------- drawn by hand, so that drawing costs next to nothing


def legend(entries: Sequence[tuple[str, str]]) -> str:
    """Names with their colours."""
    parts = [
        f'<span style="white-space:nowrap"><span style="display:inline-block;width:14px;height:4px;border-radius:2px;'
        f'margin-right:6px;vertical-align:middle;background:{colour}"></span>{escape(label)}</span>'
        for label, colour in entries
    ]
    return f'<div style="display:flex;flex-wrap:wrap;gap:4px 20px;font-size:14px">{"".join(parts)}</div>'


def lines(title: str, drawn: Sequence[LearningCurve], scale: tuple[float, float] | None = None) -> str:
    """Lines over epochs, of shares from 0 to 1 where that is the `scale`, else between the lowest and highest point."""
    points = [point for line in drawn for point in line.points]
    right = max((x for x, _ in points), default=0.0) or 1.0
    heights = [y for _, y in points] or [0.0, 1.0]
    low, top = scale or (min(heights), max(heights))
    body = [f'<text x="0" y="13" {_TEXT} font-weight="600">{escape(title)}</text>']
    for value in (low, (low + top) / 2, top):
        y = _y(value, low, top)
        shown = f"{value:.0%}" if scale else f"{value:.2f}"
        body.append(f'<line x1="44" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="{FIGURE_COLOUR}" opacity="0.3"/>')
        body.append(f'<text x="38" y="{y + 4:.1f}" text-anchor="end" {_TEXT} >{shown}</text>')
    for line in drawn:
        body.append(_line(line, right, low, top))
    return _image("".join(body), WIDTH, HEIGHT, title)


def _y(value: float, low: float, top: float) -> float:
    return HEIGHT - 10 - (HEIGHT - 40) * (value - low) / max(top - low, 1e-9)


def _line(line: LearningCurve, right: float, low: float, top: float) -> str:
    at = [(44 + (WIDTH - 48) * x / right, _y(y, low, top)) for x, y in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    dash = ' stroke-dasharray="5 4" opacity="0.65"' if line.dashed else ""
    dots = "" if line.dashed or len(at) > 20 else "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{line.colour}"/>' for x, y in at
    )  # fmt: skip
    return f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="2"{dash}/>{dots}'


def time_bars(rows: Sequence[tuple[str, tuple[float, float]]]) -> str:
    """Of each run the (waiting, computing) milliseconds of a step, stacked, and the share of waiting."""
    top = max((sum(times) for _, times in rows), default=1.0) or 1.0
    title = f"Time per step: {COMPUTING}, and {WAITING}"
    body = [f'<text x="0" y="13" {_TEXT} font-weight="600">{title}</text>']
    body += [_time_bar(label, *times, 24 + number * ROW, top) for number, (label, times) in enumerate(rows)]
    return _image("".join(body), BARS, 28 + ROW * len(rows), title)


def _time_bar(label: str, waiting: float, computing: float, y: float, top: float) -> str:
    span = BARS - LABEL - FIGURE
    wide = span * computing / top
    wait = span * waiting / top
    middle = y + ROW / 2 + 4
    return (
        f'<text x="{LABEL - 10}" y="{middle}" text-anchor="end" {_TEXT}>{escape(label[:34])}</text>'
        f'<rect x="{LABEL}" y="{y + 4}" width="{wide:.1f}" height="{ROW - 8}" fill="{TIME_COLOURS[COMPUTING]}"/>'
        f'<rect x="{LABEL + wide:.1f}" y="{y + 4}" width="{wait:.1f}" height="{ROW - 8}" '
        f'fill="{TIME_COLOURS[WAITING]}"/>'
        f'<text x="{BARS}" y="{middle}" text-anchor="end" {_TEXT} font-weight="600">'
        f"{waiting / max(waiting + computing, 1e-9):.1%} waiting</text>"
    )


def _image(body: str, width: int, height: int, told: str) -> str:
    """A drawing as an image: the page takes no SVG into itself."""
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{body}</svg>'
    data = b64encode(drawing.encode()).decode()
    return (
        f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(told, quote=True)}" '
        'style="display:block;width:100%;margin-bottom:12px">'
    )
