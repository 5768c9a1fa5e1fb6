"""A loader experiment while it runs: a bar a setting with its spread growing in, and what the machine does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from core.jobs import Watch
from core.jobs.watch import Measured
from core.measure.configurations import varied
from ui.benchmark.loaders.labels import setting_label
from ui.live.drawing import Bar, Strip, bars, side_by_side, small, strip
from ui.shared.labels import size_text, speed_text
from ui.shared.theme import PALETTE, format_colour

LINE_SECONDS = 60.0
MOST_BARS = 24


def picture(seen: Watch) -> str:
    """A bar a setting, the throughput over time, and the machine below it."""
    live = [sample for sample in seen.samples.get("throughput", []) if sample.values["samples_per_s"]]
    if not live:
        return small(f"{_said(seen)}…")
    rows = _bars(live, seen)
    more = f"<p>and {len(rows) - MOST_BARS} more settings</p>" if len(rows) > MOST_BARS else ""
    return bars(rows[:MOST_BARS], "images per second") + more + machine(seen, _throughput(live))


def _said(seen: Watch) -> str:
    """What is done before the clock starts."""
    text = seen.messages[-1].text if seen.messages else "starting"
    return text[0].upper() + text[1:]


def _bars(live: Sequence[Measured], seen: Watch) -> list[Bar]:
    """The settings in the order of their first turns; the one that runs now has its figure of this moment."""
    turns = seen.samples.get("turn", [])
    refused = {
        str(sample.values["setting"]): str(sample.values["reason"]) for sample in seen.samples.get("refused", [])
    }
    settings = {str(sample.values["setting"]): sample.values for sample in (*live, *seen.samples.get("refused", []))}
    words = varied(list(settings.values()))
    now = live[-1] if live[-1].at >= max((turn.at for turn in turns), default=0.0) else None
    speeds: dict[str, list[float]] = {}
    for turn in turns:
        speeds.setdefault(str(turn.values["setting"]), []).append(float(turn.values["samples_per_s"]))
    return [
        Bar(
            setting_label(values, words),
            format_colour(str(values["format"])),
            () if name in refused else speeds.get(name, ()),
            _now(now, name),
            f"refused: {refused[name]}" if name in refused else "",
        )
        for name, values in settings.items()
    ]


def _now(now: Measured | None, setting: str) -> float | None:
    if now is None or now.values["setting"] != setting:
        return None
    return float(now.values["samples_per_s"])


def _throughput(live: Sequence[Measured]) -> Strip:
    speeds = [(sample.at, float(sample.values["samples_per_s"])) for sample in live]
    return Strip("Throughput", speeds, speed_text(speeds[-1][1]), format_colour(str(live[-1].values["format"])))


def machine(seen: Watch, *above: Strip) -> str:
    """A line for each thing that the monitor can tell here, behind those that are given."""
    rows = [sample.values for sample in seen.samples.get("monitor", [])]
    strips = [
        _strip(rows, "Processors", "cpu_pct", lambda value: f"{value:.0f}%"),
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
    """What a column that only grows grew by a second."""
    return [
        {"ts": after["ts"], name: max(after[name] - before[name], 0.0) / max(after["ts"] - before["ts"], 0.1)}
        for before, after in pairwise(rows)
        if name in before and name in after
    ]
