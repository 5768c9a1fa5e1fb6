"""What an experiment found of each configuration: its repeats summed up, with the stage limits measured beside them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .rival_rows import is_rival

STAGE_ORDER = ("read", "decompress", "decode", "transform", "collate")
NEAR = 0.6
"""Of the lowest limit: from here on a configuration is bound by it. Limits are measured on an idle machine."""


@dataclass(frozen=True)
class ConfigurationSummary:
    """A configuration's repeats, summed up. `rates` in samples per second; `ceilings` as its load measured them;
    `cpu_s` the processor time of an image in seconds, where it was measured."""

    about: Mapping[str, Any]
    rates: tuple[float, ...]
    wait_share: float | None
    ceilings: Mapping[str, float]
    cpu_s: float | None = None

    @property
    def rate(self) -> float:
        """The median, samples per second."""
        return statistics.median(self.rates)

    @property
    def name(self) -> str:
        return str(self.about["configuration"])

    @property
    def rival(self) -> bool:
        """Whether it is somebody else's loader with a container of its own."""
        return is_rival(self.about)

    @property
    def busy(self) -> float | None:
        """The share of all CPUs that it kept busy; None where processor time was not measured."""
        return None if self.cpu_s is None else min(self.cpu_s * self.rate / self.cpus, 1.0)

    @property
    def stage_limits(self) -> dict[str, float]:
        return {name: self.ceilings[name] for name in STAGE_ORDER if name in self.ceilings}

    @property
    def costs(self) -> dict[str, float]:
        """Seconds per sample that each stage takes on all CPUs: the difference between its limit and the one before."""
        times = {name: 1 / rate for name, rate in self.stage_limits.items()}
        before = [0.0, *times.values()]
        return {name: time - earlier for (name, time), earlier in zip(times.items(), before, strict=False)}

    @property
    def upper_bounds(self) -> dict[str, float]:
        """Every rate that cannot be exceeded, by what it would be bound by."""
        upper_bounds = {"storage": self.ceilings.get("cold read"), "copy": self.ceilings.get("copy")}
        known = {name: rate for name, rate in upper_bounds.items() if rate}
        return {**known, "host": self.ceilings["collate"]}

    @property
    def workers(self) -> int:
        """How many make batches; 0: the trainer's own thread."""
        words = str(self.about.get("workers", "")).split()
        return int(words[0]) if words and words[0].isdigit() else 0

    @property
    def batches(self) -> float:
        """Batches per epoch; infinitely many where the repeats do not say."""
        samples, size = self.about.get("split_samples"), self.about.get("batch_size")
        return math.ceil(samples / size) if samples and size else math.inf

    @property
    def cpus(self) -> int:
        """How many there are to work on."""
        return int(self.about.get("cpus", 1)) or 1

    @property
    def loading(self) -> float:
        """The rate while it loads: of a trainer that loads in its own thread, the time of its steps left out."""
        return self.rate / self.wait_share if self.wait_share and not self.workers else self.rate


def summarise_configurations(repeats: Sequence[Mapping[str, Any]]) -> list[ConfigurationSummary]:
    """The configurations of these repeats with stage limits, the fastest first. Of a rival these are what loading the
    same images allows: its own stages are others."""
    return sorted(_summaries(repeats), key=lambda case: case.rate, reverse=True)


def _summaries(repeats: Sequence[Mapping[str, Any]]) -> Iterator[ConfigurationSummary]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for repeat in repeats:
        if "collate" in repeat.get("ceilings", {}) and "configuration" in repeat:
            groups.setdefault(repeat["configuration"], []).append(repeat)
    best = _best_ceilings(groups.values())
    for rows in groups.values():
        waits = [row["wait_share"] for row in rows if row.get("wait_share") is not None]
        rates = tuple(float(row["samples_per_s"]) for row in rows)
        costs = [row["cpu_s_per_sample"] for row in rows if row.get("cpu_s_per_sample")]
        yield ConfigurationSummary(
            rows[0],
            rates,
            statistics.median(waits) if waits else None,
            best[_work(rows[0])],
            statistics.median(costs) if costs else None,
        )


def _best_ceilings(groups: Iterable[Sequence[Mapping[str, Any]]]) -> dict[object, dict[str, float]]:
    """Of every limit the best seen in any round; whoever was faster has shown that more is possible."""
    best: dict[object, dict[str, float]] = {}
    for rows in groups:
        found = best.setdefault(_work(rows[0]), {})
        for row in rows:
            for name, rate in row["ceilings"].items():
                found[name] = max(rate, found.get(name, 0.0))
        reached = statistics.median(row["samples_per_s"] for row in rows)
        for name in STAGE_ORDER:
            if name in found:
                found[name] = max(found[name], reached)
    return best


def _work(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What decides the ceilings (see `LoaderConfiguration.work`)."""
    return tuple(row.get(name) for name in ("path", "batch_size", "transform", "device", "output"))
