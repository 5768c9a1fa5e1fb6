"""Loader experiments that were run, read back from their files, and the standings of their settings."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..base.checked_fields import TEXT
from ..base.home import Home
from .background_load import background_load
from .configurations import varied
from .controlled import row_factors
from .monitor import read_monitor
from .record_fields import LOADER_ROW, LOADER_SETUP, STORE, has
from .records import RunRecord, list_records, read_record

EXPERIMENTS = ("loader", "race")
"""The second is what the first was called when it raced stores through one loader only."""


@dataclass(frozen=True)
class LoaderRun:
    """One experiment as its file tells it: `setup` is what was asked for, `turns` a row for each load that ended and
    whose setting was not refused later, `refused` a row for each setting that was."""

    path: Path
    setup: Mapping[str, Any]
    turns: Sequence[Mapping[str, Any]]
    refused: Sequence[Mapping[str, Any]]
    machine: Mapping[str, Any]

    @property
    def complete(self) -> bool:
        """Whether every turn was run; an experiment that was cancelled has fewer."""
        settings = len(self.setup.get("settings") or self.setup["stores"]) - len(self.refused)
        return len(self.turns) >= settings * int(self.setup["rounds"])

    @property
    def varied(self) -> list[str]:
        """The fields in which its settings differ."""
        return varied(self.setup.get("settings") or self.turns)

    @property
    def monitor(self) -> list[dict[str, float | None]]:
        """What the monitor saw; empty where it saw nothing."""
        return read_monitor(self.path.with_suffix(".monitor.csv"))


class ConfigurationResult(NamedTuple):
    """A setting's speed over its turns, in samples per second: median, slowest, fastest and all `values`.

    `about` is one of the turns, `workers` who made the batches (older records may name several), `background_load` the
    share of all processors that other programs took meanwhile (median of the turns; None where nobody looked).
    """

    store: str
    format: str
    median: float
    slowest: float
    fastest: float
    turns: int
    setting: str = ""
    about: Mapping[str, Any] = {}
    values: tuple[float, ...] = ()
    workers: str = ""
    background_load: float | None = None

    @property
    def factors(self) -> dict[str, str]:
        """What it may differ in from the others, see `core.measure.controlled`."""
        return row_factors(self.about)


def configuration_of(turn: Mapping[str, Any]) -> str:
    """The name of a turn's setting; older races differ in their stores only."""
    return str(turn.get("setting") or turn["store"])


def rank_configurations(turns: Iterable[Mapping[str, Any]]) -> list[ConfigurationResult]:
    """The settings of an experiment, the fastest first."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for turn in turns:
        groups.setdefault(configuration_of(turn), []).append(turn)
    rows = [_standing(setting, found) for setting, found in groups.items()]
    return sorted(rows, key=lambda row: row.median, reverse=True)


def _standing(setting: str, turns: Sequence[Mapping[str, Any]]) -> ConfigurationResult:
    speeds = [float(turn["samples_per_s"]) for turn in turns]
    first = turns[0]
    middle = statistics.median(speeds)
    return ConfigurationResult(
        first["store"],
        first["format"],
        middle,
        min(speeds),
        max(speeds),
        len(speeds),
        setting,
        first,
        tuple(speeds),
        ", ".join(dict.fromkeys(str(turn["workers"]) for turn in turns if turn.get("workers"))),
        background_load(turns),
    )


def usual_overhead(records: Iterable[LoaderRun]) -> float | None:
    """Seconds a turn beside its measuring, as the newest of these experiments (the first) had them; None where none
    says."""
    for record in records:
        walls = [float(turn["wall_s"]) for turn in record.turns if isinstance(turn.get("wall_s"), int | float)]
        if walls:
            return max(statistics.median(walls) - float(record.setup["seconds"]), 0.0)
    return None


def list_loader_runs(home: Home, dataset: str | None = None) -> list[LoaderRun]:
    """The experiments with at least one finished turn, of one dataset or of all, the newest first."""
    records = [record for name in EXPERIMENTS for record in list_records(home, name, dataset)]
    records.sort(key=lambda record: str(record.setup["started"]), reverse=True)
    races = [race for record in records if (race := as_loader_run(record)) is not None]
    return [race for race in races if race.turns or race.refused]


def read_loader_run(path: Path) -> LoaderRun | None:
    """The experiment in a file, or None where it holds none."""
    record = read_record(path)
    return None if record is None else as_loader_run(record)


def as_loader_run(record: RunRecord) -> LoaderRun | None:
    """A record of a loader experiment, as one; None where its setup does not say what was asked for."""
    if not has(record.setup, LOADER_SETUP):
        return None
    refused = [row for row in record.of("refused") if has(row, REFUSED)]
    names = {row["setting"] for row in refused}
    turns = [turn for turn in record.of("turn") if has(turn, LOADER_ROW) and configuration_of(turn) not in names]
    return LoaderRun(record.path, record.setup, turns, refused, record.machine)


REFUSED = {"store": STORE, "setting": TEXT, "reason": TEXT}
