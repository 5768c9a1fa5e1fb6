"""What other programs take of the processors while something is measured."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from core.machine import background
from core.machine.background import BackgroundLoad
from core.measure.background_load import BackgroundMeter, background_load, background_text
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
