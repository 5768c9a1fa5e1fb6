"""A suite under way: what is done already is not done again."""

from __future__ import annotations

import statistics
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.errors import FormatMattersError, WorkError
from ..base.events import Event, Message, Progress, Result, Sample
from ..base.home import Home
from ..base.steps import Steps
from ..base.steps_left import StepsLeft
from ..base.units import counted, seconds_text, size_text
from ..datasets.dataset import Dataset
from ..machine.session import machine, versions
from ..measure.loaders import LoaderExperiment
from ..measure.suite_file import MARK, VERSION
from ..processes.cpus import usable_cpus
from ..rivals import RIVALS
from ..rivals.environments import Environments, environments
from ..rivals.environments.places import installed_in
from ..rivals.environments.progress import expected_seconds
from ..rivals.registration import EnvironmentSpec
from ..rivals.search import worker_counts
from .entrants import OURS, entrants, not_installed, told_rivals
from .estimate import LEAST_SECONDS, SuiteEffort, SuitePlan, fitted, told_estimate
from .images import SPLIT, SuiteImages, images_for, suite_dataset, told_images
from .installing import AT_ONCE, Install, ParallelInstalls
from .measured import measured_rows, workload_told
from .results import write_suite
from .rules import RULES
from .state import SuiteState
from .suite_stores import store_for
from .workloads import COLD, SuiteWorkload

if TYPE_CHECKING:
    from .task import LoaderSuite

COLD_ROUNDS = 2
COLD_SECONDS = 0.1
"""Of a repeat at least: from a cold cache one epoch is all that there is to measure."""


@dataclass
class SuiteCourse:
    """`began`: when this process began with it (`time.monotonic`)."""

    suite: LoaderSuite
    home: Home
    workloads: Sequence[SuiteWorkload]
    loaders: Sequence[str]
    folder: Path
    state: SuiteState
    began: float

    def __post_init__(self) -> None:
        self._there = Environments(self.home)
        self._spent_before = self.state.spent_s
        self._left = StepsLeft({})
        self._off: list[float] = []

    def run(self) -> Iterator[Event]:
        """Ends when the suite's files are written. Raises what its steps raise; what is done is kept."""
        installs = not_installed(self.loaders, self._there)
        plan, effort = self._plan()
        if self.state.workloads or self.state.spent_s:
            done = len(self.state.workloads)
            yield Message(
                f"going on with {self.state.name}: {done} of {len(plan.workloads)} workloads are done", "notice"
            )
        to_come = [one for one in plan.workloads if self.state.workload(one.name) is None]
        yield Message(f"the suite takes {told_estimate(effort, replace(plan, workloads=to_come))}", "notice")
        for note in plan.dropped:
            yield Message(note, "warning")
        self.state.notes = list(dict.fromkeys([*self.state.notes, *plan.dropped]))
        self._left = StepsLeft(effort.steps(plan))
        for one in self.state.workloads:
            self._left.drop(one["name"])
        self._keep()
        yield from self._step("install", self._install(installs))
        made = yield from self._step("images", self._images(plan), parts=True)
        for workload in plan.workloads:
            if self.state.workload(workload.name) is None:
                yield from self._workload(workload, plan, made[workload.name])
        if not any(one["repeats"] for one in self.state.workloads):
            raise WorkError(f"no loader could be measured: {self.state.workloads[0]['reason'] or 'all were refused'}")
        write_suite(self.home, self.folder, self._told(), self.state)

    # ------------------------------------------------------------ time

    def _plan(self) -> tuple[SuitePlan, SuiteEffort]:
        effort = suite_effort(self.home, self.loaders, self.workloads, self.state.reasons)
        rounds, seconds = self.suite.rounds, self.suite.seconds
        plan = SuitePlan(self.workloads, rounds, min(rounds, COLD_ROUNDS), seconds)
        if not self.state.plan:
            self.state.plan = fitted(plan, effort, self.suite.minutes).told()
        return plan.again(self.state.plan), effort

    @property
    def _spent_s(self) -> float:
        return self._spent_before + time.monotonic() - self.began

    def _keep(self) -> None:
        self.state.spent_s = round(self._spent_s, 1)
        self.state.keep()

    def _step(self, name: str, events: Generator[Event, None, Any], parts: bool = False) -> Generator[Event, None, Any]:
        """A step whose progress is told as the suite's; `parts`: it tells the time left of its parts."""
        steps = Steps(events)
        for event in self._left.told(name, iter(steps), parts):
            yield replace(event, stage=f"{name}: {event.stage}") if isinstance(event, Progress) else event
        return steps.value

    # ------------------------------------------------------------ steps

    def _install(self, names: Sequence[str]) -> Generator[Event, None, None]:
        """Environments that failed before are tried again: a disk may have been full."""
        specs = environments()
        installs = [(name, _installing(self._there, specs[name])) for name in names]
        if names:
            needed = size_text(sum(specs[name].bytes for name in names))
            yield Message(f"{counted(len(names), 'environment')} to install, about {needed} on the disk", "notice")
        reasons = yield from ParallelInstalls(installs).run()
        self.state.reasons = {name: reason for name, reason in reasons.items() if reason}
        for name, reason in self.state.reasons.items():
            yield Message(f"{name} takes no part: {reason}", "warning")
        self._keep()

    def _images(self, plan: SuitePlan) -> Generator[Event, None, dict[str, tuple[Path, Dataset]]]:
        """By workload its store and its dataset."""
        kinds = sorted({one.images for one in plan.workloads})
        most = max(one.count for one in plan.workloads)
        chosen = yield from images_for(self.home, self.suite.images, self.suite.small, kinds, most)
        made: dict[str, tuple[Path, Dataset]] = {}
        for workload in plan.workloads:
            dataset = yield from suite_dataset(self.home, chosen[workload.images], workload.count)
            store = yield from store_for(self.home, dataset, workload)
            made[workload.name] = store, dataset
            self._note_images(workload, chosen[workload.images], dataset)
        self._keep()
        return made

    def _note_images(self, workload: SuiteWorkload, images: SuiteImages, dataset: Dataset) -> None:
        """Of each kind the largest number that a workload loads."""
        given = self.suite.small or self.suite.images if images.kind == "small" else self.suite.images
        told = told_images(dataset, images, given if images.source else "")
        known = self.state.images.get(images.kind)
        if known is None or known["samples"] < told["samples"]:
            self.state.images[images.kind] = told

    def _workload(self, workload: SuiteWorkload, plan: SuitePlan, made: tuple[Path, Dataset]) -> Iterator[Event]:
        """One workload, kept when it is complete."""
        store, dataset = made
        if workload.cold and not self._has_time(workload):
            note = f"{workload.title}: left out, to keep to {self.suite.minutes:g} minutes"
            self.state.notes = list(dict.fromkeys([*self.state.notes, note]))
            self._left.drop(workload.name)
            yield Message(note, "warning")
            return
        rounds = plan.rounds_of(workload)
        seconds = COLD_SECONDS if workload.cold else self._seconds(plan)
        taking, refused = entrants(self.loaders, workload, self._there, self.state.reasons)
        told = workload_told(workload, rounds, seconds, dataset.splits[SPLIT])
        began = time.monotonic()
        events = self._measured(workload, store, taking, rounds, seconds, told)
        yield from self._step(workload.name, events)
        told["refused"] += refused
        took = time.monotonic() - began
        told["minutes"] = round(took / 60, 2)
        self._off.append(took / max(self._left.planned[workload.name], 1.0))
        self.state.workloads.append(told)
        self._keep()
        yield Message(f"{workload.title}: done in {seconds_text(took)}", "notice")

    def _has_time(self, *workloads: SuiteWorkload) -> bool:
        """Whether these are expected to end in time, by how far the steps before them were off."""
        off = statistics.median(self._off) if self._off else 1.0
        expected = off * sum(self._left.planned[one.name] for one in workloads)
        return self.suite.minutes is None or self._spent_s + expected <= self.suite.minutes * 60

    def _seconds(self, plan: SuitePlan) -> float:
        """Of a repeat: shorter than planned where the warm workloads to come would not end in time."""
        to_come = [one for one in plan.workloads if not one.cold and self.state.workload(one.name) is None]
        return plan.seconds if self._has_time(*to_come) else min(plan.seconds, LEAST_SECONDS)

    def _measured(
        self,
        workload: SuiteWorkload,
        store: Path,
        taking: Sequence[str],
        rounds: int,
        seconds: float,
        told: dict[str, Any],
    ) -> Generator[Event, None, None]:
        """The workload's experiment; what it measured is put into `told`."""
        experiment = LoaderExperiment(
            [str(store)],
            batch_sizes=[workload.batch_size],
            transforms=[workload.transform],
            loaders=taking,
            seconds=seconds,
            rounds=rounds,
            cache=workload.cache,
            pinned=self._pinned(workload),
            home=str(self.home.root),
        )
        refused: list[Mapping[str, Any]] = []
        try:
            for event in experiment.run():
                if isinstance(event, Result):
                    file = Path(event.data["file"])
                    told["repeats"], told["refused"] = measured_rows(file)
                    told["record"], told["complete"] = f"{file.parent.name}/{file.stem}", True
                    continue
                if isinstance(event, Sample) and event.series == "refused":
                    refused.append(event.values)
                yield event
        except FormatMattersError as error:
            if len(refused) + 1 < len(taking):  # nobody is left only where all were refused
                raise
            told["reason"] = str(error)
            reasons = {str(one["loader"]): str(one["reason"]) for one in refused}
            told["refused"] = [{"loader": name, "reason": reasons.get(name, str(error))} for name in taking]

    def _pinned(self, workload: SuiteWorkload) -> dict[str, int]:
        """Of a cold workload the numbers of workers that were found for the same work from a warm cache."""
        warm = self.state.workload(workload.name.removesuffix(COLD)) if workload.cold else None
        rows = warm["repeats"] if warm else []
        return {str(row["loader"]): workers_of(str(row.get("workers", ""))) for row in rows}

    # ------------------------------------------------------------ what is told

    def _told(self) -> dict[str, Any]:
        """The suite's file."""
        self._keep()
        return {
            MARK: VERSION,
            "name": self.state.name,
            "started": self.state.started,
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "minutes": round(self.state.spent_s / 60, 1),
            "command": self.suite.command,
            "rules": list(RULES),
            "notes": self.state.notes,
            "machine": machine(self.home),
            "versions": versions(),
            "images": self.state.images,
            "rivals": list(told_rivals(self.loaders, self._there, self.state.reasons)),
            "workloads": self.state.workloads,
        }


def suite_effort(
    home: Home, loaders: Sequence[str], workloads: Sequence[SuiteWorkload], reasons: Mapping[str, str]
) -> SuiteEffort:
    """What these workloads will take with these loaders, by what is installed in the home. `reasons`: environment ->
    why its installation failed."""
    there = Environments(home)
    installs, specs, known = not_installed(loaders, there), environments(), installed_in(home)
    taking = {one.name: len(entrants(loaders, one, there, reasons, installs)[0]) for one in workloads}
    install_s = sum(expected_seconds(specs[name].bytes, known) for name in installs) / AT_ONCE
    return SuiteEffort(taking, install_s, len(worker_counts(RIVALS[OURS[0]], usable_cpus())))


def workers_of(told: str) -> int:
    """The number in "2 threads"; 0 for "inline"."""
    first = told.partition(" ")[0]
    return int(first) if first.isdecimal() else 0


def _installing(there: Environments, spec: EnvironmentSpec) -> Install:
    return lambda: there.install(spec)
