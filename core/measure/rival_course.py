"""An experiment in which rivals take part: everybody, ours too, in a process of its own, by the same protocol.

Each has its container written (once, kept), its workers searched and its batches validated. Then come the rounds, in
which one runs while all others are stopped. What fails keeps its row with the reason, and the others go on.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..base.errors import FormatMattersError
from ..base.events import Event, Message, Progress, Sample
from ..base.home import Home
from ..base.steps import Steps
from ..base.time_left import Remaining
from ..rivals.checking import Known
from ..rivals.exported import Exported, export_samples
from ..rivals.process import RivalLimits
from ..stores.store import Manifest, Store
from .ceilings import ceilings_of, share_of_ceiling
from .configurations import LoaderConfiguration
from .disturbed import is_disturbed, standing
from .loader_course import STAGE, LoaderCourse, interleaved
from .rival_entry import RivalEntry

T = TypeVar("T")

PHASES = {"install": 0.1, "prepare": 3.0, "search": 12.0, "validate": 5.0}
"""What is done with each configuration before the rounds, with the seconds that it is expected to take."""

STAGES = {
    "install": "preparing",
    "prepare": "preparing",
    "search": "searching for workers",
    "validate": "validating",
    "repeat": STAGE,
    "again": "measuring disturbed repeats again",
}

OVERHEAD_S = 1.0
"""Seconds of a repeat beside its measuring, where nothing better is known."""

SLOWEST = 2e6
"""Bytes a second: who writes a container or hands out an epoch more slowly is taken to hang."""

AGAIN = 2
"""Times that a disturbed repeat is measured again at most."""


@dataclass
class RivalCourse(LoaderCourse):
    """See `LoaderCourse`. `exported`: by store folder, its samples; `known`: by their key, what is known of them to
    compare with. `ceilings`: by round and work. `done`: steps of each configuration."""

    exported: dict[str, Exported] = field(default_factory=dict)
    entries: dict[str, RivalEntry] = field(default_factory=dict)
    ceilings: dict[object, Mapping[str, float]] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [one.name for one in self.configurations]
        planned = {**PHASES, "repeat": self.experiment.seconds + OVERHEAD_S}
        amounts = {"repeat": self.rounds}
        self._left = Remaining(
            {f"{phase} {name}": float(amounts.get(phase, 1)) for name in names for phase in planned},
            {f"{phase} {name}": seconds for name in names for phase, seconds in planned.items()},
        )
        self._each = len(PHASES) + self.rounds

    def run(self) -> Iterator[Event]:
        """Raises what the first was refused for, if all were. Nothing of a rival runs when it has ended."""
        try:
            yield from self._export()
            for configuration in self.configurations:
                yield from self._ready(configuration)
            for number, configuration in interleaved(self.configurations, self.rounds):
                yield from self._told(configuration, "repeat", self._repeat(configuration, number), number)
            yield from self._measure_again()
            total = self._each * len(self.configurations)
            yield Progress(STAGE, total, total, "steps", 0.0)
        finally:
            for entry in self.entries.values():
                entry.close()

    # ------------------------------------------------------------ before the rounds

    def _export(self) -> Iterator[Event]:
        """The samples of every store, as files that rivals can read; once for stores of the same payloads."""
        home = Home.find(self.experiment.home)
        for path in dict.fromkeys(one.path for one in self.configurations):
            yield self._progress("exporting the samples")
            store = Store(Path(path), self.experiment.split, Manifest.load(Path(path)))
            try:
                self.exported[path] = export_samples(store, home)
            except FormatMattersError as error:
                for configuration in self.left():
                    if configuration.path == path:
                        yield from self._refused(configuration, 0, error, "export")
            finally:
                store.close()

    def _ready(self, configuration: LoaderConfiguration) -> Iterator[Event]:
        """All that comes before a configuration's first repeat. The stage limits of its first round are measured before
        anything else: the kernels that ours need are compiled then."""
        if configuration.name in self.refused:
            return
        yield self._progress(STAGES["install"])
        yield from self._ceilings(configuration, 1)
        experiment = self.experiment
        exported = self.exported[configuration.path]
        patience = experiment.patience + exported.payload_bytes / SLOWEST
        limits = RivalLimits(answer_s=patience, memory_bytes=experiment.memory_gb * 1e9)
        known = self.known.setdefault(exported.key, Known(exported))
        entry = RivalEntry.of(
            configuration,
            exported,
            Home.find(experiment.home),
            limits,
            experiment.seed,
            known,
            experiment.pinned.get(configuration.loader),
        )
        self.entries[configuration.name] = entry
        yield from self._told(configuration, "install", _at_once(entry.find))
        yield from self._told(configuration, "prepare", _at_once(entry.prepare))
        yield from self._told(configuration, "search", self._watched(entry.search()))
        if configuration.name not in self.refused:
            yield Message(f"{entry.name}: {entry.facts['workers']}, {entry.facts['workers_reason']}")
        yield from self._told(configuration, "validate", self._watched(entry.validate()))
        if experiment.cache == "cold":
            entry.end()

    def _told(
        self, configuration: LoaderConfiguration, phase: str, steps: Iterable[Event], number: int = 0
    ) -> Iterator[Event]:
        """A step of a configuration that was not refused, with its progress; where it fails, the reason is kept."""
        if configuration.name in self.refused:
            return
        yield self._progress(STAGES[phase])
        began = time.monotonic()
        try:
            yield from steps
        except FormatMattersError as error:
            yield from self._refused(configuration, number, error, phase)
            return
        if phase != "again":
            self.done[configuration.name] = self.done.get(configuration.name, 0) + 1
            self._left.note(f"{phase} {configuration.name}", 1, time.monotonic() - began)

    def _progress(self, stage: str) -> Progress:
        """How far it is; nothing is left to do of what was refused."""
        done = sum(self._each if one in self.refused else count for one, count in self.done.items())
        done += self._each * len(self.refused.keys() - self.done.keys())
        return Progress(stage, done, self._each * len(self.configurations), "steps", self._left.seconds)

    def _refused(
        self, configuration: LoaderConfiguration, number: int, error: FormatMattersError, phase: str
    ) -> Iterator[Event]:
        for name in (*PHASES, "repeat"):
            self._left.drop(f"{name} {configuration.name}")
        if configuration.name in self.entries:
            self.entries[configuration.name].close()
        yield from self.refuse(configuration, number, error, step_failed=phase)

    def _watched(self, steps: Generator[Mapping[str, Any], None, T]) -> Generator[Event, None, T]:
        """Steps whose own figures are no measurement; what the monitor sees meanwhile is told."""
        watched = Steps(steps)
        for _ in watched:
            if row := self.monitor.news():
                yield Sample("monitor", row)
        return watched.value

    # ------------------------------------------------------------ the rounds

    def _measure_again(self) -> Iterator[Event]:
        """Repeats that other programs disturbed, once more, and once again where that helped any."""
        for _ in range(AGAIN):
            left = {one.name: one for one in self.left()}
            disturbed = [row for row in standing(self.repeats) if row.get("disturbed") and row["configuration"] in left]
            for row in disturbed:
                configuration = left[row["configuration"]]
                steps = self._repeat(configuration, row["round"], again=True)
                yield from self._told(configuration, "again", steps, row["round"])
            if len([row for row in standing(self.repeats) if row.get("disturbed")]) == len(disturbed):
                if disturbed:
                    yield Message("other programs are as busy as before: disturbed repeats are marked", "warning")
                return

    def _repeat(self, configuration: LoaderConfiguration, number: int, again: bool = False) -> Iterator[Event]:
        """One repeat, recorded."""
        experiment, entry = self.experiment, self.entries[configuration.name]
        ceilings = yield from self._ceilings(configuration, number)
        who = {**configuration.told(), "round": number}
        began = time.monotonic()
        steps = entry.cold() if experiment.cache == "cold" else entry.warm(experiment.seconds)
        figures = yield from self._live(steps, who)
        background = self.monitor.background(began)
        load = background["background_load"]
        if not is_disturbed(load):  # where others work, processor time is no sure sign
            entry.check_processor_time(figures)
        rate = figures["samples_per_s"]
        repeat = {
            **figures,
            "split": experiment.split,
            "seed": experiment.seed,
            "step_ms": 0.0,
            "stages": {},
            "ceilings": dict(ceilings),
            "of_ceiling": share_of_ceiling(rate, ceilings),
            "copy_share": rate / ceilings["copy"] if "copy" in ceilings else None,
            "split_samples": self.samples(configuration),
            **background,
            "wall_s": time.monotonic() - began,
            **({"disturbed": True} if is_disturbed(load) else {}),
            **({"again": True} if again else {}),
            **who,
        }
        yield self.keep(repeat, who)

    def _live(self, steps: Generator[Mapping[str, Any], None, T], who: Mapping[str, Any]) -> Generator[Event, None, T]:
        """Steps with their live figures: samples per second since the one before."""
        samples, seconds = 0, 0.0
        watched = Steps(steps)
        for live in watched:
            spent = live["seconds"] - seconds
            rate = (live["live"] - samples) / spent if spent > 0 else 0.0
            samples, seconds = live["live"], live["seconds"]
            yield from self.live("throughput", {"samples_per_s": rate, "samples": samples, "seconds": seconds}, who)
        return watched.value

    def _ceilings(self, configuration: LoaderConfiguration, number: int) -> Generator[Event, None, Mapping[str, float]]:
        """The stage limits of this work in this round, measured while everybody is stopped."""
        key = (number, configuration.work)
        if key not in self.ceilings:
            experiment = self.experiment
            names = ("batch_size", "transform", "device", "output")
            settings = {name: getattr(configuration, name) for name in names}
            self.ceilings[key] = yield from ceilings_of(
                configuration.path, split=experiment.split, cache=experiment.cache, home=experiment.home, **settings
            )
        return self.ceilings[key]


def _at_once(step: Any) -> Iterator[Event]:
    """A step that has nothing to tell."""
    step()
    yield from ()
