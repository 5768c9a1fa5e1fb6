"""The event file of a job, and the estimate that is made from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.base.events import Message, Progress, Sample, from_fields
from core.base.time_left import Remaining
from core.jobs.estimate import TimeLeftEstimate
from core.jobs.eventlog import EventReader, EventWriter


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    writer, reader = EventWriter(tmp_path / "events"), EventReader(tmp_path / "events")
    writer.write(Message("one"))
    assert [stamped.event for stamped in reader.new()] == [Message("one")]
    assert list(reader.new()) == []
    writer.write(Sample("speed", {"samples_per_s": 2.5}))
    assert [stamped.event for stamped in reader.new()] == [Sample("speed", {"samples_per_s": 2.5})]
    writer.close()


def test_a_file_that_is_not_there_yet_has_no_events(tmp_path: Path) -> None:
    assert list(EventReader(tmp_path / "events").new()) == []


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    path = tmp_path / "events"
    writer, reader = EventWriter(path), EventReader(path)
    writer.write(Message("whole"))
    writer.close()
    line = path.read_bytes()
    path.write_bytes(line + line[:20])
    assert len(list(reader.new())) == 1
    path.write_bytes(line + line)
    assert len(list(reader.new())) == 1


@pytest.mark.parametrize(
    "broken", ["{", "[]", '{"at": 1}', '{"at": 1, "kind": "progress"}', '{"kind": "message"}', "7"]
)
def test_broken_lines_are_passed_over(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "events"
    writer = EventWriter(path)
    writer.write(Message("before"))
    with path.open("a") as file:
        file.write(broken + "\n")
    writer.write(Message("after"))
    writer.close()
    assert [stamped.event.text for stamped in EventReader(path).new()] == ["before", "after"]


def test_fast_progress_is_thinned_out_but_its_ends_are_kept(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path / "events")
    for done in range(1, 5001):
        writer.write(Progress("copy", done, 5000))
    for done in range(1, 8):
        writer.write(Progress("check", done, None))
    writer.close()
    events = [stamped.event for stamped in EventReader(tmp_path / "events").new()]
    copied = [event.done for event in events if event.stage == "copy"]
    assert (copied[0], copied[-1]) == (1, 5000)
    assert len(copied) < 1000
    assert [event.done for event in events if event.stage == "check"] == [1, 7]


def test_the_estimate_follows_a_steady_rate() -> None:
    estimate = TimeLeftEstimate()
    for second in range(11):
        estimate.add(float(second), Progress("copy", second * 100, 5000))
    assert estimate.rate == pytest.approx(100)
    assert estimate.remaining(10.0) == pytest.approx(40)
    assert estimate.remaining(15.0) == pytest.approx(35), "time goes by between two events"


def test_the_estimate_begins_anew_with_each_stage() -> None:
    estimate = TimeLeftEstimate()
    for second in range(11):
        estimate.add(float(second), Progress("copy", second * 100, 5000))
    estimate.add(11.0, Progress("check", 0, 10))
    assert estimate.remaining(11.0) is None
    for second in range(1, 5):
        estimate.add(11.0 + second, Progress("check", second, 10))
    assert estimate.remaining(15.0) == pytest.approx(6)


def test_a_change_of_pace_is_seen_soon() -> None:
    estimate = TimeLeftEstimate()
    for second in range(61):
        estimate.add(float(second), Progress("copy", second * 100, 20000))
    for second in range(1, 16):
        estimate.add(60.0 + second, Progress("copy", 6000 + second * 10, 20000))
    assert estimate.rate is not None
    assert estimate.rate < 60, "between the old pace of 100 and the new one of 10"


def test_what_a_task_tells_itself_counts() -> None:
    estimate = TimeLeftEstimate()
    estimate.add(0.0, Progress("racing", 0, 36, "turns", 80.0))
    assert estimate.remaining(0.0) == pytest.approx(80), "before anything was done"
    estimate.add(30.0, Progress("racing", 1, 36, "turns", 75.0))
    assert estimate.remaining(32.0) == pytest.approx(73)
    assert estimate.remaining(500.0) == 0.0


def test_an_event_of_an_earlier_version_has_no_such_field() -> None:
    assert from_fields({"kind": "progress", "stage": "a", "done": 1, "total": 2, "unit": "images"}).left_s is None


RECORDED = {
    "as planned": [4.6] * 36,
    "a first turn that compiled kernels": [31.0, *[4.6] * 35],
    "turns of several kinds": [3.2, 4.5, 12.0, 3.1, 4.4, 11.8] * 6,
    "a first round that compares": [*[9.0] * 12, *[4.5] * 24],
    "a busy machine": [7.7, 8.3, 9.4, 8.8, 7.9, 8.6] * 6,
}
"""Seconds of 36 turns: 12 settings, three rounds, each planned to take 4.5 s."""


@pytest.mark.parametrize("name", RECORDED)
def test_the_rest_of_an_experiment_converges(name: str) -> None:
    turns = RECORDED[name]
    kinds = [f"setting {number % 12}" for number in range(36)]
    left, told = Remaining(dict.fromkeys(kinds, 3), dict.fromkeys(kinds, 4.5)), []
    for number, (kind, seconds) in enumerate(zip(kinds, turns, strict=True)):
        told.append((left.seconds or 0.0) / sum(turns[number:]))
        left.note(kind, 1, seconds)
    assert left.seconds == 0.0
    assert all(0.45 < one < 2.05 for one in told), "1 min 18 s never becomes 18 min"
    assert all(0.7 < one < 1.45 for one in told[18:]), "half-way it is known"


def test_kinds_without_a_plan_are_told_apart_by_their_own_pace() -> None:
    """Validating is five times as fast as learning; both are told from what was seen of them."""
    left = Remaining({"learning": 1000, "validating": 1000})
    assert left.seconds is None
    left.note("learning", 500, 50.0)
    assert left.seconds == pytest.approx(150), "one pace for both until the other is seen"
    left.note("validating", 500, 10.0)
    assert left.seconds == pytest.approx(60)
    left.drop("validating")
    assert left.seconds == pytest.approx(50)


def test_what_has_no_total_has_no_estimate() -> None:
    estimate = TimeLeftEstimate()
    for second in range(5):
        estimate.add(float(second), Progress("list", second, None))
    assert estimate.rate == pytest.approx(1)
    assert estimate.remaining(5.0) is None
