"""A storage experiment while it runs: tries every workload, plans the rounds, measures, and keeps what it found."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from ...base.events import Event, Message, Progress, Result, Sample
from ...base.home import Home
from ...base.steps import Steps
from ...datasets.dataset import Dataset
from ...machine.session import versions
from ..monitor import Monitor
from ..record_fields import printed
from ..records import RunRecorder
from .choice import MethodChoice
from .images import load
from .repeats import TimeUp, WorkloadRun, WorkloadTimes
from .rows import LEFT_OUT, StorageRows
from .schedule import Cost, Costs, Repeats, Workload, allot, forecast, seconds_of, share_of
from .scratch_dir import ScratchDirectory

if TYPE_CHECKING:
    from .experiment import StorageExperiment

WORK = "seconds of work"
"""The unit of its progress: workloads differ a thousandfold."""

TRIAL = 64
"""Images with which every workload is tried, so that its cost can be foretold."""

LARGE_TRIAL, LARGE_TRIAL_SECONDS = 1_000, 5.0
"""Where no cut-off is smaller, every workload that needs no longer for so many is tried with them as well."""

RECENT, LEAST_COST = 30, 1e-3
"""Workloads that say how far forecasts are off at present; seconds below which a forecast is no measure of anything."""

SPARE_BYTES = 1 << 28
"""What the disk must still have free when the largest container is on it."""

MEMORY_SHARE = 0.4
"""The part of the memory that is free which a method may hold at once."""


class StorageRun:
    """An experiment while it runs."""

    def __init__(
        self, asked: StorageExperiment, home: Home, dataset: Dataset, chosen: Sequence[MethodChoice], scratch: Path
    ) -> None:
        self.asked = asked
        self.home = home
        self.dataset = dataset
        self.chosen = chosen
        self.scratch = ScratchDirectory(scratch)
        self.cutoffs = sorted(set(asked.cutoffs))
        self.ends = time.monotonic() + 60 * asked.minutes
        self.costs = Costs()
        self.workloads: list[Workload] = []
        self.left_out: list[dict[str, Any]] = []
        self._done_s = 0.0
        self._off: list[float] = []

    def run(self) -> Iterator[Event]:
        yield from self._tell_refused()
        yield from self.prepare(most=self.cutoffs[-1])
        self.recorder = RunRecorder.begin(self.home, "storage", [self.dataset.name], self._setup())
        self.rows = StorageRows(self.recorder)
        try:
            with Monitor(self.recorder.beside("monitor.csv")) as self.monitor:
                for number, count in enumerate(self.cutoffs):
                    yield from self._measure(number, count)
                    self.rows.finish()
                yield from self.scratch.clear()
        finally:
            self.rows.finish()
            self.scratch.leave()
        setup = printed({**self._setup(), "datasets": [self.dataset.name]})
        result = {"file": str(self.recorder.path), "setup": setup, "rows": self.rows.done, "left_out": self.left_out}
        yield Result(result)

    def prepare(self, most: int) -> Generator[Event, None, None]:
        """Load the images and try every workload once, which also loads every library."""
        asked = self.asked
        count = min(most, self.cutoffs[-1])
        self.images = yield from load(self.dataset, asked.split, count, asked.size, asked.seed)
        methods = [choice.method(self.images, asked.batch_size) for choice in self.chosen if not choice.why_not]
        self.workloads = [Workload(method, layout) for method in methods for layout in method.layouts]
        for number, workload in enumerate(self.workloads):
            yield Progress("trying each method once", number, len(self.workloads), "workloads")
            yield from self._trial(workload, min(TRIAL, count))
            if most > TRIAL and self.cutoffs[0] > LARGE_TRIAL and self._seconds(workload) < LARGE_TRIAL_SECONDS:
                yield from self._trial(workload, LARGE_TRIAL)

    # ------------------------------------------------------------ one cut-off

    def _measure(self, number: int, count: int) -> Iterator[Event]:
        """All workloads at one number of images, interleaved: each round begins with another one."""
        allotted = yield from self._plan(number, count)
        ahead = forecast(self.costs, self.cutoffs[number:], self._left(), self.asked.repeats).seconds
        expected = {workload: self.costs.cost(workload.name, count) for workload in allotted}
        total_s, self._off = self._done_s + ahead, []
        ends_s = self._done_s + seconds_of(allotted, expected)
        for round_ in range(max((given.writes for given in allotted.values()), default=0)):
            taking_part = [workload for workload, given in allotted.items() if given.writes > round_]
            if round_ == 0:  # should time run short after all, the cheap ones have had theirs
                taking_part.sort(key=lambda workload: sum(expected[workload]))
            first = round_ % len(taking_part)
            for workload in (*taking_part[first:], *taking_part[:first]):
                whole_s = max(total_s, self._done_s, 1)
                yield Progress("measuring", round(self._done_s), round(whole_s), WORK, self._rest(number, ends_s))
                reads = allotted[workload].reads_of(round_)
                cost = expected[workload].write_s + reads * expected[workload].read_s
                if cost <= self._left():
                    began = time.monotonic()
                    yield from self._workload(workload, count, reads)
                    self._off.append((time.monotonic() - began) / max(cost, LEAST_COST))
                elif round_ == 0:
                    yield from self._leave_out(workload, count, "earlier measurements took longer than predicted")
                self._done_s += cost

    def _plan(self, number: int, count: int) -> Generator[Event, None, dict[Workload, Repeats]]:
        """Repeats for every workload that takes part; why the others do not is told."""
        costs: dict[str, Cost] = {}
        taking_part: dict[str, Workload] = {}
        for workload in self.workloads:
            reason = self._trouble(workload, count)
            if reason:
                yield from self._leave_out(workload, count, reason)
            else:
                taking_part[workload.name] = workload
                costs[workload.name] = self.costs.cost(workload.name, count)
        seconds = max(0.0, self._left()) * share_of(self.cutoffs, number)
        allotted = allot(costs, seconds, self.asked.repeats)
        for name, given in allotted.items():
            if not given.writes:
                needed = f"it would take about {sum(costs[name]):,.0f} s"
                yield from self._leave_out(
                    taking_part[name], count, f"{needed}, and there is time for {seconds:,.0f} s in all"
                )
        return {taking_part[name]: given for name, given in allotted.items() if given.writes}

    def _trouble(self, workload: Workload, count: int) -> str:
        """Why there is no room for a workload, in memory or on the disk."""
        memory = workload.method.memory_bytes(workload.layout, self.images, count)
        if memory > MEMORY_SHARE * psutil.virtual_memory().available:
            return f"it holds {memory / 1e9:,.1f} GB of pixels in memory at once"
        needed = self.costs.bytes(workload.name, count)
        free = self.scratch.free_bytes(needed + SPARE_BYTES)
        if free < needed + SPARE_BYTES:
            return f"it needs about {needed / 1e9:,.1f} GB on the disk, and {free / 1e9:,.1f} GB are free"
        return ""

    def _leave_out(self, workload: Workload, count: int, reason: str) -> Iterator[Event]:
        about = {
            "format": workload.method.format,
            "variant": workload.method.variant,
            "operation": workload.layout,
            "samples": count,
        }
        told = {**about, "with": list(workload.method.layouts[workload.layout]), "reason": reason}
        self.recorder.add(LEFT_OUT, told)
        self.left_out.append(told)
        yield Message(f"{workload.name} of {count:,} images is left out: {reason}")

    # ------------------------------------------------------------ one workload

    def _workload(self, workload: Workload, count: int, reads: int) -> Iterator[Event]:
        run = WorkloadRun(workload, self.images, count, self.scratch.folder(), self.asked.seed, self.ends)
        began = time.monotonic()
        try:
            self._note(workload, count, (yield from self._watched(run.run(reads))), reads)
        except TimeUp as up:
            self.scratch.used(count)
            yield from self._leave_out(workload, count, f"the time was up before {up} was done")
        yield from self._seen()
        for line in self.rows.add(run, run.measured, self.monitor.background(began)):
            names = ("format", "variant", "operation", "samples", "seconds", "bytes")
            yield Sample("time", {name: line[name] for name in names})

    def _watched(self, steps: Generator[Event, None, WorkloadTimes]) -> Generator[Event, None, WorkloadTimes]:
        """The same, and what the monitor saw meanwhile. What is done here is not timed."""
        watched = Steps(steps)
        for event in watched:
            yield event
            yield from self._seen()
        return watched.value

    def _seen(self) -> Iterator[Event]:
        if row := self.monitor.news():
            yield Sample("monitor", row)

    def _trial(self, workload: Workload, count: int) -> Iterator[Event]:
        """A workload whose times are not kept."""
        for _ in range(2):  # the first one also loads libraries
            measured = yield from WorkloadRun(workload, self.images, count, self.scratch.folder(), self.asked.seed).run(
                1
            )
            self._note(workload, count, measured, reads=1)

    def _seconds(self, workload: Workload) -> float:
        """What a workload with the images of the large trial will take."""
        return sum(self.costs.cost(workload.name, LARGE_TRIAL))

    def _note(self, workload: Workload, count: int, measured: WorkloadTimes, reads: int) -> None:
        self.costs.add(workload.name, count, measured.cost(reads), measured.sizes["allocated_bytes"])
        self.scratch.used(measured.sizes["files"])

    # ------------------------------------------------------------ what is told

    def _rest(self, number: int, ends_s: float) -> float:
        """Seconds until the end: of this cut-off, which ends when work of `ends_s` is done, what is foretold, times how
        far its last workloads were off; then the cut-offs that follow, which are given the time that is left then."""
        off = statistics.median([1.0, 1.0, *self._off[-RECENT:]])
        this = max(ends_s - self._done_s, 0.0) * off
        following = forecast(self.costs, self.cutoffs[number + 1 :], self._left() - this, self.asked.repeats).seconds
        return min(this + following, max(self._left(), 0.0)) + self.scratch.removal_s

    def _left(self) -> float:
        """Seconds, without those that the removal at the end will take."""
        return self.ends - time.monotonic() - self.scratch.removal_s

    def _tell_refused(self) -> Iterator[Event]:
        for choice in self.chosen:
            if choice.why_not:
                about = {"format": choice.format, "variant": choice.variant, "operation": "all", "samples": 0}
                self.left_out.append({**about, "with": [], "reason": choice.why_not})
                yield Message(f"{choice.name} is left out: {choice.why_not}", "warning")

    def _setup(self) -> Mapping[str, Any]:
        asked = {name: value for name, value in dataclasses.asdict(self.asked).items() if name != "home"}
        return {
            **asked,
            "cutoffs": self.cutoffs,
            "methods": list(
                dict.fromkeys(f"{workload.method.format}/{workload.method.variant}" for workload in self.workloads)
            ),
            "images": len(self.images),
            "dataset_images": self.dataset.splits[self.asked.split],
            "fingerprints": {self.dataset.name: self.dataset.fingerprint},
            "versions": versions(),
        }
