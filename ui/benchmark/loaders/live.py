"""A loader run in progress: one bar per configuration with its spread growing in, and what the machine does."""

from __future__ import annotations

from collections.abc import Sequence

from core.jobs import Watch
from core.jobs.watch import Measured
from core.measure.configurations import varied
from ui.shared.labels import speed_text
from ui.shared.live.drawing import Bar, Strip, bars, small
from ui.shared.live.machine import machine
from ui.shared.loader_labels import configuration_label
from ui.shared.theme import row_colour

MOST_BARS = 24


def picture(seen: Watch) -> str:
    """One bar per configuration, the throughput over time, and the machine below it."""
    live = [sample for sample in seen.samples.get("throughput", []) if sample.values["samples_per_s"]]
    if not live:
        return small(f"{_said(seen)}…")
    rows = _bars(live, seen)
    more = f"<p>and {len(rows) - MOST_BARS} more configurations</p>" if len(rows) > MOST_BARS else ""
    return bars(rows[:MOST_BARS], "images per second") + more + machine(seen, _throughput(live))


def _said(seen: Watch) -> str:
    """What is done before the clock starts."""
    text = seen.messages[-1].text if seen.messages else "starting"
    return text[0].upper() + text[1:]


def _bars(live: Sequence[Measured], seen: Watch) -> list[Bar]:
    """The configurations in the order of their first repeats; the one that runs now has its figure of this moment."""
    repeats = seen.samples.get("repeat", [])
    refused = {
        str(sample.values["configuration"]): str(sample.values["reason"]) for sample in seen.samples.get("refused", [])
    }
    configurations = {
        str(sample.values["configuration"]): sample.values for sample in (*live, *seen.samples.get("refused", []))
    }
    words = varied(list(configurations.values()))
    now = live[-1] if live[-1].at >= max((repeat.at for repeat in repeats), default=0.0) else None
    speeds: dict[str, list[float]] = {}
    for repeat in repeats:
        speeds.setdefault(str(repeat.values["configuration"]), []).append(float(repeat.values["samples_per_s"]))
    return [
        Bar(
            configuration_label(values, words),
            row_colour(values),
            () if name in refused else speeds.get(name, ()),
            _now(now, name),
            f"refused: {refused[name]}" if name in refused else "",
        )
        for name, values in configurations.items()
    ]


def _now(now: Measured | None, configuration: str) -> float | None:
    if now is None or now.values["configuration"] != configuration:
        return None
    return float(now.values["samples_per_s"])


def _throughput(live: Sequence[Measured]) -> Strip:
    speeds = [(sample.at, float(sample.values["samples_per_s"])) for sample in live]
    return Strip("Throughput", speeds, speed_text(speeds[-1][1]), row_colour(live[-1].values))
