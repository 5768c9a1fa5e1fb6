"""`LoaderExperiment`: stores loaded in every combination of options, interleaved, round after round, so that whatever
disturbs the machine disturbs them all. Its simplest form compares stores through one loader.

It leaves one record, `runs/<session>/loader-<time>.jsonl`: a line with its setup, then one for every repeat as soon as
it has ended, or for a configuration that failed validation; beside it lies what the monitor saw. Medians, spreads and
verdicts are made from these lines whenever they are shown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.errors import InputError
from ..base.events import Event, Message, Result
from ..base.home import Home
from ..loading.cache import check_cache
from ..loading.loaders import DEFAULT_LOADER
from ..loading.task import Load
from ..machine.session import versions
from ..remote.address import refuse_address
from ..stores.store import Manifest
from .configurations import LoaderConfiguration, combine
from .loader_course import STAGE as STAGE
from .monitor import Monitor
from .own_course import OwnCourse
from .records import RunRecorder
from .rival_choice import with_rivals
from .rival_course import RivalCourse
from .turn_plan import OVERHEAD_S as OVERHEAD_S

EXPERIMENT = "loader"

ROUNDS, RIVAL_ROUNDS = 3, 5
"""Unless they are given; the second where rivals take part."""


@dataclass(frozen=True)
class LoaderExperiment:
    """Load each of `stores` (their folders) in every combination of the lists, `rounds` times for `seconds`.

    `loaders`: ours, and the names of rivals (`core.rivals`). A rival loads a container of its own, made of the samples
    of a store, so it has one configuration for all stores of the same payloads. Where one takes part, ours run as it
    does, in a process of their own with workers searched for (`rival_course`); no training step can be done then, and
    the order is a full shuffle. `pinned`: numbers of workers by loader that another experiment with the same work has
    found, in place of a search. `patience`: seconds that a rival may take for one answer, `memory_gb`: its processes.
    Without `stage_limits`, what limits our loads is not measured, which takes compiled kernels.

    The other fields are `Load`'s. Live figures come as `Sample("throughput", ...)`, each finished repeat as
    `Sample("repeat", ...)`, what the process uses of the machine as `Sample("monitor", ...)`; the first two carry their
    configuration (`LoaderConfiguration.told`) and `round`. A configuration whose load fails, or does not give what the
    store holds, is told as `Sample("refused", ...)` with the `reason` and takes no further part.

    Workers are chosen once: what `auto` (or a bare number) came to in a configuration's first repeat is kept.

    The result, with the field names that the command line prints: `file`, `setup`, `turns` (a row for each repeat with
    all that `Load` reported), `results` (a row for each configuration: median `samples_per_s`, `workers` and why,
    `background_load`, and `loader_columns.FIGURES`), `columns` (the winner of each column), `refused`, and `verdicts`.
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
    rounds: int | None = None
    cache: str = "warm"
    order: str = "shuffled"
    seed: int = 0
    step: str = "sleep"
    step_ms: float = 0.0
    pinned: Mapping[str, int] = dataclasses.field(default_factory=dict)
    patience: float = 300.0
    memory_gb: float = 16.0
    stage_limits: bool = True
    home: str | None = None

    def run(self) -> Iterator[Event]:
        """Raises InputError for what cannot be loaded so, WorkError where no load works; repeats so far are kept."""
        rivals = with_rivals(self.loaders)
        experiment = dataclasses.replace(self, rounds=self.rounds or (RIVAL_ROUNDS if rivals else ROUNDS))
        experiment._check(self.rounds, rivals)
        home = Home.find(self.home)
        folders = [_folder(home, store) for store in self.stores]
        stores = {str(folder): Manifest.load(folder) for folder in folders}
        configurations, left_out = combine(stores, self._options(), self.split)
        for reason in left_out:
            yield Message(reason, "warning")
        setup = experiment._setup(stores, configurations, left_out)
        recorder = RunRecorder.begin(home, EXPERIMENT, sorted({one.dataset for one in configurations}), setup)
        with Monitor(recorder.beside("monitor.csv")) as monitor:
            splits = {path: manifest.splits.get(self.split, {}) for path, manifest in stores.items()}
            made = RivalCourse if rivals else OwnCourse
            course = made(experiment, configurations, recorder, monitor, splits)
            yield from course.run()
        yield Result(course.outcome(setup))

    def _check(self, rounds: int | None, rivals: bool) -> None:
        if not self.stores or (rounds is not None and rounds < 1):
            raise InputError("an experiment needs one store or more, and one round or more")
        if rivals and (self.order != "shuffled" or self.step_ms or self.step == "model"):
            raise InputError(
                "rivals are compared by full shuffles without a training step: leave out --order and --step, or the "
                "rivals"
            )
        if rivals and not self.seconds > 0:
            raise InputError(f"seconds={self.seconds:g}: a measurement takes time; give more than 0")
        if rivals:
            check_cache(self.cache)

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


def _folder(home: Home, store: str) -> Path:
    """A store's folder: a path, or the part of one below the home's `data/built`."""
    refuse_address(store, "the loader experiment")
    path = Path(store)
    return path if path.exists() else home.built / store
