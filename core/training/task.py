"""`Train`: the same training from several stores, their epochs interleaved."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..base.errors import InputError
from ..base.events import Event, Message, Pace, Progress, Result, Sample
from ..base.time_left import Remaining
from ..loading.compiling import ready_kernels
from ..loading.transfer import find_device
from ..loading.workers import Workers
from ..measure.monitor import Monitor
from ..measure.records import RunRecorder
from ..stores.store import Manifest
from .ceiling import compute_ceiling
from .clock import TimedStep
from .common import about, begin_record, blamed_on, first_batch, load_manifests, name_of, warnings_about
from .dataloaders import DataLoaders, open_dataloaders
from .determinism import default_threads, deterministic
from .expected import BESIDE_LOADING, FORWARD
from .figures import mean_loss, step_times, training_figures, validation_figures
from .learner import Learner
from .models import make_model
from .settings import ORDERS, Settings, check_choice
from .training_run import TrainingRun
from .verdict import compare_runs

STAGE = "training"

Row = dict[str, Any]


@dataclass(frozen=True)
class Train(Settings):
    """Train from each of `stores` (their folders, of one dataset) in each of `orders`, their epochs interleaved.

    All begin with the same weights and are given the same samples in the same order. Live figures come as
    `Sample("step", ...)`, finished epochs as `Sample("epoch", ...)`, the machine's as `Sample("monitor", ...)`. Every
    epoch is a row of the record "train": `loss`, `accuracy` (while learning), `val_loss`, `val_accuracy`, `losses` (of
    every step), `samples_per_s`, `wait_share`, `wait_s` and `compute_s` after the first batch, `first_batch_s`,
    `shuffle_quality`, `workers` (chosen once per store, for all its orders) and `workers_reason`, `pixels` (a digest of
    what it was trained on) and `weights` (one of what it had learned).

    The result: `file`, `setup`, `epochs` (the rows), and what `core.training.verdict.compare_runs` says of them.
    """

    stores: Sequence[str]
    orders: Sequence[str] = ("shuffled",)
    epochs: int = 3

    def run(self) -> Iterator[Event]:
        """Raises InputError for stores or settings that do not go, WorkError where loading fails; rows so far stay."""
        began = time.monotonic()
        self._check()
        manifests = load_manifests(self.stores)
        device = find_device(self.device)
        threads = self.threads or default_threads()
        with ExitStack() as stack:
            stack.enter_context(deterministic(device, threads))
            yield from warnings_about(manifests)
            runs, ceiling = yield from self._prepare(stack, manifests, device)
            for run in runs:
                yield Sample("lane", dict(run.about))
            recorder = self._record(runs, manifests, threads, ceiling, time.monotonic() - began)
            monitor = stack.enter_context(Monitor(recorder.beside("monitor.csv")))
            rows = yield from self._epochs(runs, ceiling, recorder, monitor)
        yield Result({"file": str(recorder.path), "setup": self._setup(), "epochs": rows, **compare_runs(rows)})

    def _check(self) -> None:
        self.check()
        if not self.stores or not self.orders or self.epochs < 1:
            raise InputError("training needs one store or more, one order or more, and one epoch or more")
        for order in self.orders:
            check_choice("order", order, ORDERS)

    # ------------------------------------------------------------ before the first epoch

    def _prepare(
        self, stack: ExitStack, manifests: dict[str, Manifest], device: torch.device
    ) -> Generator[Event, None, tuple[list[TrainingRun], float]]:
        """Open every run, make the one model that all begin with, and measure how fast it could go."""
        yield from ready_kernels()
        pairs = [(store, order) for order in dict.fromkeys(self.orders) for store in manifests]
        opened: list[DataLoaders] = []
        chosen: dict[str, Workers] = {}
        for number, (store, order) in enumerate(pairs):
            # Without a total: how long this takes says nothing about the training.
            yield Progress("comparing the first batches with the stores", number, None, "stores")
            with blamed_on(name_of(manifests[store])):
                workers = chosen[store].asked_as if store in chosen else self.workers
                opened.append(open_dataloaders(stack, Path(store), order, dataclasses.replace(self, workers=workers)))
                chosen.setdefault(store, opened[-1].training.workers)
        batch = first_batch(opened[0].training)
        model = make_model(self.model, len(opened[0].store.classes), max(batch.images.shape[2:]), self.seed)
        yield Message("measuring how fast the model learns when no data are loaded")
        ceiling = compute_ceiling(model, batch, self, device)
        runs = [
            TrainingRun(
                {**self._about(manifests[store], store, order), "workers_reason": chosen[store].reason},
                loaders,
                Learner.copy_of(model, self, device),
                device,
            )
            for (store, order), loaders in zip(pairs, opened, strict=True)
        ]
        orders = {order: loaders.training.order_text for (_, order), loaders in zip(pairs, opened, strict=True)}
        if "blocks" in orders:
            yield Message(f"blocks: {orders['blocks']}")
        if opened[0].held_out:
            yield Message("There is no validation split: a tenth of the training samples is held out.", "warning")
        return runs, ceiling

    def _about(self, manifest: Manifest, store: str, order: str) -> dict[str, str]:
        return {**about(manifest, store), "model": self.model, "order": order}

    def _record(
        self, runs: list[TrainingRun], manifests: dict[str, Manifest], threads: int, ceiling: float, prepare_s: float
    ) -> RunRecorder:
        loaders = runs[0].loaders
        setup = {
            **self._setup(),
            "threads": threads,
            "held_out": loaders.held_out,
            "samples": loaders.samples[0],
            "val_samples": loaders.samples[1],
            "ceilings": {"compute": ceiling},
            "prepare_s": prepare_s,
        }
        return begin_record(self.home, manifests, setup)

    def _setup(self) -> Row:
        return {name: value for name, value in dataclasses.asdict(self).items() if name != "home"}

    # ------------------------------------------------------------ the epochs

    def _epochs(
        self, runs: list[TrainingRun], ceiling: float, recorder: RunRecorder, monitor: Monitor
    ) -> Generator[Event, None, list[Row]]:
        """An epoch of every run, then the next one; each begins with another run. Until it is seen how fast they are,
        they learn at the `ceiling`, images a second, or slower beside the loading."""
        rows: list[Row] = []
        counter = Counter(
            {
                kind: self.epochs * samples
                for run in runs
                for kind, samples in zip(_kinds(run), run.loaders.samples, strict=True)
            },
            {
                kind: share * BESIDE_LOADING / ceiling
                for run in runs
                for kind, share in zip(_kinds(run), (1.0, FORWARD), strict=True)
            },
        )
        yield counter.progress()
        for epoch in range(self.epochs):
            first = epoch % len(runs)
            for run in (*runs[first:], *runs[:first]):
                with blamed_on(run.about["store"]):
                    row = yield from self._epoch(run, epoch, counter, monitor)
                recorder.add("epoch", row)
                rows.append(row)
                plain = {name: value for name, value in row.items() if isinstance(value, int | float | str)}
                yield Sample("epoch", plain)
        yield counter.progress()
        return rows

    def _epoch(self, run: TrainingRun, epoch: int, counter: Counter, monitor: Monitor) -> Generator[Event, None, Row]:
        began, clock = time.time(), time.monotonic()
        steps = yield from self._learn(run, epoch, counter, monitor)
        parts = yield from self._validate(run, counter)
        return {
            **run.about,
            "epoch": epoch + 1,
            **training_figures(steps),
            **validation_figures(parts),
            "shuffle_quality": run.loaders.quality,
            "order_text": run.loaders.training.order_text,
            "classes_per_batch": run.loaders.classes_per_batch,
            "classes": len(run.loaders.store.classes),
            "held_out": run.loaders.held_out,
            "workers": str(run.loaders.training.workers),
            **monitor.background(clock),
            "pixels": run.digest.text,
            "weights": run.learner.fingerprint(),
            "began": began,
            "ended": time.time(),
        }

    def _learn(
        self, run: TrainingRun, epoch: int, counter: Counter, monitor: Monitor
    ) -> Generator[Event, None, list[TimedStep]]:
        """One epoch's steps; several times a second, what they say."""
        steps: list[TimedStep] = []
        told, pace = 0, Pace(0.25)
        with closing(run.train(epoch)) as learning:
            for step in learning:
                steps.append(step)
                counter.add(_kinds(run)[0], step.samples)
                if pace.due():
                    yield counter.progress()
                    yield Sample(
                        "step",
                        {
                            **run.about,
                            **_live(steps, told),
                            "epoch": epoch + 1,
                            "seen": epoch + len(steps) / run.steps,
                        },
                    )
                    yield Sample("monitor", monitor.latest())
                    told = len(steps)
        return steps

    def _validate(self, run: TrainingRun, counter: Counter) -> Generator[Event, None, list[tuple[int, float, int]]]:
        parts: list[tuple[int, float, int]] = []
        pace = Pace()
        with closing(run.validate()) as evaluating:
            for part in evaluating:
                parts.append(part)
                counter.add(_kinds(run)[1], part[0])
                if pace.due():
                    yield counter.progress()
        return parts


def _kinds(run: TrainingRun) -> tuple[str, str]:
    """What of a run's work goes at a pace of its own: learning and validating."""
    name = f"{run.about['store']} {run.about['order']}"
    return f"{name}, learning", f"{name}, validating"


class Counter:
    """Images that have been through a model, of all that will be, and how long the rest will take."""

    def __init__(self, amounts: Mapping[str, int], planned: Mapping[str, float]) -> None:
        """`planned`: seconds that an image of a kind takes, until it is seen."""
        self.total = sum(amounts.values())
        self.done = 0
        self._left = Remaining(amounts, planned)
        self._kind, self._fresh, self._since = "", 0, time.monotonic()

    def add(self, kind: str, images: int) -> None:
        """So many more images of a kind of work."""
        if kind != self._kind:
            self._note()
            self._kind = kind
        self.done += images
        self._fresh += images

    def progress(self) -> Progress:
        self._note()
        return Progress(STAGE, self.done, self.total, left_s=self._left.seconds)

    def _note(self) -> None:
        now = time.monotonic()
        if self._fresh:
            self._left.note(self._kind, self._fresh, now - self._since)
        self._fresh, self._since = 0, now


def _live(steps: list[TimedStep], told: int) -> dict[str, float | int]:
    """What the steps since the last report say; the first batch's wait is told apart, so it is not among them."""
    fresh = steps[max(told, 1) :] or steps
    pace, seen = step_times(fresh), sum(step.samples for step in steps)
    return {
        "step": len(steps),
        "loss": mean_loss((step.samples, step.loss) for step in fresh),
        "accuracy": sum(step.correct for step in steps) / seen,
        "samples_per_s": pace.samples_per_s,
        "wait_share": pace.wait_share,
        "wait_ms": 1000 * pace.wait_s / len(fresh),
        "compute_ms": 1000 * pace.compute_s / len(fresh),
    }
