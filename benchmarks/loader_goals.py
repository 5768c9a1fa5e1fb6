"""What the loaders should reach, and whether they did."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.loader_peers import Peer
from benchmarks.loader_tables import rival_of
from core.measure.statistics import Ratio, ratio

Measured = dict[str, list[Peer]]
"""The peers of each work."""
BEST: tuple[str, ...] = ()
"""In place of rivals' names: whoever is the fastest that is not ours."""
PILLOW = ("torch_pillow", "lmdb_pillow")
NATIVE = ("torch_imagecodecs", "lmdb_imagecodecs", "torch_opencv", "lmdb_opencv")
FFCV = ("ffcv", "ffcv_passive")


@dataclass(frozen=True)
class Goal:
    """How many times as fast `ours` has to be as the fastest of `rivals`, how little of its processor time it may
    take, or how much larger its files may be. `busy` is the speed asked for beside other work."""

    work: str
    ours: str
    rivals: tuple[str, ...]
    speed: float | None = None
    processor: float | None = None
    bytes: float | None = None
    busy: float | None = None


GOALS = (
    Goal("cifar-raw", "ours", FFCV, speed=2.6, busy=2.3),
    Goal("cifar-raw", "ours_hdf5", FFCV, speed=2.6, busy=2.3),
    Goal("cifar-raw", "ours", BEST, processor=0.35),
    Goal("cifar-raw", "ours_hdf5", BEST, processor=0.35),
    Goal("cifar-raw", "ours_bfloat16", ("ours",), speed=1.6),
    Goal("cifar-raw", "ours_hdf5_bfloat16", ("ours_hdf5",), speed=1.6),
    Goal("cifar-jpeg", "ours", BEST, speed=2.5),
    Goal("cifar-jpeg", "ours", BEST, processor=0.42),
    Goal("photos-jpeg", "ours_jpeg_index", BEST, speed=2.9),
    Goal("photos-jpeg", "ours", BEST, speed=2.3),
    Goal("photos-jpeg", "ours_jpeg_index", BEST, processor=0.42),
    Goal("photos-jpeg", "ours", BEST, processor=0.42),
    Goal("photos-jpeg", "ours_jpeg_index", ("ours",), bytes=1.015),
    Goal("photos-raw", "ours", BEST, speed=3.0),
    Goal("photos-raw", "ours", BEST, processor=0.35),
    Goal("cifar-png", "ours", PILLOW, speed=5.0),
    Goal("cifar-png", "ours_hdf5", PILLOW, speed=5.0),
    Goal("cifar-png", "ours", NATIVE, speed=3.0),
    Goal("cifar-png", "ours_hdf5", NATIVE, speed=3.0),
    Goal("one-batch", "ours@2", ("ours@1",), speed=1.7),
)


def verdicts(measured: Measured, busy: int, lone: Sequence[list[str]] = ()) -> str:
    """A row for each goal of the works that were measured, and rows of goals without a rival, as Markdown."""
    head = ["work", "ours", "against", "what", "goal", "measured", "95% interval", "reached"]
    lines = ["### What should be reached", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(_cells(goal, measured[goal.work], busy))} |" for goal in GOALS if goal.work in measured]
    lines += [f"| {' | '.join(cells)} |" for cells in lone]
    return "\n".join([*lines, ""])


def _cells(goal: Goal, peers: list[Peer], busy: int) -> list[str]:
    ours = next((peer for peer in peers if peer.name == goal.ours), None)
    rival = _rival(goal, peers)
    speed = goal.busy if busy and goal.busy is not None else goal.speed
    what, least, most = (
        ("images/s", speed, None) if speed else
        ("processor time", None, goal.processor) if goal.processor else
        ("bytes", None, goal.bytes)
    )  # fmt: skip
    wanted = f"at least {least}" if least else f"at most {most}"
    told = [goal.work, goal.ours, rival.name if rival else " or ".join(goal.rivals) or "the best", what, wanted]
    if ours is None or rival is None:
        return [*told, "-", "-", "not measured"]
    found = ratio(*_values(what, ours, rival))
    interval = "-" if found.low is None else f"{found.low:.3f} to {found.high:.3f}"
    return [*told, f"{found.value:.3f}", interval, _reached(found, least, most)]


def _rival(goal: Goal, peers: list[Peer]) -> Peer | None:
    if not goal.rivals:
        return rival_of(peers)
    named = [peer for peer in peers if peer.name in goal.rivals]
    return max(named, key=lambda peer: statistics.median(peer.rates), default=None)


def _values(what: str, ours: Peer, rival: Peer) -> tuple[list[float], list[float]]:
    if what == "images/s":
        return ours.rates, rival.rates
    if what == "processor time":
        return ours.processor, rival.processor
    return [float(ours.bytes)], [float(rival.bytes)]


def _reached(found: Ratio, least: float | None, most: float | None) -> str:
    """Yes or no by the ratio itself; and whether its interval leaves that open."""
    limit = least or most or 0.0
    reached = found.value >= limit if least else found.value <= limit
    open_ = found.low is not None and found.high is not None and found.low < limit < found.high
    return ("yes" if reached else "no") + (", the interval holds the goal" if open_ else "")
