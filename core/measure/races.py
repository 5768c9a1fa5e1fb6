"""Races that were run, read back from their files, and their standings."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from core.home import Home
from core.runs import SYSINFO


@dataclass(frozen=True)
class RaceRecord:
    """One race as its file tells it: `setup` is what was asked for, `turns` a row for each load that ended."""

    path: Path
    setup: Mapping[str, Any]
    turns: Sequence[Mapping[str, Any]]

    @property
    def complete(self) -> bool:
        """Whether every turn was run; a race that was cancelled has fewer."""
        return len(self.turns) == len(self.setup["stores"]) * int(self.setup["rounds"])

    @property
    def machine(self) -> Mapping[str, Any]:
        """The machine it was run on, as its session describes it; empty where that is not known."""
        try:
            told: Mapping[str, Any] = json.loads((self.path.parent / SYSINFO).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return told


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
    records = (read_race(path) for path in home.runs.glob("*/race-*.jsonl"))
    found = [record for record in records if record is not None and record.turns]
    if dataset is not None:
        found = [record for record in found if dataset in record.setup["datasets"]]
    return sorted(found, key=lambda record: str(record.setup["started"]), reverse=True)


def read_race(path: Path) -> RaceRecord | None:
    """The race in a file, or None where it holds none; a last line that is cut short is left out."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    if not rows or rows[0].get("kind") != "setup":
        return None
    return RaceRecord(path, rows[0], [row for row in rows[1:] if row.get("kind") == "turn"])
