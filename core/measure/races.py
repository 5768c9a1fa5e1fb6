"""Races that were run, read back from their files, and their standings."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from core.home import Home
from core.measure.records import Record, list_records, read_record


@dataclass(frozen=True)
class RaceRecord:
    """One race as its file tells it: `setup` is what was asked for, `turns` a row for each load that ended."""

    path: Path
    setup: Mapping[str, Any]
    turns: Sequence[Mapping[str, Any]]
    machine: Mapping[str, Any]

    @property
    def complete(self) -> bool:
        """Whether every turn was run; a race that was cancelled has fewer."""
        return len(self.turns) == len(self.setup["stores"]) * int(self.setup["rounds"])


class Standing(NamedTuple):
    """A store's speed over its turns, in samples a second: median, slowest and fastest turn."""

    store: str
    format: str
    median: float
    slowest: float
    fastest: float
    turns: int


def standings(turns: Iterable[Mapping[str, Any]]) -> list[Standing]:
    """The stores of a race, the fastest first."""
    speeds: dict[tuple[str, str], list[float]] = {}
    for turn in turns:
        speeds.setdefault((turn["store"], turn["format"]), []).append(float(turn["samples_per_s"]))
    rows = [
        Standing(store, name, statistics.median(found), min(found), max(found), len(found))
        for (store, name), found in speeds.items()
    ]
    return sorted(rows, key=lambda row: row.median, reverse=True)


def list_races(home: Home, dataset: str | None = None) -> list[RaceRecord]:
    """The races with at least one finished turn, of one dataset or of all, the newest first."""
    return [as_race(record) for record in list_records(home, "race", dataset) if record.of("turn")]


def read_race(path: Path) -> RaceRecord | None:
    """The race in a file, or None where it holds none."""
    record = read_record(path)
    return None if record is None else as_race(record)


def as_race(record: Record) -> RaceRecord:
    """A record of a race, as one."""
    return RaceRecord(record.path, record.setup, record.of("turn"), record.machine)
