"""What an experiment measured, as it was measured: one file of JSON lines, `runs/<session>/<experiment>-<time>.jsonl`.

Its first line is the setup, every other one a row, written as soon as it is known: whatever ends an experiment, what it
had measured by then can be read. Statistics are made from the rows whenever they are shown and are never kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from core.home import Home
from core.runs import SYSINFO, now, session_folder, session_name

SETUP = "setup"


@dataclass(frozen=True)
class Recorder:
    """Writes one record. A row is complete in the file when `add` returns."""

    path: Path

    @classmethod
    def begin(cls, home: Home, experiment: str, datasets: Sequence[str], setup: Mapping[str, Any]) -> Self:
        """Begin a record of `experiment` (a word: "race", "storage", "loader", "train") about these datasets."""
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        recorder = cls(session_folder(home) / f"{experiment}-{stamp}.jsonl")
        about = {"experiment": experiment, "datasets": list(datasets), "started": now(), "session": session_name()}
        recorder.add(SETUP, {**setup, **about})
        return recorder

    def add(self, kind: str, row: Mapping[str, Any]) -> None:
        """Append a row of this kind; its values are plain JSON."""
        with self.path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"kind": kind, **row}, ensure_ascii=False) + "\n")

    def beside(self, name: str) -> Path:
        """The path of a file that belongs to this record: `monitor.csv` -> `<experiment>-<time>.monitor.csv`."""
        return self.path.with_suffix(f".{name}")


@dataclass(frozen=True)
class Record:
    """One record as its file tells it. `setup` has at least `experiment`, `datasets`, `started` and `session`."""

    path: Path
    setup: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]

    @property
    def experiment(self) -> str:
        return str(self.setup["experiment"])

    @property
    def machine(self) -> Mapping[str, Any]:
        """The machine it was measured on, as its session describes it; empty where that is not known."""
        try:
            told: Mapping[str, Any] = json.loads((self.path.parent / SYSINFO).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return told

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """The rows of one kind, in the order in which they were measured."""
        return [row for row in self.rows if row["kind"] == kind]

    def beside(self, name: str) -> Path:
        """See `Recorder.beside`; the file may be missing."""
        return self.path.with_suffix(f".{name}")


def read_record(path: Path) -> Record | None:
    """The record in a file, or None where it holds none; lines that are cut short or foreign are left out."""
    rows = [row for row in map(_parsed, path.read_text(encoding="utf-8", errors="replace").splitlines()) if row]
    if not rows or rows[0]["kind"] != SETUP:
        return None
    setup = {"experiment": path.name.split("-")[0], "datasets": [], "started": "", "session": "", **rows[0]}
    return Record(path, setup, rows[1:])


def list_records(home: Home, experiment: str | None = None, dataset: str | None = None) -> list[Record]:
    """The records that have rows, of one experiment or all and one dataset or all, the newest first."""
    paths = home.runs.glob(f"*/{experiment or '*'}-*.jsonl")
    records = [record for record in map(read_record, paths) if record is not None and record.rows]
    if dataset is not None:
        records = [record for record in records if dataset in record.setup["datasets"]]
    return sorted(records, key=lambda record: str(record.setup["started"]), reverse=True)


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and isinstance(row.get("kind"), str) else None
