"""Speed against processor time per image, both logarithmic, as the parts of SVG: once wide and once narrow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ..base.units import number_text, rounded
from ..measure.loader_lines import CPU_TIME
from .placing import Box, PlacedName, nearest, place_names
from .tables import LoaderFigures

RADIUS = 4.5


class AxisTick(NamedTuple):
    """`at` pixels along its axis, and what it says there."""

    at: float
    text: str


class NamedPoint(NamedTuple):
    """A loader in the plot: its point, where its name begins (the baseline; where it ends, for one to the `left` of its
    point), and the end of a line that leads there.

    `number` stands beside the point where the name had no room; the names of such points are listed below the plot.
    """

    x: float
    y: float
    name: str
    tells: str
    text_x: float
    text_y: float
    leader: tuple[float, float] | None
    number: int
    left: bool = False


class PlotLayout(NamedTuple):
    """One size of the plot."""

    shape: str
    width: int
    height: int
    frame: Box
    font: int
    columns: Sequence[AxisTick]
    rows: Sequence[AxisTick]
    points: Sequence[NamedPoint]

    @property
    def without_room(self) -> list[NamedPoint]:
        return [point for point in self.points if point.number]


SIZES = {"wide": (960, 520, 13), "narrow": (360, 460, 11)}
"""Shape -> width, height and font in pixels: of a desk's screen, and of a phone's."""


def plots(figures: Sequence[LoaderFigures]) -> list[PlotLayout]:
    """The plot in each size; nothing where fewer than two loaders have both figures."""
    there = [one for one in figures if _place(one) is not None]
    return [_layout(shape, there) for shape in SIZES] if len(there) > 1 else []


def _place(one: LoaderFigures) -> tuple[float, float] | None:
    """Microseconds of processor time per image, and images per second."""
    cost = one.median(CPU_TIME)
    return (cost * 1e6, one.speed) if cost else None


def _layout(shape: str, figures: Sequence[LoaderFigures]) -> PlotLayout:
    width, height, font = SIZES[shape]
    frame = Box(font * 4.6, font * 1.8, width - font * 1.2, height - font * 3.6)
    places = [place for one in figures if (place := _place(one)) is not None]
    across, up = _span([cost for cost, _ in places]), _span([speed for _, speed in places])
    points = [
        (_at(cost, across, frame.left, frame.right), _at(speed, up, frame.bottom, frame.top)) for cost, speed in places
    ]
    placed = place_names(points, [one.title for one in figures], frame, font, RADIUS)
    named = [
        _named(one, place, point, name, font)
        for one, place, point, name in zip(figures, places, points, placed, strict=True)
    ]
    columns = [(value, _at(value, across, frame.left, frame.right)) for value in _ticks(across, shape == "narrow")]
    rows = [(value, _at(value, up, frame.bottom, frame.top)) for value in _ticks(up, False)]
    across_ticks, up_ticks = ([AxisTick(at, _short(value)) for value, at in found] for found in (columns, rows))
    return PlotLayout(shape, width, height, frame, font, across_ticks, up_ticks, named)


def _named(
    one: LoaderFigures, place: tuple[float, float], point: tuple[float, float], name: PlacedName, font: int
) -> NamedPoint:
    (cost, speed), (x, y) = place, point
    tells = f"{one.title}: {number_text(rounded(speed))} images/s, {number_text(rounded(cost))} µs per image"
    box = name.box or Box(x + RADIUS, y, x + RADIUS, y)
    left = box.right < x
    leader = nearest(box, x, y) if name.leader else None
    start = box.right if left else box.left
    return NamedPoint(x, y, one.title, tells, start, box.bottom - font * 0.3, leader, name.number, left)


def _span(values: Sequence[float]) -> tuple[float, float]:
    """The ends of a logarithmic axis: room on both sides, and at least one power of ten in all."""
    low, high = math.log10(min(values)), math.log10(max(values))
    room = max(0.08 * (high - low), (1.0 - (high - low)) / 2, 0.06)
    return low - room, high + room


def _at(value: float, span: tuple[float, float], start: float, end: float) -> float:
    return round(start + (math.log10(value) - span[0]) / (span[1] - span[0]) * (end - start), 1)


def _ticks(span: tuple[float, float], few: bool) -> list[float]:
    """1, 2 and 5 times the powers of ten between the ends; of three powers and more, or where few fit, 1 alone."""
    steps = (1,) if span[1] - span[0] > 3 else (1, 3) if few and span[1] - span[0] > 1.4 else (1, 2, 5)
    powers = range(math.floor(span[0]), math.ceil(span[1]) + 1)
    found = [step * 10.0**power for power in powers for step in steps]
    return [value for value in found if span[0] <= math.log10(value) <= span[1]]


def _short(value: float) -> str:
    """ "500", "2k", "1M"."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
