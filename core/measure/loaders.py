"""`LoaderExperiment`: stores loaded in many ways, in turns, round after round, so that whatever disturbs the machine
disturbs them all. A race of stores through one loader is its simplest form.

It leaves one record, `runs/<session>/loader-<time>.jsonl`: a line with its setup, then one for every turn as soon as it
has ended, or for a setting that was refused; beside it lies what the monitor saw. Medians, spreads and verdicts are
made from these lines whenever they are shown.
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
from ..stores.store import Manifest
from .bottleneck import bottlenecks
from .configurations import LoaderConfiguration, combine
from .loader_runs import ConfigurationResult, rank_configurations
from .monitor import Monitor
from .records import RunRecorder

EXPERIMENT = "loader"
STAGE = "measuring"

OVERHEAD_S = 1.5
"""Seconds a turn beside the measuring (comparing, the ladder, the page cache), where nothing is known better."""


@dataclass(frozen=True)
class LoaderExperiment:
    """Load each of `stores` (their folders) in every combination of the lists, `rounds` times for `seconds`.

    The other fields are `Load`'s. Live figures come as `Sample("throughput", ...)`, each finished turn as
    `Sample("turn", ...)`, what the process uses of the machine as `Sample("monitor", ...)`; the first two carry their
    setting (`configurations.Setting.told`) and `round`. A setting whose load fails, or does not give what the
    store holds, is told as `Sample("refused", ...)` with the `reason` and takes no further part.

    Workers are chosen once: what `auto` (or a bare number) came to in a setting's first turn is kept for all its turns.

    The result: `file`, `setup`, `turns` (a row each with all that `Load` reported), `results` (a row a setting: median
    `samples_per_s`, `workers` and why, `background_load`), `refused`, and `bottlenecks`.
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
    seed: int = 0
    step: str = "sleep"
    step_ms: float = 0.0
    home: str | None = None

    def run(self) -> Iterator[Event]:
        """Raises InputError for stores or settings that do not go, WorkError where no load works; turns so far stay."""
        if not self.stores or self.rounds < 1:
            raise InputError("an experiment needs one store or more, and one round or more")
        home = Home.find(self.home)
        folders = [_folder(home, store) for store in self.stores]
        stores = {str(folder): Manifest.load(folder) for folder in folders}
        settings, left_out = combine(stores, self._ways())
        for reason in left_out:
            yield Message(reason, "warning")
        setup = self._setup(stores, settings, left_out)
        recorder = RunRecorder.begin(home, EXPERIMENT, sorted({one.dataset for one in settings}), setup)
        with Monitor(recorder.beside("monitor.csv")) as monitor:
            splits = {path: manifest.splits.get(self.split, {}) for path, manifest in stores.items()}
            samples = {path: int(split.get("samples", 0)) for path, split in splits.items()}
            course = _Course(self, settings, recorder, monitor, samples)
            yield from course.run()
        yield Result(course.outcome(setup))

    def load(self, setting: LoaderConfiguration, *, compare: bool, ladder: bool, workers: str | None = None) -> Load:
        """One turn of a setting; `workers`: those that were chosen for it, where that was done."""
        shared = ("split", "seconds", "cache", "seed", "step", "step_ms", "home")
        way = ("loader", "batch_size", "workers", "transform", "device", "output")
        fields = {name: getattr(self, name) for name in shared} | {name: getattr(setting, name) for name in way}
        fields["workers"] = workers or setting.workers
        return Load(store=setting.path, compare=compare, ladder=ladder, **fields)

    def _ways(self) -> dict[str, Sequence[Any]]:
        """The lists, by the field of a setting that each is for."""
        return {
            "loader": self.loaders,
            "batch_size": self.batch_sizes,
            "workers": [str(given) for given in self.workers],
            "transform": self.transforms,
            "device": self.devices,
            "output": self.outputs,
        }

    def _setup(
        self, stores: Mapping[str, Manifest], settings: Sequence[LoaderConfiguration], left_out: list[str]
    ) -> dict[str, Any]:
        options = {name: value for name, value in dataclasses.asdict(self).items() if name != "home"}
        splits = {path: manifest.splits.get(self.split, {}) for path, manifest in stores.items()}
        return {
            **options,
            "stores": list(stores),
            "settings": [setting.told() for setting in settings],
            "left_out": list(left_out),
            "store_bytes": {path: split.get("used_bytes") for path, split in splits.items()},
            "fingerprints": {manifest.dataset: manifest.fingerprint for manifest in stores.values()},
            "versions": versions(),
        }


@dataclass
class _Course:
    """One experiment under way."""

    experiment: LoaderExperiment
    settings: Sequence[LoaderConfiguration]
    recorder: RunRecorder
    monitor: Monitor
    samples: Mapping[str, int]
    turns: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[str, dict[str, Any]] = field(default_factory=dict)
    ceilings: dict[object, Mapping[str, float]] = field(default_factory=dict)
    workers: dict[str, dict[str, str]] = field(default_factory=dict)
    """By setting, what the first turn chose."""

    def run(self) -> Iterator[Event]:
        """Every setting's turn, round after round. Raises what the first was refused for, if all were."""
        rounds = self.experiment.rounds
        total, names = len(self.settings) * rounds, [setting.name for setting in self.settings]
        planned = self.experiment.seconds + OVERHEAD_S
        left = Remaining(dict.fromkeys(names, rounds), dict.fromkeys(names, planned))
        for done, (number, setting) in enumerate(_order(self.settings, rounds)):
            yield Progress(STAGE, done, total, "repeats", left.seconds)
            began = time.monotonic()
            if setting.name not in self.refused:
                yield from self._turn_or_reason(setting, number)
                left.note(setting.name, 1, time.monotonic() - began)
            if setting.name in self.refused:
                left.drop(setting.name)
        yield Progress(STAGE, total, total, "repeats", 0.0)

    def outcome(self, setup: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "file": str(self.recorder.path),
            "setup": setup,
            "turns": self.turns,
            "results": [_result(row) for row in rank_configurations(self._counted())],
            "refused": list(self.refused.values()),
            "verdicts": [dataclasses.asdict(verdict) for verdict in bottlenecks(self.turns)],
        }

    def _counted(self) -> list[dict[str, Any]]:
        """The turns of settings that were not refused."""
        return [turn for turn in self.turns if turn["setting"] not in self.refused]

    def _turn_or_reason(self, setting: LoaderConfiguration, number: int) -> Iterator[Event]:
        who = {**setting.told(), "round": number}
        try:
            turn = {**(yield from self._turn(setting, number)), **who, "step_ms": self.experiment.step_ms}
        except FormatMattersError as error:
            self.refused[setting.name] = {**who, "reason": str(error)}
            self.recorder.add("refused", self.refused[setting.name])
            if len(self.refused) == len(self.settings):
                first = next(iter(self.refused.values()))
                raise type(error)(f"{first['store']}: {first['reason']}") from error
            yield Message(f"{setting.name} was refused: {error}", "warning")
            yield Sample("refused", self.refused[setting.name])
            return
        self.recorder.add("turn", turn)
        self.turns.append(turn)
        figures = ("samples_per_s", "first_batch_s", "workers")
        yield Sample("turn", {**who, **{name: turn[name] for name in figures}})

    def _turn(self, setting: LoaderConfiguration, number: int) -> Generator[Event, None, dict[str, Any]]:
        """One load; its live figures are handed on with the setting. The ladder is climbed once a round for the same
        work."""
        told: dict[str, Any] = {}
        began = time.monotonic()
        chosen = self.workers.get(setting.name, {})
        ladder = (number, setting.work) not in self.ceilings
        load = self.experiment.load(setting, compare=number == 1, ladder=ladder, workers=chosen.get("workers_used"))
        for event in load.run():
            if isinstance(event, Sample):
                yield Sample(event.series, {**event.values, **setting.told(), "round": number})
                yield from self._seen()
            elif isinstance(event, Result):
                told = dict(event.data)
            else:
                yield event
        names = ("workers_used", "workers_reason")
        told |= self.workers.setdefault(setting.name, {name: told[name] for name in names})
        ceilings = self.ceilings.setdefault((number, setting.work), told["ceilings"])
        copy_share = _copy_share(told["samples_per_s"], ceilings)
        samples = self.samples[setting.path]
        shares = {"copy_share": copy_share, "background_load": self.monitor.background_load(began)}
        wall_s = time.monotonic() - began
        return {**told, "ceilings": ceilings, "split_samples": samples, "wall_s": wall_s, **shares}

    def _seen(self) -> Iterator[Sample]:
        """What the monitor saw, where it has looked since the last time."""
        if row := self.monitor.news():
            yield Sample("monitor", row)


def _result(row: ConfigurationResult) -> dict[str, Any]:
    """A setting's turns, summed up."""
    return {
        "setting": row.setting,
        "store": row.store,
        "samples_per_s": row.median,
        "slowest": row.slowest,
        "fastest": row.fastest,
        "turns": row.turns,
        "workers": row.workers,
        "workers_reason": row.about.get("workers_reason", ""),
        "background_load": row.background_load,
    }


def _copy_share(rate: float, ceilings: Mapping[str, float]) -> float | None:
    """The share of the time in which the bus to the device was busy; None for a device without one."""
    return rate / ceilings["copy"] if "copy" in ceilings else None


def _order(settings: Sequence[LoaderConfiguration], rounds: int) -> Iterator[tuple[int, LoaderConfiguration]]:
    """(round, setting), each round beginning with another one, so that none always runs after the same."""
    for number in range(rounds):
        first = number % len(settings)
        for setting in (*settings[first:], *settings[:first]):
            yield number + 1, setting


def _folder(home: Home, store: str) -> Path:
    """A store's folder: a path, or the part of one below the home's `data/built`."""
    path = Path(store)
    return path if path.exists() else home.built / store
