"""Names beside the points of a plot, so that none lies on another name, on a point, on a line that leads to a point, or
outside of the plot."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

DISTANCES = (9.0, 15.0, 24.0, 36.0, 52.0, 72.0, 96.0, 124.0, 156.0)
DIRECTIONS = 16
STEP = 4.0
"""Pixels between the boxes that stand for a line."""

LETTER = 0.58
"""Width of a letter, of the font's size: that of a wide font."""


class Box(NamedTuple):
    """A rectangle in pixels, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def within(self, other: Box) -> bool:
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


class PlacedName(NamedTuple):
    """`box` is where the name stands, None where there was no room; `leader`: whether a line leads to its point.
    `number` stands in the place of a name that had no room, from 1 on."""

    box: Box | None
    leader: bool
    number: int = 0


def place_names(
    points: Sequence[tuple[float, float]], names: Sequence[str], frame: Box, font: float, radius: float
) -> list[PlacedName]:
    """A place for the name of each point, those in the closest company first. Deterministic."""
    dots = [Box(x - radius - 1, y - radius - 1, x + radius + 1, y + radius + 1) for x, y in points]
    taken: list[Box] = []
    lines: list[Box] = []
    placed: dict[int, PlacedName] = {}
    without = 0
    for at in sorted(range(len(points)), key=lambda at: _company(points, at)):
        others = [dot for number, dot in enumerate(dots) if number != at]
        found = PlacedName(None, False)
        name = ""
        for name, crossing in ((names[at], False), (names[at], True), (f"{without + 1}", True)):
            room = _Room(frame, font, dots[at], [*others, *taken, *(() if crossing else lines)], crossing)
            found = _placed(points[at], name, room)
            if found.box is not None:
                break
        if name != names[at] or found.box is None:
            without += 1
            found = found._replace(number=without)
        placed[at] = found
        if found.box is not None:
            taken.append(found.box)
            lines += _along(points[at], found.box) if found.leader else []
    return [placed[at] for at in range(len(points))]


class _Room(NamedTuple):
    """What a name has to keep away from; `crossing`: its line may lead across names."""

    frame: Box
    font: float
    dot: Box
    taken: Sequence[Box]
    crossing: bool


def _company(points: Sequence[tuple[float, float]], at: int) -> float:
    """How near the nearest other point is."""
    return min((math.dist(points[at], other) for number, other in enumerate(points) if number != at), default=math.inf)


def _placed(point: tuple[float, float], name: str, room: _Room) -> PlacedName:
    for distance, box in _candidates(point, len(name) * room.font * LETTER, room.font * 1.15):
        leader = distance > DISTANCES[1]
        parts = [box, *(_along(point, box)[2:] if leader and not room.crossing else [])]
        free = not any(part.meets(one) for part in parts for one in room.taken)
        if free and box.within(room.frame) and not box.meets(room.dot):
            return PlacedName(box, leader)
    return PlacedName(None, False)


def _along(point: tuple[float, float], box: Box) -> list[Box]:
    """A line from a point to a name, as small boxes."""
    x, y = point
    end_x, end_y = nearest(box, x, y)
    count = max(int(math.dist(point, (end_x, end_y)) / STEP), 1)
    spots = [(x + (end_x - x) * at / count, y + (end_y - y) * at / count) for at in range(1, count)]
    return [Box(left - 1, top - 1, left + 1, top + 1) for left, top in spots]


def nearest(box: Box, x: float, y: float) -> tuple[float, float]:
    """The point of a box that is nearest to a place."""
    return min(max(x, box.left), box.right), min(max(y, box.top), box.bottom)


def _candidates(point: tuple[float, float], width: float, height: float) -> Iterator[tuple[float, Box]]:
    """Places around a point, the nearest first, to the right before all others."""
    x, y = point
    for distance in DISTANCES:
        for number in range(DIRECTIONS):
            turn = (number + 1) // 2 * (-1 if number % 2 else 1) * 2 * math.pi / DIRECTIONS
            along, down = math.cos(turn), math.sin(turn)
            left = x + along * distance - width * (1 - along) / 2
            top = y + down * distance - height / 2
            yield distance, Box(left, top, left + width, top + height)
