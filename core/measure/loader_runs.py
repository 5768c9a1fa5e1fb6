"""Loader experiments that were run, read back from their files, and the ranking of their configurations."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..base import rich_display
from ..base.checked_fields import TEXT
from ..base.home import Home
from ..base.units import speed_text
from .background_load import background_load
from .configurations import varied
from .controlled import row_factors
from .disturbed import standing
from .monitor import read_monitor
from .record_fields import LOADER_ROW, LOADER_SETUP, STORE, has
from .records import RunRecord, list_records, read_record

EXPERIMENTS = ("loader", "race")
"""The second is what the first was called when it compared stores through one loader only."""


@dataclass(frozen=True)
class LoaderRun:
    """One experiment as its file tells it: `setup` is what was asked for, `repeats` a row for each load that ended and
    whose configuration was not refused later (of one that was measured again the better, see `disturbed`), `refused` a
    row for each configuration that was."""

    path: Path
    setup: Mapping[str, Any]
    repeats: Sequence[Mapping[str, Any]]
    refused: Sequence[Mapping[str, Any]]
    machine: Mapping[str, Any]

    @property
    def complete(self) -> bool:
        """Whether every repeat was run; an experiment that was cancelled has fewer."""
        configurations = len(self.setup.get("configurations") or self.setup["stores"]) - len(self.refused)
        return len(self.repeats) >= configurations * int(self.setup["rounds"])

    def _repr_html_(self) -> str:
        """What a notebook shows: the ranking as a chart, with the spread of the repeats."""
        rows = [
            rich_display.DisplayedBar(
                row.configuration or row.store, row.median, row.slowest, row.fastest, speed_text(row.median)
            )
            for row in rank_configurations(self.repeats)
        ]
        facts = {
            "dataset": self.setup.get("dataset", "-"),
            "repeats": f"{len(self.repeats):,}",
            "refused": f"{len(self.refused):,}",
            "started": self.setup["started"],
        }
        return rich_display.displayed(
            "Loader experiment", facts, rich_display.bars(rows, "Median images per second; the line spans all repeats")
        )

    @property
    def varied(self) -> list[str]:
        """The fields in which its configurations differ."""
        return varied(self.setup.get("configurations") or self.repeats)

    @property
    def monitor(self) -> list[dict[str, float | None]]:
        """What the monitor saw; empty where it saw nothing."""
        return read_monitor(self.path.with_suffix(".monitor.csv"))


class ConfigurationResult(NamedTuple):
    """A configuration's speed over its repeats, in samples per second: median, slowest, fastest and all `values`.

    `about` is one of the repeats, `workers` who made the batches (older records may name several), `background_load`
    the share of all processors that other programs took meanwhile (median; None where it was not measured).
    """

    store: str
    format: str
    median: float
    slowest: float
    fastest: float
    repeats: int
    configuration: str = ""
    about: Mapping[str, Any] = {}
    values: tuple[float, ...] = ()
    workers: str = ""
    background_load: float | None = None

    @property
    def factors(self) -> dict[str, str]:
        """What it may differ in from the others, see `core.measure.controlled`."""
        return row_factors(self.about)


def configuration_of(repeat: Mapping[str, Any]) -> str:
    """The name of a repeat's configuration; records of earlier versions differ in their stores only."""
    return str(repeat.get("configuration") or repeat["store"])


def rank_configurations(repeats: Iterable[Mapping[str, Any]]) -> list[ConfigurationResult]:
    """The configurations of an experiment, the fastest first."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for repeat in repeats:
        groups.setdefault(configuration_of(repeat), []).append(repeat)
    rows = [_result(configuration, found) for configuration, found in groups.items()]
    return sorted(rows, key=lambda row: row.median, reverse=True)


def _result(configuration: str, repeats: Sequence[Mapping[str, Any]]) -> ConfigurationResult:
    speeds = [float(repeat["samples_per_s"]) for repeat in repeats]
    first = repeats[0]
    middle = statistics.median(speeds)
    return ConfigurationResult(
        first["store"],
        first["format"],
        middle,
        min(speeds),
        max(speeds),
        len(speeds),
        configuration,
        first,
        tuple(speeds),
        ", ".join(dict.fromkeys(str(repeat["workers"]) for repeat in repeats if repeat.get("workers"))),
        background_load(repeats),
    )


def usual_overhead(records: Iterable[LoaderRun]) -> float | None:
    """Seconds per repeat beside its measuring, as the newest of these experiments (the first) had them; None where none
    says."""
    for record in records:
        walls = [float(repeat["wall_s"]) for repeat in record.repeats if isinstance(repeat.get("wall_s"), int | float)]
        if walls:
            return max(statistics.median(walls) - float(record.setup["seconds"]), 0.0)
    return None


def list_loader_runs(home: Home, dataset: str | None = None) -> list[LoaderRun]:
    """The experiments with at least one finished repeat, of one dataset or of all, the newest first."""
    records = [record for name in EXPERIMENTS for record in list_records(home, name, dataset)]
    records.sort(key=lambda record: str(record.setup["started"]), reverse=True)
    runs = [run for record in records if (run := as_loader_run(record)) is not None]
    return [run for run in runs if run.repeats or run.refused]


def read_loader_run(path: Path) -> LoaderRun | None:
    """The experiment in a file, or None where it holds none."""
    record = read_record(path)
    return None if record is None else as_loader_run(record)


def as_loader_run(record: RunRecord) -> LoaderRun | None:
    """A record of a loader experiment, as one; None where its setup does not say what was asked for."""
    if not has(record.setup, LOADER_SETUP):
        return None
    refused = [row for row in record.of("refused") if has(row, REFUSED)]
    names = {row["configuration"] for row in refused}
    repeats = [
        repeat for repeat in record.of("repeat") if has(repeat, LOADER_ROW) and configuration_of(repeat) not in names
    ]
    return LoaderRun(record.path, record.setup, standing(repeats), refused, record.machine)


REFUSED = {"store": STORE, "configuration": TEXT, "reason": TEXT}
