"""`LoaderExperiment`: stores loaded in every combination of options, interleaved, round after round, so that whatever
disturbs the machine disturbs them all. Its simplest form compares stores through one loader.

It leaves one record, `runs/<session>/loader-<time>.jsonl`: a line with its setup, then one for every repeat as soon as
it has ended, or for a configuration that failed validation; beside it lies what the monitor saw. Medians, spreads and
verdicts are made from these lines whenever they are shown.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.errors import FormatMattersError, InputError
from ..base.events import Event, Message, Progress, Result, Sample
from ..base.home import Home
from ..base.time_left import Remaining
from ..loading.loaders import DEFAULT_LOADER
from ..loading.task import Load
from ..machine.session import versions
from ..remote.address import refuse_address
from ..stores.store import Manifest
from .bottleneck import bottlenecks
from .configurations import LoaderConfiguration, combine
from .loader_runs import ConfigurationResult, rank_configurations
from .monitor import Monitor
from .record_fields import printed
from .records import RunRecorder

EXPERIMENT = "loader"
STAGE = "measuring"

OVERHEAD_S = 1.5
"""Seconds per repeat beside the measuring (comparing, stage limits, page cache), where nothing better is known."""


@dataclass(frozen=True)
class LoaderExperiment:
    """Load each of `stores` (their folders) in every combination of the lists, `rounds` times for `seconds`.

    The other fields are `Load`'s. Live figures come as `Sample("throughput", ...)`, each finished repeat as
    `Sample("repeat", ...)`, what the process uses of the machine as `Sample("monitor", ...)`; the first two carry their
    configuration (`LoaderConfiguration.told`) and `round`. A configuration whose load fails, or does not give what the
    store holds, is told as `Sample("refused", ...)` with the `reason` and takes no further part.

    Workers are chosen once: what `auto` (or a bare number) came to in a configuration's first repeat is kept.

    The result, with the field names that the command line prints: `file`, `setup`, `turns` (a row for each repeat with
    all that `Load` reported), `results` (a row for each configuration: median `samples_per_s`, `workers` and why,
    `background_load`), `refused`, and `verdicts`.
    """

    stores: Sequence[str]
    split: str = "train"
    batch_sizes: Sequence[int] = (256,)
    workers: Sequence[str] = ("auto",)
    devices: Sequence[str] = ("cpu",)
    outputs: Sequence[str] = ("float32",)
    transforms: Sequence[str] = ("none",)
    loaders: Sequence[str] = (DEFAULT_LOADER,)
    seconds: float = 3.0
    rounds: int = 3
    cache: str = "warm"
    order: str = "shuffled"
    seed: int = 0
    step: str = "sleep"
    step_ms: float = 0.0
    home: str | None = None

    def run(self) -> Iterator[Event]:
        """Raises InputError for what cannot be loaded so, WorkError where no load works; repeats so far are kept."""
        if not self.stores or self.rounds < 1:
            raise InputError("an experiment needs one store or more, and one round or more")
        home = Home.find(self.home)
        folders = [_folder(home, store) for store in self.stores]
        stores = {str(folder): Manifest.load(folder) for folder in folders}
        configurations, left_out = combine(stores, self._options())
        for reason in left_out:
            yield Message(reason, "warning")
        setup = self._setup(stores, configurations, left_out)
        recorder = RunRecorder.begin(home, EXPERIMENT, sorted({one.dataset for one in configurations}), setup)
        with Monitor(recorder.beside("monitor.csv")) as monitor:
            splits = {path: manifest.splits.get(self.split, {}) for path, manifest in stores.items()}
            samples = {path: int(split.get("samples", 0)) for path, split in splits.items()}
            course = _RunningExperiment(self, configurations, recorder, monitor, samples)
            yield from course.run()
        yield Result(course.outcome(setup))

    def load(
        self, configuration: LoaderConfiguration, *, compare: bool, stage_limits: bool, workers: str | None = None
    ) -> Load:
        """One repeat of a configuration; `workers`: those that were chosen for it, where that was done."""
        shared = ("split", "seconds", "cache", "order", "seed", "step", "step_ms", "home")
        own = ("loader", "batch_size", "workers", "transform", "device", "output")
        fields = {name: getattr(self, name) for name in shared} | {name: getattr(configuration, name) for name in own}
        fields["workers"] = workers or configuration.workers
        return Load(store=configuration.path, compare=compare, stage_limits=stage_limits, **fields)

    def _options(self) -> dict[str, Sequence[Any]]:
        """The lists, by the field of a configuration that each is for."""
        return {
            "loader": self.loaders,
            "batch_size": self.batch_sizes,
            "workers": [str(given) for given in self.workers],
            "transform": self.transforms,
            "device": self.devices,
            "output": self.outputs,
        }

    def _setup(
        self, stores: Mapping[str, Manifest], configurations: Sequence[LoaderConfiguration], left_out: list[str]
    ) -> dict[str, Any]:
        options = {name: value for name, value in dataclasses.asdict(self).items() if name != "home"}
        splits = {path: manifest.splits.get(self.split, {}) for path, manifest in stores.items()}
        return {
            **options,
            "stores": list(stores),
            "configurations": [configuration.told() for configuration in configurations],
            "left_out": list(left_out),
            "store_bytes": {path: split.get("used_bytes") for path, split in splits.items()},
            "fingerprints": {manifest.dataset: manifest.fingerprint for manifest in stores.values()},
            "versions": versions(),
        }


@dataclass
class _RunningExperiment:
    """One experiment under way."""

    experiment: LoaderExperiment
    configurations: Sequence[LoaderConfiguration]
    recorder: RunRecorder
    monitor: Monitor
    samples: Mapping[str, int]
    repeats: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[str, dict[str, Any]] = field(default_factory=dict)
    ceilings: dict[object, Mapping[str, float]] = field(default_factory=dict)
    workers: dict[str, dict[str, str]] = field(default_factory=dict)
    """By configuration, what the first repeat chose."""

    def run(self) -> Iterator[Event]:
        """Every configuration's repeat, round after round. Raises what the first was refused for, if all were."""
        rounds = self.experiment.rounds
        total, names = len(self.configurations) * rounds, [configuration.name for configuration in self.configurations]
        planned = self.experiment.seconds + OVERHEAD_S
        left = Remaining(dict.fromkeys(names, rounds), dict.fromkeys(names, planned))
        for done, (number, configuration) in enumerate(_order(self.configurations, rounds)):
            yield Progress(STAGE, done, total, "repeats", left.seconds)
            began = time.monotonic()
            if configuration.name not in self.refused:
                yield from self._repeat_or_reason(configuration, number)
                left.note(configuration.name, 1, time.monotonic() - began)
            if configuration.name in self.refused:
                left.drop(configuration.name)
        yield Progress(STAGE, total, total, "repeats", 0.0)

    def outcome(self, setup: Mapping[str, Any]) -> dict[str, Any]:
        told = {
            "file": str(self.recorder.path),
            "setup": setup,
            "turns": self.repeats,
            "results": [_result(row) for row in rank_configurations(self._counted())],
            "refused": list(self.refused.values()),
            "verdicts": [dataclasses.asdict(verdict) for verdict in bottlenecks(self.repeats)],
        }
        return {name: printed(part) for name, part in told.items()}

    def _counted(self) -> list[dict[str, Any]]:
        """The repeats of configurations that were not refused."""
        return [repeat for repeat in self.repeats if repeat["configuration"] not in self.refused]

    def _repeat_or_reason(self, configuration: LoaderConfiguration, number: int) -> Iterator[Event]:
        who = {**configuration.told(), "round": number}
        try:
            repeat = {**(yield from self._repeat(configuration, number)), **who, "step_ms": self.experiment.step_ms}
        except FormatMattersError as error:
            self.refused[configuration.name] = {**who, "reason": str(error)}
            self.recorder.add("refused", self.refused[configuration.name])
            if len(self.refused) == len(self.configurations):
                first = next(iter(self.refused.values()))
                raise type(error)(f"{first['store']}: {first['reason']}") from error
            yield Message(f"{configuration.name} was refused: {error}", "warning")
            yield Sample("refused", self.refused[configuration.name])
            return
        self.recorder.add("repeat", repeat)
        self.repeats.append(repeat)
        figures = ("samples_per_s", "first_batch_s", "workers")
        yield Sample("repeat", {**who, **{name: repeat[name] for name in figures}})

    def _repeat(self, configuration: LoaderConfiguration, number: int) -> Generator[Event, None, dict[str, Any]]:
        """One load; its live figures are handed on with the configuration. The stage limits are measured once per round
        for the same work."""
        told: dict[str, Any] = {}
        began = time.monotonic()
        chosen = self.workers.get(configuration.name, {})
        stage_limits = (number, configuration.work) not in self.ceilings
        load = self.experiment.load(
            configuration, compare=number == 1, stage_limits=stage_limits, workers=chosen.get("workers_used")
        )
        for event in load.run():
            if isinstance(event, Sample):
                yield Sample(event.series, {**event.values, **configuration.told(), "round": number})
                yield from self._seen()
            elif isinstance(event, Result):
                told = dict(event.data)
            else:
                yield event
        names = ("workers_used", "workers_reason")
        told |= self.workers.setdefault(configuration.name, {name: told[name] for name in names})
        ceilings = self.ceilings.setdefault((number, configuration.work), told["ceilings"])
        copy_share = _copy_share(told["samples_per_s"], ceilings)
        samples = self.samples[configuration.path]
        shares = {"copy_share": copy_share, "background_load": self.monitor.background_load(began)}
        wall_s = time.monotonic() - began
        return {**told, "ceilings": ceilings, "split_samples": samples, "wall_s": wall_s, **shares}

    def _seen(self) -> Iterator[Sample]:
        """What the monitor saw, where it has looked since the last time."""
        if row := self.monitor.news():
            yield Sample("monitor", row)


def _result(row: ConfigurationResult) -> dict[str, Any]:
    """A configuration's repeats, summed up."""
    return {
        "configuration": row.configuration,
        "store": row.store,
        "samples_per_s": row.median,
        "slowest": row.slowest,
        "fastest": row.fastest,
        "turns": row.repeats,
        "workers": row.workers,
        "workers_reason": row.about.get("workers_reason", ""),
        "background_load": row.background_load,
    }


def _copy_share(rate: float, ceilings: Mapping[str, float]) -> float | None:
    """The share of the time in which the bus to the device was busy; None for a device without one."""
    return rate / ceilings["copy"] if "copy" in ceilings else None


def _order(configurations: Sequence[LoaderConfiguration], rounds: int) -> Iterator[tuple[int, LoaderConfiguration]]:
    """(round, configuration), each round beginning with another one, so that none always runs after the same."""
    for number in range(rounds):
        first = number % len(configurations)
        for configuration in (*configurations[first:], *configurations[:first]):
            yield number + 1, configuration


def _folder(home: Home, store: str) -> Path:
    """A store's folder: a path, or the part of one below the home's `data/built`."""
    refuse_address(store, "the loader experiment")
    path = Path(store)
    return path if path.exists() else home.built / store
