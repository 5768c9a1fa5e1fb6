"""The event file of a job, and the estimate that is made from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.base import steps_left
from core.base.events import STARTING, Event, Message, Progress, Sample, from_fields
from core.base.home import REPOSITORY, Home
from core.base.steps_left import StepsLeft
from core.base.time_left import MOST, Remaining
from core.jobs import Job, Watch
from core.jobs.earlier import REFERRED, USUAL, StageTime, StageTimes, earlier_stages
from core.jobs.estimate import TimeLeftEstimate
from core.jobs.eventlog import EventReader, EventWriter, Stamped
from core.jobs.job import read_job


def took(images: int = 0, **seconds: float) -> StageTimes:
    """The stages of a job, each of so many images."""
    unit = "images" if images else ""
    return {stage.replace("_", " "): StageTime(each, images, unit) for stage, each in seconds.items()}


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


def test_how_slowly_a_stage_began_is_soon_forgotten() -> None:
    """Its processes take 4 s to start; then it goes on steadily to the 60th second."""
    estimate = TimeLeftEstimate()
    for second in range(13):
        estimate.add(float(second), Progress("reading", max(second - 4, 0) * 100, 5600))
    assert estimate.remaining(12.0) == pytest.approx(48, rel=0.3), "after a fifth of the work"


def test_what_earlier_jobs_did_after_they_had_told_the_last_is_added() -> None:
    """Writing takes 40 s and syncing, of which the task does not tell, 20; so it was, twice as long, before."""
    estimate = TimeLeftEstimate(lambda: [took(writing=80.0, after_writing=40.0)])
    short = TimeLeftEstimate(lambda: [took(writing=0.5, after_writing=0.5)])
    for one in (estimate, short):
        one.add(0.0, Progress("writing", 0, 100, left_s=40.0))
        one.add(8.0, Progress("writing", 20, 100, left_s=32.0))
    assert estimate.remaining(12.0) == pytest.approx(48)
    assert short.remaining(12.0) == pytest.approx(28.5), "half a second to end, not as long again"


def test_a_stage_that_tells_nothing_takes_its_time_after_one_that_told() -> None:
    """Measuring told that all is over; then 60 folders are removed, one each second."""
    estimate = TimeLeftEstimate()
    estimate.add(0.0, Progress("measuring", 0, 10, left_s=10.0))
    estimate.add(10.0, Progress("measuring", 10, 10, left_s=0.0))
    for second in range(13):
        estimate.add(10.0 + second, Progress("removing", second, 60, "folders"))
    assert estimate.remaining(22.0) == pytest.approx(48)


def test_the_estimate_begins_anew_with_each_stage() -> None:
    estimate = TimeLeftEstimate()
    for second in range(11):
        estimate.add(float(second), Progress("copy", second * 100, 5000))
    estimate.add(11.0, Progress("check", 0, 10))
    assert estimate.remaining(11.0) is None
    for second in range(1, 5):
        estimate.add(11.0 + second, Progress("check", second, 10))
    assert estimate.remaining(15.0) == pytest.approx(6)


def test_earlier_jobs_tell_of_the_stages_that_follow() -> None:
    """Unpacking takes 10 s, reading 28 s, scaling 2 s. Jobs before it were larger, and as long in proportion."""
    earlier = [took(extracting=100.0 * off, reading=300.0, scaling=20.0) for off in (1.0, 1.2, 0.9)]
    earlier.append(took(downloading=9.0, reading=5.0))  # says nothing of what follows on unpacking
    alone, knowing = TimeLeftEstimate(), TimeLeftEstimate(lambda: earlier)
    stages = [("extracting", 0.0, 10.0), ("reading", 10.0, 38.0), ("scaling", 38.0, 40.0)]
    told = {}
    for stage, begun, ended in stages:
        for tenth in range(int(10 * begun), int(10 * ended) + 1):
            at = tenth / 10
            for estimate in (alone, knowing):
                estimate.add(at, Progress(stage, round(100 * (at - begun)), round(100 * (ended - begun))))
            told[at] = [estimate.remaining(at) for estimate in (alone, knowing)]
    for at in (8.0, 20.0, 32.0):
        assert told[at][1] == pytest.approx(40 - at, rel=0.3), f"after {at / 40:.0%}"
    assert told[8.0][0] == pytest.approx(2.0), "without them, of the stage alone"
    assert told[39.5][1] == pytest.approx(0.5, rel=0.3)


def test_what_the_stages_of_earlier_jobs_took_is_read_from_their_events(empty: Home) -> None:
    def job(number: int, task: str, state: str, stages: dict[str, float], **fields: str) -> Job:
        folder = empty.jobs / f"20260101-00000{number}-000000-{task}-abcd"
        folder.mkdir(parents=True)
        spec = {"task": task, "title": "t", "owner": "", "heavy": True, "created": 1.0, "fields": fields}
        (folder / "spec.json").write_text(json.dumps(spec))
        (folder / "started.json").write_text(json.dumps({"started": 1.0}))
        at, lines = 1.0, []
        for stage, seconds in stages.items():
            for part in (0, 1):
                event = {"kind": "progress", "stage": stage, "done": part, "total": 1}
                lines.append(json.dumps({"at": at + part * seconds, **event}))
            at += seconds + 0.5
        (folder / "events.jsonl").write_text("".join(f"{line}\n" for line in [*lines, "half a li"]))
        (folder / "end.json").write_text(json.dumps({"state": state, "ended": at}))
        return read_job(folder)

    first = job(0, "import", "done", {"reading": 1.0})
    assert earlier_stages(first) == []
    job(1, "import", "done", {"extracting": 4.0, "reading": 8.0})
    job(2, "import", "failed", {"extracting": 1.0})
    job(3, "import-upload", "done", {"extracting": 2.0})
    builds = [job(number, "build", "done", {form: 2.0}, format=form) for number, form in ((7, "l"), (8, "h"), (9, "l"))]
    assert earlier_stages(builds[2]) == [took(1, l=2.0) | took(after_l=0.5)], "of the same format"
    assert earlier_stages(builds[1]) == [], "of another one nothing"
    job(4, "import", "done", {"reading": 3.0})
    (empty.jobs / "20260101-000005-000000-import-abcd").mkdir()
    now = job(6, "import", "done", {"reading": 1.0})
    newest, middle, oldest = earlier_stages(now)
    assert newest == took(1, reading=3.0) | took(after_reading=0.5)
    assert oldest == took(1, reading=1.0) | took(after_reading=0.5)
    assert middle == took(1, extracting=4.0, reading=8.0) | took(after_extracting=0.5, after_reading=0.5)
    assert list(middle) == ["extracting", "after extracting", "reading", "after reading"]
    watch = Watch(now)
    watch._take(Stamped(10.0, Progress("extracting", 0, 1)))
    assert watch._estimate.remaining(10.0) == pytest.approx(4 + 0.5 + 8 + 0.5), "as long as that one took"
    watch._take(Stamped(11.0, Progress("copying", 0, 1)))
    assert watch._estimate.remaining(11.0) is None, "a stage that nobody had"


def test_what_is_usual_counts_until_a_job_was_done_here_and_a_stage_says_itself() -> None:
    """A thousand images, with 2 ms each and as much for what follows; here they take 4 ms."""
    usual, tiny = took(1000, reading=2.0, writing=2.0), took(10, reading=0.5, writing=0.5)
    first = TimeLeftEstimate(lambda: [tiny], usual)
    knowing = TimeLeftEstimate(lambda: [tiny, took(500, reading=2.0, writing=3.0)], usual)
    for estimate in (first, knowing, alone := TimeLeftEstimate()):
        estimate.add(0.0, Progress("reading", 0, 1000))
    assert first.remaining(0.5) == pytest.approx(3.5), "ten images say nothing of a thousand"
    assert knowing.remaining(0.5) == pytest.approx(4 + 6 - 0.5)
    assert alone.remaining(0.5) is None
    (of_bytes := TimeLeftEstimate(usual=usual)).add(0.0, Progress("reading", 0, 60_000_000, "bytes"))
    assert of_bytes.remaining(0.5) is None, "images say nothing of bytes"
    for tenth in range(1, 21):
        for estimate in (first, knowing):
            estimate.add(tenth / 10, Progress("reading", 25 * tenth, 1000))
    assert first.remaining(2.0) == pytest.approx(2 + (4 + 2) / 2), "in proportion to this stage, and as it was"
    assert knowing.remaining(2.0) == pytest.approx(2 + 6)


def test_what_was_expected_counts_until_a_stage_says_more() -> None:
    estimate = TimeLeftEstimate()
    estimate.add(0.0, Progress(STARTING, 0, None, left_s=600.0))
    estimate.add(2.0, Progress("reading", 0, 100))
    assert estimate.remaining(2.0) == pytest.approx(598)
    for second in range(1, 5):
        estimate.add(2.0 + second, Progress("reading", second * 10, 100))
    assert estimate.remaining(6.0) == pytest.approx(6), "however wrong it was"


def test_every_stage_that_is_usual_is_one_of_its_task() -> None:
    sources = dict.fromkeys(["import", REFERRED, "import-upload", "convert", "recheck"], "importing")
    sources["dataset-check"] = "datasets/quality"
    assert sources.keys() == USUAL.keys()
    for task, folder in sources.items():
        paths = [path for name in (folder, "sources") for path in (REPOSITORY / "core" / name).rglob("*.py")]
        text = "".join(path.read_text(encoding="utf-8") for path in paths)
        for stage in USUAL[task].keys() - {"writing"}:  # convert builds a store at last, which tells itself
            assert f'"{stage}"' in text, f"{task} has no stage {stage}"


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


def test_nothing_is_told_of_work_before_a_few_results_were_seen() -> None:
    """The first chunk of two processes comes after 2 s, the others every 0.1 s."""
    left = Remaining({"writing": 100})
    for number in range(20):
        left.note("writing", 1, 2.0 if number == 0 else 0.1)
        if number < 3:
            assert left.seconds is None, "50 s would be wild"
    assert left.seconds == pytest.approx(8.0), "the first one is forgotten"


def test_a_plan_counts_for_a_second_of_what_was_seen() -> None:
    """The first chunks take twice as long as planned; the rest will not."""
    left = Remaining({"writing": 1000}, {"writing": 0.01})
    for _ in range(10):
        left.note("writing", 5, 0.1)
    assert left.seconds == pytest.approx(950 * (1 + 1) / (100 + 50)), "as if 100 had gone by the plan"
    for _ in range(90):
        left.note("writing", 5, 0.1)
    assert left.seconds == pytest.approx(500 * 0.02, rel=0.15), "what is seen for long counts alone"


def test_a_million_results_cost_as_little_as_some() -> None:
    left = Remaining({"writing": 2000})
    for number in range(1000):
        left.note("writing", 1, 1.0 if number < 500 else 0.1)
    assert left.seconds == pytest.approx(380, rel=0.1), "by the later half of the time"
    assert max(map(len, left._seen.values())) <= MOST


def test_steps_tell_of_themselves_and_of_those_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images take 10 s, of which their import tells nothing; a build 4 s, of which it tells itself; loading 20 s."""
    now = [0.0]
    monkeypatch.setattr(steps_left, "time", SimpleNamespace(monotonic=lambda: now[0]))
    left = StepsLeft({"images": 5.0, "build": 4.0, "gone": 50.0, "loading": 20.0})
    left.drop("gone")

    def step(stage: str, seconds: int, tells: bool) -> Iterator[Event]:
        for second in range(seconds + 1):
            yield Progress(stage, second, seconds, left_s=float(seconds - second) if tells else None)
            now[0] += 1.0 if second < seconds else 0.0

    told = {}
    for name, seconds, tells in (("images", 10, False), ("build", 4, True), ("loading", 20, True)):
        for event in left.told(name, step(name, seconds, tells)):
            told[now[0]] = event.left_s
    assert told[0.0] == pytest.approx(29), "as planned"
    assert all(told[at] == pytest.approx(34 - at, rel=0.3) for at in range(7, 34)), "after a fifth"
    parts = list(StepsLeft({"images": 9.0}).told("images", step("one of many", 2, True), parts=True))
    assert parts[-1].left_s == pytest.approx(7), "a part that is done is not the whole step"


def test_a_repeat_that_is_late_takes_nothing_from_those_to_come() -> None:
    left = Remaining({"a": 2, "b": 3}, {"a": 2.0, "b": 4.0})
    assert left.within("a", 1.5) == pytest.approx(14.5)
    assert left.within("a", 60.0) == pytest.approx(14.0)


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
