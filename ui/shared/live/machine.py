"""What a running experiment uses of the machine, as strips below its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from core.jobs import Watch
from ui.shared.labels import size_text
from ui.shared.live.drawing import Strip, side_by_side, strip
from ui.shared.theme import PALETTE

LINE_SECONDS = 60.0
"""How much of the past a strip shows."""


def machine(seen: Watch, *above: Strip) -> str:
    """A line for each thing that the monitor can tell here, behind those that are given."""
    rows = [sample.values for sample in seen.samples.get("monitor", [])]
    strips = [
        _strip(rows, "CPU", "cpu_pct", lambda value: f"{value:.0f}%"),
        _strip(rows, "Memory", "rss_mb", lambda value: size_text(value * 1e6)),
        _strip(_rates(rows, "read_mb"), "Disk reads", "read_mb", lambda value: f"{size_text(value * 1e6)}/s"),
        _strip(_rates(rows, "write_mb"), "Disk writes", "write_mb", lambda value: f"{size_text(value * 1e6)}/s"),
        _strip(rows, "GPU", "gpu_util", lambda value: f"{value:.0f}%"),
        _strip(rows, "GPU memory", "gpu_mem_mb", lambda value: size_text(value * 1e6)),
    ]
    drawn = [*above, *(one for one in strips if one is not None)]
    return side_by_side([strip(one, LINE_SECONDS) for one in drawn])


def _strip(rows: Sequence[Mapping[str, Any]], title: str, name: str, words: Any) -> Strip | None:
    points = [(float(row["ts"]), float(row[name])) for row in rows if row.get(name) is not None]
    return Strip(title, points, words(points[-1][1]), PALETTE[-1]) if points else None


def _rates(rows: Sequence[Mapping[str, Any]], name: str) -> list[dict[str, float]]:
    """What a column that only grows grew by, per second."""
    return [
        {"ts": after["ts"], name: max(after[name] - before[name], 0.0) / max(after["ts"] - before["ts"], 0.1)}
        for before, after in pairwise(rows)
        if name in before and name in after
    ]
