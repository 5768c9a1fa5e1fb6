"""The demo: a dataset, stored in every usual format as its files are, each of them loaded; then the same as raw pixels.

Two comparisons, each in one factor: the formats at one encoding, then two encodings in one format. Everything in a run
is loaded by the same loader: the fast one where its kernels are compiled, else the plain PyTorch one, which needs none,
so that nobody waits for a compiler and nothing compiled is compared with what is not.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from ..base.events import Event, Result, Sample
from ..base.home import Home
from ..base.steps_left import StepsLeft
from ..building import Build
from ..building.recipe import Recipe
from ..datasets.dataset import Dataset, list_datasets
from ..encodings.raw import PROPOSED_SIZE, Raw
from ..formats import example_format
from ..importing.task import Import
from ..loading.compiling import complete
from ..loading.kernel_cache import has_compiler
from ..loading.loaders import DEFAULT_LOADER
from ..measure.loaders import LoaderExperiment
from ..stores.store import list_stores
from .demo_plan import AS_FILES, DATASET, IMAGES, LOADING, PIXELS, RAW, STORES, UNCOMPILED, WORKERS, formats
from .upload import ImportUpload

BATCH_PIXELS, MOST_IN_BATCH, LEAST_IN_BATCH = 1 << 22, 256, 8
"""A batch has about so many pixels, between so many images."""

LARGE_EDGE = 256
"""Pixels from which on images are cut to 224 for loading, as those of several shapes are."""


IMAGES_S, BUILD_S, REPEAT_S = 4.0, 1.2, 0.2
"""Seconds that the images, a build, and a repeat beside its loading take on two processors, until it is known."""


class DemoLoading(NamedTuple):
    """How all stores of a dataset are loaded, and the `options` of its raw store."""

    split: str
    batch_size: int
    transform: str
    options: Mapping[str, Any]


def loading_of(dataset: Dataset) -> DemoLoading:
    """Small images of one shape as they are; others cut to 224 x 224, for a batch has one shape."""
    split = "train" if "train" in dataset.splits else max(dataset.splits, key=dataset.splits.__getitem__)
    shapes = list(dataset.shapes())
    largest = max(max(shape[:2]) for shape in shapes)
    alike = len(shapes) == 1 and largest <= LARGE_EDGE
    fitting = BATCH_PIXELS // max(prod(shape[:2]) for shape in shapes)
    batch = min(max(fitting, LEAST_IN_BATCH), MOST_IN_BATCH, max(dataset.splits[split] // 2, 1))
    options = Raw.proposed(shapes) if len(shapes) > 1 else {"size": None if alike else PROPOSED_SIZE}
    return DemoLoading(split, batch, "none" if alike else "train224", {key: one for key, one in options.items() if one})


def loader_now() -> str:
    """The loader that a run beginning now uses for all its stores."""
    return DEFAULT_LOADER if complete() or not has_compiler() else UNCOMPILED


@dataclass(frozen=True)
class Demo:
    """Import, builds and two loader experiments as one task. What is there already is used, so it can be run again.

    Where it is not there, `dataset` is made from `source` (as `Import` takes it, with `options`, at most `limit`
    images). `uploaded`: the source is an upload that people call `called`, and gone afterwards.

    Each step begins and ends with `Sample("step", {number, of, title, state, seconds})`, where `state` is "running",
    "done" or "there already". The result: the record of the formats (`file`) and that of the encodings (`encodings`),
    the `dataset` and the `loader`.
    """

    seconds: float = 0.5
    rounds: int = 5
    home: str | None = None
    dataset: str = DATASET
    source: str = DATASET
    options: Mapping[str, object] = field(default_factory=dict)
    limit: int | None = None
    called: str = ""
    uploaded: bool = False

    def run(self) -> Iterator[Event]:
        """Raises what its steps raise."""
        home, left = Home.find(self.home), StepsLeft(self._planned())
        yield from self._step(IMAGES, "The images", self._import(home, left))
        dataset = Dataset.open(home, self.dataset)
        how = loading_of(dataset)
        compared = [self._build(name, AS_FILES) for name in formats()]
        example, pixels = self._build(example_format(), AS_FILES), self._build(example_format(), PIXELS, how.options)
        yield from self._step(STORES, "The stores", self._missing(dataset, compared, left))
        loader = loader_now()
        loads = left.told(str(LOADING), self._load(home, compared, how, loader))
        by_format = yield from self._step(LOADING, "Formats", loads)
        again = left.told(str(RAW), self._load(home, [example, pixels], how, loader))
        raw = chain(self._missing(dataset, [pixels], left) or (), again)
        by_encoding = yield from self._step(RAW, "Encodings", raw)
        files = {"file": by_format["file"], "encodings": by_encoding["file"]}
        yield Result({**files, "dataset": self.dataset, "loader": loader})

    def _planned(self) -> dict[str, float]:
        """Seconds of the import, each build and both experiments, by their names in `StepsLeft`."""
        repeat = self.rounds * (self.seconds + REPEAT_S)
        builds = dict.fromkeys([*(f"{name}/{AS_FILES}" for name in formats()), f"{example_format()}/{PIXELS}"], BUILD_S)
        return {str(IMAGES): IMAGES_S, **builds, str(LOADING): len(formats()) * repeat, str(RAW): 2 * repeat}

    def _step(
        self, number: int, title: str, events: Iterator[Event] | None
    ) -> Generator[Event, None, Mapping[str, Any]]:
        """One step's events between two that say where we are; returns the last result, which is not handed on."""
        told: dict[str, float | int | str] = {"number": number, "of": RAW, "title": title}
        if events is None:
            yield Sample("step", {**told, "state": "there already", "seconds": 0.0})
            return {}
        yield Sample("step", {**told, "state": "running", "seconds": 0.0})
        began, result = time.perf_counter(), Result({})
        for event in events:
            if isinstance(event, Result):
                result = event
            else:
                yield event
        yield Sample("step", {**told, "state": "done", "seconds": time.perf_counter() - began})
        return result.data

    def _import(self, home: Home, left: StepsLeft) -> Iterator[Event] | None:
        if any(dataset.name == self.dataset for dataset in list_datasets(home)):
            left.drop(str(IMAGES))
            return None
        made = ImportUpload if self.uploaded else Import
        task = made(self.source, self.dataset, self.limit, self.options, self.home, self.called)
        return left.told(str(IMAGES), task.run())

    def _build(self, format: str, encoding: str, options: Mapping[str, Any] | None = None) -> Build:
        return Build(self.dataset, format, encoding, options=dict(options or {}), home=self.home)

    def _missing(self, dataset: Dataset, builds: Sequence[Build], left: StepsLeft) -> Iterator[Event] | None:
        """Build what is not there, or is of another dataset of this name; None where there is nothing to do."""
        home = Home.find(self.home)
        there = {store.path: store.manifest.fingerprint for store in list_stores(home, self.dataset)}
        found = [(build, there.get(place_of(home, build))) for build in builds]
        missing = [
            replace(build, force=of is not None) for build, of in found if of is None or of != dataset.fingerprint
        ]
        for build, of in found:
            if of == dataset.fingerprint:
                left.drop(_name(build))
        return chain.from_iterable(left.told(_name(build), build.run()) for build in missing) if missing else None

    def _load(self, home: Home, builds: Sequence[Build], how: DemoLoading, loader: str) -> Iterator[Event]:
        """All are loaded alike. What limits each load is not measured: that took longer than the story itself."""
        return LoaderExperiment(
            [str(place_of(home, build)) for build in builds], how.split, batch_sizes=[how.batch_size],
            workers=[WORKERS], transforms=[how.transform], loaders=[loader], seconds=self.seconds, rounds=self.rounds,
            stage_limits=False, home=self.home,
        ).run()  # fmt: skip


def _name(build: Build) -> str:
    """Of its step in `StepsLeft`."""
    return f"{build.format}/{build.encoding}"


def place_of(home: Home, build: Build) -> Path:
    """Where a store is, or is going to be."""
    parts = (build.dataset, build.format, build.encoding, build.compression, build.options)
    return Recipe.of(home, *parts).target(home)
