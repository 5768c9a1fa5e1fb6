"""What an experiment measured, as it was measured: one file of JSON lines, `runs/<session>/<experiment>-<time>.jsonl`.

Its first line is the setup, every other one a row, written as soon as it is known: whatever ends an experiment, what it
had measured by then can be read. Statistics are made from the rows whenever they are shown and are never kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from core.home import Home
from core.runs import SYSINFO, now, session_folder, session_name
from core.strict_json import dumps

SETUP = "setup"
STAMP = "%Y%m%d-%H%M%S-%f"
FOREIGN = "foreign.json"
"""Lies in the folder of a session that was brought in from elsewhere, and says from where and when."""


@dataclass(frozen=True)
class Recorder:
    """Writes one record. A row is complete in the file when `add` returns."""

    path: Path

    @classmethod
    def begin(cls, home: Home, experiment: str, datasets: Sequence[str], setup: Mapping[str, Any]) -> Self:
        """Begin a record of `experiment` (a word: "race", "storage", "loader", "train") about these datasets."""
        stamp = datetime.now(UTC).strftime(STAMP)
        recorder = cls(session_folder(home) / f"{experiment}-{stamp}.jsonl")
        about = {"experiment": experiment, "datasets": list(datasets), "started": now(), "session": session_name()}
        recorder.add(SETUP, {**setup, **about})
        return recorder

    def add(self, kind: str, row: Mapping[str, Any]) -> None:
        """Append a row of this kind; its values are plain JSON."""
        with self.path.open("a", encoding="utf-8") as lines:
            lines.write(dumps({"kind": kind, **row}) + "\n")

    def beside(self, name: str) -> Path:
        """The path of a file that belongs to this record: `monitor.csv` -> `<experiment>-<time>.monitor.csv`."""
        return self.path.with_suffix(f".{name}")


@dataclass(frozen=True)
class Record:
    """One record as its file tells it. `setup` has at least `experiment`, `datasets`, `started` and `session`.

    `lost` counts the lines that could not be read (a cut at the end, damage), the setup among them where that is one.
    """

    path: Path
    setup: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    lost: int = 0

    @property
    def name(self) -> str:
        """What names it among all of a home: "<session>/<experiment>-<time>"."""
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def experiment(self) -> str:
        return str(self.setup["experiment"])

    @property
    def machine(self) -> Mapping[str, Any]:
        """The machine it was measured on, as its session describes it; empty where that is not known."""
        return _told(self.path.parent / SYSINFO)

    @property
    def foreign(self) -> Mapping[str, Any]:
        """From where and when it was brought in; empty for what was measured here."""
        return _told(self.path.parent / FOREIGN)

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """The rows of one kind, in the order in which they were measured."""
        return [row for row in self.rows if row["kind"] == kind]

    def beside(self, name: str) -> Path:
        """See `Recorder.beside`; the file may be missing."""
        return self.path.with_suffix(f".{name}")


def read_record(path: Path) -> Record | None:
    """The record in a file, or None where it holds none; lines that are cut short or foreign are left out."""
    record = salvage_record(path)
    return record if record is not None and "kind" in record.setup else None


def salvage_record(path: Path) -> Record | None:
    """The record in a file as far as it can be read, also without its setup; None where no line can be."""
    return salvage_text(path, path.read_text(encoding="utf-8", errors="replace"))


def salvage_text(path: Path, text: str) -> Record | None:
    """See `salvage_record`, of a text that lies at `path` or will."""
    lines = [line for line in text.split("\n") if line.strip()]
    rows = [row for row in map(_parsed, lines) if row]
    if not rows:
        return None
    setup = rows.pop(0) if rows[0]["kind"] == SETUP else {}
    return Record(path, {**_missing_setup(path), **_sound(setup)}, rows, lost=len(lines) - len(rows) - bool(setup))


def list_records(
    home: Home, experiment: str | None = None, dataset: str | None = None, foreign: bool = False
) -> list[Record]:
    """The records that have rows, of one experiment or all and one dataset or all, the newest first.

    What was brought in from elsewhere is among them only where `foreign` asks for it.
    """
    paths = home.runs.glob(f"*/{experiment or '*'}-*.jsonl")
    records = [record for record in map(read_record, paths) if record is not None and record.rows]
    if dataset is not None:
        records = [record for record in records if dataset in record.setup["datasets"]]
    if not foreign:
        records = [record for record in records if not (record.path.parent / FOREIGN).exists()]
    return newest_first(records)


def newest_first(records: Iterable[Record]) -> list[Record]:
    return sorted(records, key=lambda record: str(record.setup["started"]), reverse=True)


def _missing_setup(path: Path) -> dict[str, Any]:
    """What a file's place tells of a record whose setup does not."""
    experiment, _, stamp = path.stem.partition("-")
    try:
        started = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC).isoformat(timespec="seconds")
    except ValueError:
        started = ""
    return {"experiment": experiment, "datasets": [], "started": started, "session": path.parent.name}


def _sound(setup: Mapping[str, Any]) -> dict[str, Any]:
    """A setup without what is not of its kind in the fields that every reader relies on."""
    kinds = {"experiment": str, "datasets": list, "started": str, "session": str}
    sound: dict[str, Any] = {name: value for name, value in setup.items() if isinstance(value, kinds.get(name, object))}
    if "datasets" in sound:
        sound["datasets"] = [str(name) for name in sound["datasets"]]
    return sound


def _told(path: Path) -> Mapping[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) and isinstance(row.get("kind"), str) else None
