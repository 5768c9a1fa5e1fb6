"""Jobs with real processes: started, finished, cancelled, killed, queued, found again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jobs_tasks import ENTRY, TASKS

from core.base.errors import InputError
from core.base.home import Home
from core.jobs import Job, Jobs, State, Watch
from core.jobs.job import STARTED
from core.jobs.store import KEPT

ROOT = Path(__file__).parent.parent


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    jobs = Jobs(Home(tmp_path), TASKS, ENTRY)
    yield jobs
    for job in jobs.active():
        jobs.cancel(job.id)
    wait_for(lambda: not jobs.active())


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.03)


def exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def ended(jobs: Jobs, job: Job) -> Job:
    wait_for(lambda: not jobs.get(job.id).active)
    return jobs.get(job.id)


def running(jobs: Jobs, job: Job) -> None:
    wait_for(lambda: jobs.get(job.id).state is State.RUNNING)


def processes(job: Job) -> dict[str, int]:
    return json.loads((job.folder / STARTED).read_text())


def test_a_job_runs_in_another_process_and_hands_back_its_result(jobs: Jobs) -> None:
    job = ended(jobs, jobs.start("count", {"steps": 4}, title="Count to four", owner="start"))
    assert (job.state, job.title, job.owner, job.error) == (State.DONE, "Count to four", "start", None)
    assert job.result["counted"] == 4
    assert job.result["process"] not in (os.getpid(), processes(job)["supervisor"])
    watch = Watch(job).refresh()
    assert watch.fraction == 1.0
    assert [measured.values["step"] for measured in watch.samples["speed"]] == [1, 2, 3, 4]
    assert [message.text for message in watch.messages] == ["counting"]


def test_the_events_of_a_running_job_are_read_as_they_come(jobs: Jobs) -> None:
    job = jobs.start("count", {"steps": 1000, "pause": 0.02}, title="Count")
    watch = Watch(job)
    wait_for(lambda: len(watch.refresh().samples.get("speed", [])) > 3)
    assert watch.progress is not None
    assert 0 < watch.progress.done < 1000
    wait_for(lambda: watch.refresh().remaining())
    assert 1 < (watch.remaining() or 0) < 120


def test_a_task_that_imports_for_long_is_expected_to_take_so_long_before_it_does(jobs: Jobs) -> None:
    job = ended(jobs, jobs.start("told", {"steps": 2, "pause": 0.1}, title="Count"))
    first = next(iter(Watch(job).refresh().stages.values()))
    assert (first.stage, first.left_s) == ("starting", pytest.approx(60.2))
    failed = ended(jobs, jobs.start("told", {"steps": "two"}, title="Count"))
    assert "starting" not in Watch(failed).refresh().stages, "what is wrong with it, the task says itself"
    assert failed.state is State.FAILED


def test_bad_input_ends_as_its_sentence(jobs: Jobs) -> None:
    job = ended(jobs, jobs.start("light", {"fail": "input"}, title="Count"))
    assert (job.state, job.error) == (State.FAILED, "there is no such number; choose another")
    assert job.log() == ""


def test_a_bug_ends_as_a_sentence_and_its_traceback_is_in_the_log(jobs: Jobs) -> None:
    job = ended(jobs, jobs.start("light", {"fail": "bug"}, title="Count"))
    assert job.state is State.FAILED
    assert job.error == "It failed unexpectedly (division by zero); its log has the details."
    assert "ZeroDivisionError" in job.log()


def test_fields_that_a_task_does_not_have_are_refused_in_words(jobs: Jobs) -> None:
    job = ended(jobs, jobs.start("light", {"speed": 3}, title="Count"))
    assert job.state is State.FAILED
    assert "'light'" in (job.error or "")


@pytest.mark.parametrize(("name", "number"), [("SIGKILL", signal.SIGKILL), ("SIGBUS", signal.SIGBUS)])
def test_a_killed_worker_is_told_by_its_signal(jobs: Jobs, name: str, number: signal.Signals) -> None:
    job = jobs.start("light", {"steps": 1000, "pause": 0.05}, title="Count")
    running(jobs, job)
    os.kill(processes(job)["worker"], number)
    job = ended(jobs, job)
    assert job.state is State.FAILED
    assert name in (job.error or "")


def test_a_supervisor_loads_nothing_of_what_a_job_does() -> None:
    code = (
        "import sys; from core.jobs.__main__ import main;"
        "print([name for name in ('numpy', 'PIL', 'h5py', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_supervisor_killed_outright_is_seen_as_gone_and_its_worker_does_not_stay(jobs: Jobs) -> None:
    job = jobs.start("count", {"steps": 1000, "pause": 0.05}, title="Count")
    running(jobs, job)
    started = processes(job)
    os.kill(started["supervisor"], signal.SIGKILL)
    job = ended(jobs, job)
    assert job.state is State.GONE
    assert "process is gone" in (job.error or "")
    wait_for(lambda: not exists(started["worker"]))


def test_cancel_lets_the_task_tidy_up_and_takes_its_children_along(jobs: Jobs, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    job = jobs.start("tidy", {"marker": str(marker)}, title="Hold")
    wait_for(lambda: marker.exists() and marker.read_text())
    child = int(marker.read_text())
    Jobs(jobs.home, TASKS, ENTRY).cancel(job.id)
    job = ended(jobs, job)
    assert job.state is State.CANCELLED
    assert not marker.exists()
    wait_for(lambda: not exists(child))


def test_of_two_heavy_jobs_the_second_waits_and_says_for_whom(jobs: Jobs) -> None:
    first = jobs.start("count", {"steps": 40, "pause": 0.05}, title="First")
    running(jobs, first)
    second = jobs.start("count", {"steps": 1}, title="Second")
    third = jobs.start("count", {"steps": 1}, title="Third")
    assert [job.title for job in jobs.waits_for(jobs.get(third.id))] == ["First", "Second"]
    assert jobs.get(second.id).state is State.WAITING
    light = ended(jobs, jobs.start("light", {"steps": 1}, title="Light"))
    assert light.state is State.DONE
    assert jobs.get(first.id).state is State.RUNNING, "a light job does not wait for a heavy one"
    first, second, third = ended(jobs, first), ended(jobs, second), ended(jobs, third)
    assert first.ended <= second.started <= second.ended <= third.started


def test_a_waiting_job_can_be_cancelled_and_the_queue_moves_on(jobs: Jobs) -> None:
    first = jobs.start("count", {"steps": 1000, "pause": 0.05}, title="First")
    running(jobs, first)
    second = jobs.start("count", {}, title="Second")
    third = jobs.start("count", {}, title="Third")
    jobs.cancel(second.id)
    assert ended(jobs, second).state is State.CANCELLED
    jobs.cancel(first.id)
    assert ended(jobs, third).state is State.DONE


def test_the_turn_passes_on_when_the_running_job_is_killed(jobs: Jobs) -> None:
    first = jobs.start("count", {"steps": 1000, "pause": 0.05}, title="First")
    running(jobs, first)
    second = jobs.start("count", {"steps": 1}, title="Second")
    for process in ("worker", "supervisor"):
        os.kill(processes(first)[process], signal.SIGKILL)
    assert ended(jobs, second).state is State.DONE


def test_a_job_outlives_whoever_started_it(jobs: Jobs, tmp_path: Path) -> None:
    """A server that is killed leaves its jobs running; the next server finds them by their folders."""
    script = (
        "import sys; sys.path[:0] = ['tests', '.']\n"
        "from pathlib import Path; from jobs_tasks import ENTRY, TASKS\n"
        "from core.base.home import Home; from core.jobs import Jobs\n"
        f"jobs = Jobs(Home(Path({str(tmp_path)!r})), TASKS, ENTRY)\n"
        "print(jobs.start('count', {'steps': 20, 'pause': 0.05}, title='Count').id)\n"
        "import os, signal, time; time.sleep(0.5); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).resolve().parent.parent
    server = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True)
    assert server.returncode == -signal.SIGKILL, server.stderr
    found = jobs.active()
    assert [job.id for job in found] == [server.stdout.strip()]
    assert ended(jobs, found[0]).state is State.DONE


def test_unknown_tasks_and_jobs_are_refused(jobs: Jobs) -> None:
    with pytest.raises(InputError, match="there are: count, light, told, tidy"):
        jobs.start("fly", {}, title="Fly")
    with pytest.raises(InputError, match="there is no job"):
        jobs.get("20260101-000000-000000-count-0000")
    assert jobs.all() == []


def test_old_ended_jobs_are_cleared_away_but_not_the_active(jobs: Jobs) -> None:
    active = jobs.start("count", {"steps": 1000, "pause": 0.05}, title="Active")
    for number in range(KEPT + 5):
        folder = jobs.home.jobs / f"20200101-000000-{number:06d}-count-0000"
        folder.mkdir()
        spec = {"task": "count", "title": str(number), "owner": "", "heavy": True, "created": 0.0, "fields": {}}
        (folder / "spec.json").write_text(json.dumps(spec))
        (folder / "end.json").write_text(json.dumps({"state": "done", "ended": 1.0}))
    jobs.prune()
    kept = jobs.all()
    assert len(kept) == KEPT + 1
    assert kept[0].id == active.id
    assert kept[-1].title == "5", "the oldest went"


def test_cancelling_a_job_that_ended_changes_nothing(jobs: Jobs) -> None:
    job = ended(jobs, jobs.start("light", {}, title="Count"))
    jobs.cancel(job.id)
    assert jobs.get(job.id) == job
