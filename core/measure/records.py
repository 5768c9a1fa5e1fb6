"""What an experiment measured, as it was measured: one file of JSON lines, `runs/<session>/<experiment>-<time>.jsonl`.

Its first line is the setup, every other one a row, written as soon as it is known: whatever ends an experiment, what it
had measured by then can be read. Statistics are made from the rows whenever they are shown and are never kept.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from ..base.errors import WorkError, disk_trouble_told
from ..base.files import Unreadable, parse_object, read_object, read_whole
from ..base.home import Home
from ..base.strict_json import dumps
from ..machine.session import SYSINFO, now, session_folder, session_name
from .record_fields import MACHINE, is_sound_row, renamed, sound
from .record_fields import SETUP as SETUP_FIELDS

SETUP = "setup"
STAMP = "%Y%m%d-%H%M%S-%f"
FOREIGN = "foreign.json"
"""Lies in the folder of a session that was brought in from elsewhere, and says from where and when."""

MOST_BYTES = 128_000_000
"""Of a record. A day of training with the loss of every step is a tenth of that."""


@dataclass(frozen=True)
class RunRecorder:
    """Writes one record. A row is complete in the file when `add` returns."""

    path: Path

    @classmethod
    def begin(cls, home: Home, experiment: str, datasets: Sequence[str], setup: Mapping[str, Any]) -> Self:
        """Begin a record of `experiment` (a word: "loader", "storage", "train") about these datasets.

        Raises WorkError where the disk refuses; nothing is left of it then.
        """
        stamp = datetime.now(UTC).strftime(STAMP)
        recorder = cls(session_folder(home) / f"{experiment}-{stamp}.jsonl")
        about = {"experiment": experiment, "datasets": list(datasets), "started": now(), "session": session_name()}
        try:
            recorder.add(SETUP, {**setup, **about})
        except WorkError:
            with contextlib.suppress(OSError):
                recorder.path.unlink(missing_ok=True)
            raise
        return recorder

    def add(self, kind: str, row: Mapping[str, Any]) -> None:
        """Append a row of this kind; its values are plain JSON. Raises WorkError where the disk refuses."""
        with disk_trouble_told("keeping what was measured"), self.path.open("a", encoding="utf-8") as lines:
            lines.write(dumps(renamed({"kind": kind, **row})) + "\n")

    def beside(self, name: str) -> Path:
        """The path of a file that belongs to this record: `monitor.csv` -> `<experiment>-<time>.monitor.csv`."""
        return self.path.with_suffix(f".{name}")


@dataclass(frozen=True)
class RunRecord:
    """One record as its file tells it. `setup` has at least `experiment`, `datasets`, `started` and `session`.

    What stands under a known name, in setup and rows, is of its kind (`record_fields`). `lost` counts the lines that
    could not be read (a cut at the end, damage, a field of another kind), the setup among them where that is one.
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
        return sound(_told(self.path.parent / SYSINFO), MACHINE)

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


def read_record(path: Path) -> RunRecord | None:
    """The record in a file, or None where it holds none; lines that are cut short or foreign are left out."""
    record = salvage_record(path)
    return record if record is not None and "kind" in record.setup else None


def salvage_record(path: Path) -> RunRecord | None:
    """The record in a file as far as it can be read, also without its setup; None where no line can be."""
    return salvaged(path)[0]


def salvaged(path: Path) -> tuple[RunRecord | None, str]:
    """The same, or None and why."""
    try:
        text = read_whole(path, MOST_BYTES).decode("utf-8", "replace")
    except Unreadable as error:
        return None, str(error)
    record = salvage_text(path, text)
    if record is None:
        return None, "it is empty" if not text.strip() else "not one of its lines is a row that this version knows"
    return record, ""


def salvage_text(path: Path, text: str) -> RunRecord | None:
    """See `salvage_record`, of a text that lies at `path` or will."""
    lines = [line for line in text.split("\n") if line.strip()]
    parsed = [row for row in map(_parsed, lines) if row]
    setup = parsed.pop(0) if parsed and parsed[0]["kind"] == SETUP else {}
    rows = [row for row in parsed if is_sound_row(row)]
    if not rows and not setup:
        return None
    told = {**_missing_setup(path), **sound(setup, SETUP_FIELDS)}
    told["datasets"] = [str(name) for name in told["datasets"]]
    return RunRecord(path, told, rows, lost=len(lines) - len(rows) - bool(setup))


def list_records(
    home: Home, experiment: str = "*", dataset: str | None = None, foreign: bool = False
) -> list[RunRecord]:
    """The records that have rows, of one experiment or all and one dataset or all, the newest first.

    What was brought in from elsewhere is among them only where `foreign` asks for it.
    """
    records = [record for record in map(read_record, record_paths(home, experiment)) if record and record.rows]
    if dataset is not None:
        records = [record for record in records if dataset in record.setup["datasets"]]
    if not foreign:
        records = [record for record in records if not (record.path.parent / FOREIGN).exists()]
    return newest_first(records)


def record_paths(home: Home, experiment: str = "*") -> list[Path]:
    """The files of all records, readable or not, of one experiment or all, in no order."""
    return [path for path in _found(home.runs, f"*/{experiment}-*.jsonl") if not path.parent.name.startswith(".")]


def _found(folder: Path, pattern: str) -> Iterator[Path]:
    """What is there; nothing where the folder cannot be read."""
    with contextlib.suppress(OSError):
        yield from folder.glob(pattern)


def newest_first(records: Iterable[RunRecord]) -> list[RunRecord]:
    return sorted(records, key=lambda record: str(record.setup["started"]), reverse=True)


def _missing_setup(path: Path) -> dict[str, Any]:
    """What a file's place tells of a record whose setup does not."""
    experiment, _, stamp = path.stem.partition("-")
    try:
        started = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC).isoformat(timespec="seconds")
    except ValueError:
        started = ""
    return {"experiment": experiment, "datasets": [], "started": started, "session": path.parent.name}


def _told(path: Path) -> Mapping[str, Any]:
    try:
        return read_object(path)
    except Unreadable:
        return {}


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        row = parse_object(line)
    except Unreadable:
        return None
    return renamed(row) if isinstance(row.get("kind"), str) else None
