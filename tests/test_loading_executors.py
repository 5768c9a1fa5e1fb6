"""Who makes the batches: order, cuts, bounds, errors, and that everything stops. Without any kernel."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from core.base.errors import WorkError
from core.loading.batch_sampler import BatchSpec
from core.loading.executors import Inline, Threads


def specs(count: int) -> Iterator[BatchSpec]:
    return (BatchSpec(0, number, np.arange(3)) for number in range(count))


class Recorder:
    """Begins batches of `parts` parts each, or of as many as threads have nothing else to do; notes what happens."""

    def __init__(self, parts: int | None = None, seconds: float = 0.0, broken: tuple[int, int] | None = None) -> None:
        self.parts, self.seconds, self.broken = parts, seconds, broken
        self.idle: list[int] = []
        self.done: list[tuple[int, int]] = []
        self.running = 0
        self.handed_out = 0
        self.most_in_the_making = 0
        self.lock = threading.Lock()

    def begin(self, spec: BatchSpec, idle: int) -> Recorded:
        self.idle.append(idle)
        return Recorded(self, spec.number, self.parts or idle)


class Recorded:
    def __init__(self, recorder: Recorder, number: int, parts: int) -> None:
        self.recorder, self.number, self.parts = recorder, number, parts

    def do(self, part: int) -> None:
        with self.recorder.lock:
            self.recorder.running += 1
            in_the_making = self.number + 1 - self.recorder.handed_out
            self.recorder.most_in_the_making = max(self.recorder.most_in_the_making, in_the_making)
        time.sleep(self.recorder.seconds * (1 + part % 2))
        with self.recorder.lock:
            self.recorder.running -= 1
            self.recorder.done.append((self.number, part))
        if (self.number, part) == self.recorder.broken:
            raise WorkError(f"part {part} of batch {self.number}")

    def made(self) -> int:
        with self.recorder.lock:
            self.recorder.handed_out += 1
        return self.number


@pytest.mark.parametrize("executor", [Inline(), Threads(1, 1), Threads(3, 1), Threads(2, 5)])
def test_batches_come_in_order_and_every_part_is_done_once(executor: Inline | Threads) -> None:
    recorder = Recorder(parts=3, seconds=0.0005)
    assert list(executor.run(specs(8), recorder.begin)) == list(range(8))
    assert sorted(recorder.done) == [(number, part) for number in range(8) for part in range(3)]
    assert list(executor.run(specs(0), recorder.begin)) == []
    executor.close()


@pytest.mark.parametrize(
    ("threads", "ahead", "batches", "idle"),
    [
        (2, 4, 1, [2]),
        (2, 4, 5, [2, 1, 1, 1, 2]),
        (3, 6, 6, [3, 1, 1, 1, 3, 3]),
        (2, 1, 3, [2, 2, 2]),
        (3, 2, 3, [3, 3, 3]),
        (1, 2, 2, [1, 1]),
    ],
)
def test_a_batch_is_cut_where_threads_would_be_idle(threads: int, ahead: int, batches: int, idle: list[int]) -> None:
    executor, recorder = Threads(threads, ahead), Recorder()
    assert list(executor.run(specs(batches), recorder.begin)) == list(range(batches))
    assert recorder.idle == idle
    executor.close()


@pytest.mark.parametrize("ahead", [1, 3])
def test_no_more_batches_are_in_the_making_than_allowed(ahead: int) -> None:
    executor, recorder = Threads(3, ahead), Recorder(parts=2, seconds=0.001)
    for _ in executor.run(specs(10), recorder.begin):
        time.sleep(0.002)
    assert recorder.most_in_the_making == ahead
    executor.close()


def test_parts_of_one_batch_are_done_side_by_side() -> None:
    """Each part waits until all three have begun."""
    executor, together = Threads(3, 1), threading.Barrier(3, timeout=20)

    class Meeting:
        parts = 3

        def do(self, part: int) -> None:
            together.wait()

        def made(self) -> str:
            return "met"

    assert list(executor.run(specs(2), lambda spec, idle: Meeting())) == ["met", "met"]
    executor.close()


def test_what_a_part_raises_is_raised_once_all_parts_are_over() -> None:
    executor, recorder = Threads(2, 4), Recorder(parts=2, seconds=0.005, broken=(1, 0))
    run = executor.run(specs(9), recorder.begin)
    assert next(run) == 0
    with pytest.raises(WorkError, match="part 0 of batch 1"):
        next(run)
    assert recorder.running == 0
    assert (8, 1) not in recorder.done
    assert list(executor.run(specs(2), Recorder().begin)) == [0, 1]
    executor.close()


def test_leaving_half_way_ends_all_work() -> None:
    executor, recorder = Threads(2, 4), Recorder(parts=2, seconds=0.005)
    run = executor.run(specs(9), recorder.begin)
    assert next(run) == 0
    run.close()
    assert recorder.running == 0
    done = list(recorder.done)
    time.sleep(0.03)
    assert recorder.done == done
    executor.close()


@pytest.mark.parametrize("pause", [0.0, 0.1])
def test_an_epoch_whose_loader_is_closed_ends_with_a_sentence(pause: float) -> None:
    executor, recorder = Threads(2, 3), Recorder(parts=2, seconds=0.002)
    run = executor.run(specs(30), recorder.begin)
    assert next(run) == 0
    time.sleep(pause)
    executor.close()
    with pytest.raises(WorkError, match="closed in the middle of an epoch"):
        list(run)
    assert recorder.running == 0


def test_forgotten_threads_end() -> None:
    executor = Threads(2, 2)
    assert list(executor.run(specs(3), Recorder().begin)) == [0, 1, 2]
    threads = list(executor._threads)
    assert [thread.is_alive() for thread in threads] == [True, True]
    del executor
    gc.collect()
    for thread in threads:
        thread.join(20)
    assert [thread.is_alive() for thread in threads] == [False, False]


def test_a_program_that_ends_in_mid_epoch_ends() -> None:
    program = (
        "from tests.test_loading_executors import *\n"
        "executor, recorder = Threads(2, 2), Recorder(parts=2, seconds=0.05)\n"
        "run = executor.run(specs(1000), recorder.begin)\n"
        "print(next(run))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "0\n", "")
