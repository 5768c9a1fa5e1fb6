"""What other programs take of the processors while something is measured."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE
from typing import Any, NamedTuple

import pytest

from core.base.home import Home
from core.jobs import Jobs
from core.machine import background, programs
from core.machine.background import BackgroundLoad
from core.machine.programs import APP, APP_VARIABLE, BusyPrograms, ProcessTimes, app_of_this_job
from core.measure.background_load import BackgroundMeter, background_load, background_text, background_warning
from core.measure.monitor import Monitor
from core.measure.record_fields import renamed


class Times(NamedTuple):
    user: float
    idle: float
    iowait: float = 0.0
    steal: float = 0.0
    guest: float = 0.0


class Machine:
    """Two processors, and a clock that the test turns."""

    def __init__(self) -> None:
        self.now, self.times = 0.0, Times(0, 0)

    def after(self, seconds: float, **times: float) -> None:
        self.now += seconds
        self.times = Times(*(a + b for a, b in zip(self.times, Times(**{"user": 0, "idle": 0, **times}), strict=True)))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(background.psutil, "cpu_times", lambda: made.times)
    monkeypatch.setattr(background.psutil, "cpu_count", lambda: 2)
    monkeypatch.setattr(background.time, "monotonic", lambda: made.now)
    return made


@pytest.mark.parametrize(
    ("times", "own", "share"),
    [
        ({"user": 1.0, "idle": 1.0}, 100.0, 0.0),
        ({"user": 1.5, "idle": 0.5}, 100.0, 0.25),
        ({"user": 0.5, "idle": 1.0, "steal": 0.5}, 50.0, 0.25),
        ({"user": 0.5, "idle": 0.5, "iowait": 1.0}, 50.0, 0.0),
        ({"user": 1.0, "idle": 1.0, "guest": 1.0}, 0.0, 0.5),
        ({"user": 0.5, "idle": 1.5}, 80.0, 0.0),
    ],
)
def test_what_was_not_ours_was_others(machine: Machine, times: Any, own: float, share: float) -> None:
    seen = BackgroundMeter()
    machine.after(1.0, **times)
    seen.look(own)
    assert seen.share == pytest.approx(share)


def test_the_median_of_the_looks_counts_and_short_ones_do_not(machine: Machine) -> None:
    seen = BackgroundMeter()
    assert seen.share is None
    machine.after(0.1, user=0.2)
    seen.look(0.0)
    assert seen.share is None
    for user in (0.0, 1.0, 2.0):
        machine.after(1.0, user=user)
        seen.look(0.0)
    assert seen.share == pytest.approx(0.5)


def test_where_no_monitor_runs_the_own_processes_are_told_apart(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = iter([1.0, 1.5, 1.5])
    monkeypatch.setattr(BackgroundLoad, "_own_seconds", lambda self: next(own))
    seen = BackgroundLoad()
    machine.after(1.0, user=1.5, idle=0.5)
    seen.look()
    assert seen.share == pytest.approx(0.5), "1.5 s of two processors were busy, 0.5 s of it with us"
    machine.after(0.1, user=0.2)
    seen.look()
    assert seen.share == pytest.approx(0.5)


def test_a_background_load_is_told_from_records_of_any_version() -> None:
    assert (
        background_load([renamed({"others_share": 0.1}), {"background_load": 0.3}, {}, {"background_load": None}])
        == 0.2
    )
    assert background_load([{}, renamed({"others_share": True})]) is None
    assert background_text(None) == background_text(0.09) == ""
    assert "took 40% of the processors" in background_text(0.4)


BEFORE = {
    1: ProcessTimes("init", 0, 5.0),
    10: ProcessTimes("streamlit", 1, 20.0),
    11: ProcessTimes("supervisor", 10, 1.0),
    12: ProcessTimes("worker", 11, 50.0),
    20: ProcessTimes("chromium", 1, 7.0),
    21: ProcessTimes("chromium", 20, 7.0),
    30: ProcessTimes("gone", 1, 7.0),
    31: ProcessTimes("kworker/0:1", 2, 7.0),
    40: ProcessTimes("old", 1, 900.0),
}
AFTER = {
    **BEFORE,
    10: ProcessTimes("streamlit", 1, 20.3),
    11: ProcessTimes("supervisor", 10, 1.1),
    12: ProcessTimes("worker", 11, 52.0),
    20: ProcessTimes("chromium", 1, 7.5),
    21: ProcessTimes("chromium", 20, 7.5),
    31: ProcessTimes("kworker/0:1-events", 2, 7.2),
    40: ProcessTimes("another", 1, 0.1, began=9.0),
}
AFTER.pop(30)


def test_who_is_busy_is_told_by_name(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = iter([BEFORE, AFTER, AFTER])
    monkeypatch.setattr(programs, "all_processes", lambda: next(seen))
    looked = BusyPrograms(app=10)
    machine.after(2.0)
    told = looked.look(own=[12])
    assert list(told) == ["chromium", APP, "kworker", "another"], "the measurement itself is not named"
    assert list(told.values()) == pytest.approx([0.25, 0.1, 0.05, 0.025]), "of two processors in two seconds"
    machine.after(2.0)
    assert looked.look() == {}


def test_a_process_is_called_what_it_runs(tmp_path: Path) -> None:
    assert programs.parsed(b"7 (a) b (c) S 3 7 7 0 -1 0 0 0 0 0 100 50 9 9 20 0 1 0 77 5") == (
        "a) b (c", 3, 150 / programs._TICKS, 77.0,
    )  # fmt: skip
    for command, name in (
        (["python", "-W", "error", "-m", "pytest.__main__", "--token=s3cret"], "pytest"),
        (["/usr/bin/python3", "-u", "/home/x/train.py", "s3cret"], "train.py"),
        (["python3", "-c", "s3cret"], ""),
        (["python3"], ""),
    ):
        assert programs.python_program(command) == name
    assert programs.program_name("kworker/3:2-events", 2) == "kworker"
    assert programs.program_name("\x1b[2Jx", 2) == "\\x1b[2Jx"
    (tmp_path / "train.py").write_text("print(flush=True)\ninput()")
    with subprocess.Popen(
        [sys.executable, tmp_path / "train.py", "s3cret"], stdin=PIPE, stdout=PIPE, text=True
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline()  # A program that only begins has no command line yet.
        assert programs.program_name("python3", started.pid) == "python3 train.py"
        started.communicate("\n")
    here = programs.all_processes()
    assert here[os.getpid()].parent == os.getppid()


def test_a_job_knows_the_app_that_started_it(tmp_path: Path) -> None:
    assert Jobs(Home(tmp_path))._environment()[APP_VARIABLE] == str(os.getpid())
    assert app_of_this_job({APP_VARIABLE: str(os.getppid())}) == os.getppid()
    for told in (str(os.getpid()), "", "x"):  # no ancestor: the app has ended, its number may be another's
        assert app_of_this_job({APP_VARIABLE: told}) is None


def test_the_monitor_names_them_where_others_are_busy(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([{"a": 0.2, "b": 0.1}, {"a": 0.4}, {"never": 1.0}])
    monkeypatch.setattr(BusyPrograms, "look", lambda self, own: (setattr(self, "at", machine.now), next(looks))[1])
    monitor, looked = Monitor(tmp_path / "monitor.csv"), BusyPrograms()
    monitor._background = [(3.0, 0.5)]
    for seconds, share in ((1.0, 0.5), (1.5, 0.05), (0.1, 0.5), (2.1, 0.5)):
        machine.after(seconds)
        monitor._look_at_programs(looked, share)
    assert monitor.background() == {
        "background_load": 0.5,
        "background_programs": pytest.approx({"a": 0.3, "b": 0.05}),
    }
    assert monitor.background(since=4.0)["background_programs"] == {"a": 0.4}
    machine.after(100.0)
    monitor._look_at_programs(looked, 0.5)
    assert "never" not in monitor.background()["background_programs"], "who was busy long ago, and when, is not known"
    monitor._background = [(3.0, 0.01)]
    assert monitor.background() == {"background_load": 0.01}


def test_the_warning_says_who_it_was_and_what_helps() -> None:
    rows = [{"background_load": 0.4, "background_programs": {"mypy": 0.3, "cron": 0.02}}, {"background_load": 0.4}]
    said = background_warning(rows)
    assert "other programs took 40% of the processors" in said
    assert "(seen: mypy 30%)" in said
    assert "tab" not in said
    said = background_text(0.4, {"chromium": 0.3, APP: 0.1})
    assert "other work took 40% of the processors during this measurement (seen: chromium 30% and this app 10%)" in said
    assert "if chromium shows this page, with another tab in front" in said
