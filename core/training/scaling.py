"""`Scaling`: how fast training goes, and how much of it is waiting, over batch sizes, workers and devices."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any, NamedTuple

import torch

from ..base.errors import InputError
from ..base.events import Event, Pace, Progress, Result, Sample
from ..base.time_left import Remaining
from ..loading.compiling import ready_kernels
from ..loading.loader import Loader
from ..loading.transfer import Batch, find_device
from ..measure.monitor import Monitor
from ..measure.record_fields import printed
from ..stores.store import Manifest
from .clock import TimedStep, clock_for, timed
from .common import about, begin_record, blamed_on, first_batch, load_manifests, warnings_about
from .dataloaders import open_training
from .determinism import default_threads, deterministic
from .expected import REPEAT_S
from .figures import step_times
from .learner import Learner
from .models import make_model
from .settings import Settings

WARM_UP = 2
"""Steps before the clock starts: the first ones also choose kernels and make memory."""

Row = dict[str, Any]


class ScalingConfiguration(NamedTuple):
    """One combination that is measured."""

    store: str
    device: str
    batch_size: int
    workers: str

    def __str__(self) -> str:
        return f"batch {self.batch_size}, workers {self.workers}, {self.device}"


Chosen = dict[ScalingConfiguration, str]
"""The workers that a configuration was given."""


@dataclass(frozen=True)
class Scaling(Settings):
    """Train for `seconds` with every combination of stores, devices, batch sizes and workers, round after
    round, `rounds` times.

    Nothing that is learned is kept; each measurement begins with the first weights. It is a row "repeat" of the record
    "train": `samples_per_s`, `wait_share`, `wait_s`, `compute_s`, `first_batch_s`, `samples`, `seconds`, and what it
    was measured with (`configuration`, `batch_size`, `workers`, `device`, `store`, `round`). Live figures come as
    `Sample("step", ...)`, finished repeats as `Sample("repeat", ...)`. The result: `file`, `setup`, `turns`.
    """

    stores: Sequence[str]
    batch_sizes: Sequence[int] = (32, 64, 128, 256)
    worker_counts: Sequence[str] = ("0", "1", "2")
    devices: Sequence[str] = ("cpu",)
    seconds: float = 3.0
    rounds: int = 1

    def run(self) -> Iterator[Event]:
        """Raises InputError for stores or settings that do not go, WorkError where loading fails; rows so far stay."""
        configurations = self._configurations()
        manifests = load_manifests(self.stores)
        yield from warnings_about(manifests)
        yield from ready_kernels()
        setup = {name: value for name, value in dataclasses.asdict(self).items() if name != "home"}
        recorder = begin_record(self.home, manifests, {**setup, "scaling": True})
        rows: list[Row] = []
        total, chosen = self.rounds * len(configurations), Chosen()
        kinds = [f"{one.store} {one}" for one in configurations]
        left = Remaining(dict.fromkeys(kinds, self.rounds), dict.fromkeys(kinds, self.seconds + REPEAT_S))
        with Monitor(recorder.beside("monitor.csv")) as monitor:
            for number, one in product(range(self.rounds), configurations):
                yield Progress("measuring", len(rows), total, "repeats", left.seconds)
                began = monotonic()
                with blamed_on(f"{manifests[one.store].format}, {one}"):
                    row = yield from self._measure(one, manifests[one.store], number + 1, monitor, chosen)
                left.note(f"{one.store} {one}", 1, monotonic() - began)
                recorder.add("repeat", row)
                rows.append(row)
                yield Sample("repeat", {name: value for name, value in row.items() if value is not None})
        yield Progress("measuring", total, total, "repeats", 0.0)
        yield Result({"file": str(recorder.path), "setup": setup, "turns": printed(rows)})

    def _configurations(self) -> list[ScalingConfiguration]:
        """Every combination. Raises InputError where one cannot be, or where there is none."""
        if not self.seconds > 0 or self.rounds < 1:
            raise InputError("scaling needs more than 0 seconds per measurement, and one round or more")
        combinations = product(self.stores, self.devices, self.batch_sizes, self.worker_counts)
        configurations = [
            ScalingConfiguration(store, device, int(size), str(count)) for store, device, size, count in combinations
        ]
        if not configurations:
            raise InputError("scaling needs a store, a device, a batch size and a number of workers, one each at least")
        for one in configurations:
            find_device(one.device)
            self._with(one).check()
        return configurations

    def _with(self, configuration: ScalingConfiguration) -> Settings:
        shared = {field.name: getattr(self, field.name) for field in dataclasses.fields(Settings)}
        changed = {name: getattr(configuration, name) for name in ("batch_size", "workers", "device")}
        return Settings(**{**shared, **changed})

    def _measure(
        self, what: ScalingConfiguration, manifest: Manifest, number: int, monitor: Monitor, chosen: Chosen
    ) -> Generator[Event, None, Row]:
        """Open, learn until the time is up, close. Workers are chosen in the first round and kept in `chosen`."""
        device = find_device(what.device)
        settings = self._with(what._replace(workers=chosen.get(what, what.workers)))
        who = {**about(manifest, what.store), "model": self.model, "order": "shuffled", "round": number,
               "configuration": str(what), "batch_size": what.batch_size, "workers": what.workers,
               "device": what.device}  # fmt: skip
        clock = monotonic()
        with ExitStack() as stack:
            stack.enter_context(deterministic(device, self.threads or default_threads()))
            began = perf_counter()
            loader = open_training(stack, Path(what.store), settings)
            batch = first_batch(loader)
            first_batch_s = perf_counter() - began
            model = make_model(self.model, len(manifest.classes), max(batch.images.shape[2:]), self.seed)
            steps = yield from self._learn(loader, Learner(model, settings, device), device, who, monitor)
            workers = str(loader.workers)
            chosen.setdefault(what, loader.workers.asked_as)
        told = {"first_batch_s": first_batch_s, "workers_used": workers}
        return {**who, **_figures(steps), **told, **monitor.background(clock)}

    def _learn(
        self, loader: Loader, learner: Learner, device: torch.device, who: Row, monitor: Monitor
    ) -> Generator[Event, None, list[TimedStep]]:
        """Steps of epoch after epoch, for `seconds` after the warm-up; live figures several times a second."""
        steps: list[TimedStep] = []
        spent, report = 0.0, Pace(0.25)
        with (
            closing(_endless(loader)) as batches,
            closing(timed(batches, learner.learn, clock_for(device))) as learning,
        ):
            for step in learning:
                steps.append(step)
                spent += step.wait_s + step.compute_s if len(steps) > WARM_UP else 0.0
                if report.due():
                    yield Sample("step", {**who, **_live(steps)})
                    yield Sample("monitor", monitor.latest())
                if spent >= self.seconds:
                    break
        return steps[WARM_UP:]


def _endless(loader: Loader) -> Generator[Batch, None, None]:
    """Epoch after epoch."""
    while True:
        with closing(iter(loader)) as batches:
            yield from batches


def _live(steps: list[TimedStep]) -> Row:
    pace = step_times(steps[-8:])
    return {"samples_per_s": pace.samples_per_s, "wait_share": pace.wait_share}


def _figures(steps: list[TimedStep]) -> Row:
    pace = step_times(steps)
    return {
        "samples": pace.samples,
        "seconds": pace.seconds,
        "samples_per_s": pace.samples_per_s,
        "wait_share": pace.wait_share,
        "wait_s": pace.wait_s,
        "compute_s": pace.compute_s,
    }
