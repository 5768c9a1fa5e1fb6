"""Runs from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from core.__main__ import main
from core.base.home import Home
from tests.results_fixtures import ME, loader_record


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a verb; returns (status, JSON, standard error)."""

    def run(*arguments: str) -> tuple[int, Any, str]:
        status = main([*arguments, "--json"])
        out, error = capsys.readouterr()
        return status, json.loads(out.splitlines()[-1]) if out else None, error

    return run


def test_runs_are_listed_the_newest_first(empty: Home, said: Any) -> None:
    assert said("runs") == (0, {"runs": []}, "")
    loader_record(empty, 1)
    loader_record(empty, 2)
    _, told, _ = said("runs", "list")
    assert [run["started"][11:13] for run in told["runs"]] == ["02", "01"]


def test_a_run_travels(empty: Home, said: Any, tmp_path: Path) -> None:
    record = loader_record(empty, 1)
    file = str(tmp_path / "sent.run.zip")
    assert said("runs", "export", record.name, "--to", file)[0] == 0
    there = str(tmp_path / "there")
    status, told, _ = said("runs", "import", file, "--home", there)
    assert (status, told["rows"], told["from"]) == (0, 12, "sent.run.zip")
    assert len(said("runs", "--home", there)[1]["runs"]) == 1


def test_rows_go_to_a_spreadsheet_and_the_record_to_a_program(empty: Home, said: Any, tmp_path: Path) -> None:
    loader_record(empty, 1)
    assert said("runs", "export", "session-1", "--to", str(tmp_path / "a.csv"))[0] == 0
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["samples_per_s"] for row in rows[:3]] == ["200.0", "202.0", "205.0"]
    assert said("runs", "export", "session-1", "--to", str(tmp_path / "a.json"))[0] == 0
    told = json.loads((tmp_path / "a.json").read_text())
    assert (told["machine"], len(told["rows"]), told["setup"]["cache"]) == (ME, 12, "warm")


def test_comparing_says_what_may_be_said(empty: Home, said: Any) -> None:
    loader_record(empty, 1)
    loader_record(empty, 2, factor=1.5)
    status, told, _ = said("runs", "compare", "session-1", "session-2")
    assert (status, told["measure"], told["differences"]) == (0, "samples_per_s", [])
    row = next(row for row in told["rows"] if row["store"] == "lmdb/raw" and row["run"] == 2)
    assert (row["verdict"], row["values"]) == ("different", [300.0, 303.0, 307.5])
    assert row["times_as_good"] == pytest.approx(1.5)
    assert row["low"] < 1.5 < row["high"]


def test_machines_are_not_mixed_unless_asked(empty: Home, said: Any) -> None:
    loader_record(empty, 1)
    loader_record(empty, 2, machine={**ME, "processor": "Chip B"})
    status, _, error = said("runs", "compare", "session-1", "session-2")
    assert status == 2
    assert error == "these runs should not be compared: processor: Chip A | Chip B\n"
    status, told, _ = said("runs", "compare", "session-1", "session-2", "--anyway")
    assert (status, [one["subject"] for one in told["differences"]]) == (0, ["processor"])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("export", "nothing", "--to", "x.zip"), "no run 'nothing'"),
        (("export", "session", "--to", "x.zip"), "give more of the name"),
        (("export", "session-1", "--to", "x.doc"), "end the name in"),
        (("export", "session-1", "--to", "/no/such/folder/x.zip"), "No such file"),
        (("import", "missing.zip"), "cannot be read"),
        (("compare", "session-1", "--measure", "beauty"), "there are: samples_per_s, first_batch_s"),
    ],
)
def test_what_does_not_go_is_said_in_a_line(empty: Home, said: Any, arguments: tuple[str, ...], reason: str) -> None:
    loader_record(empty, 1)
    loader_record(empty, 2)
    status, told, error = said("runs", *arguments)
    assert status in (1, 2)
    assert told is None
    assert reason in error
    assert error.count("\n") == 1
