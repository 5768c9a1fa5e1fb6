"""The one-minute demo: draw a dataset, store it in every format and two encodings, load each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from ..base.events import Event, Result, Sample
from ..base.home import Home
from ..building import Build
from ..datasets.dataset import Dataset, list_datasets
from ..formats import FORMATS, example_format
from ..importing.task import Import
from ..measure.loaders import LoaderExperiment
from ..stores.store import StoreInfo, list_stores

DATASET = "shapes"
WORKERS = "0"
"""Every store is loaded by one thread, so that nothing but format or encoding differs."""


def variants() -> list[tuple[str, str]]:
    """Format and encoding of the stores: all usual formats at one encoding, and two encodings in one format."""
    formats = [name for name, entry in FORMATS.items() if entry.usual and entry.available()]
    return [*((name, "original") for name in formats), (example_format(), "raw")]


@dataclass(frozen=True)
class Demo:
    """Import, four builds and a loader experiment as one task. What is there already is used, so it can be run again.

    Each step begins and ends with `Sample("step", {number, of, title, state, seconds})`, where `state` is "running",
    "done" or "there already". The result is the experiment's.
    """

    seconds: float = 0.7
    rounds: int = 3
    home: str | None = None

    def run(self) -> Iterator[Event]:
        """Raises what its steps raise."""
        home = Home.find(self.home)
        yield from self._step(1, f"Draw the dataset {DATASET}", self._import(home))
        dataset = Dataset.open(home, DATASET)
        for number, (format, encoding) in enumerate(variants(), 2):
            build = self._build(home, dataset, format, encoding)
            yield from self._step(number, f"Build {format} with {encoding}", build)
        stores = [info for variant in variants() if (info := _find(home, *variant)) is not None]
        yield from self._step(len(variants()) + 2, "Load each of them", self._load(stores))

    def _step(self, number: int, title: str, events: Iterator[Event] | None) -> Iterator[Event]:
        """One step's events between two that say where we are; only the experiment's result is handed on."""
        told: dict[str, float | int | str] = {"number": number, "of": len(variants()) + 2, "title": title}
        if events is None:
            yield Sample("step", {**told, "state": "there already", "seconds": 0.0})
            return
        yield Sample("step", {**told, "state": "running", "seconds": 0.0})
        began = time.perf_counter()
        result: Result | None = None
        for event in events:
            if isinstance(event, Result):
                result = event
            else:
                yield event
        yield Sample("step", {**told, "state": "done", "seconds": time.perf_counter() - began})
        if result is not None and number == told["of"]:
            yield result

    def _import(self, home: Home) -> Iterator[Event] | None:
        there = any(dataset.name == DATASET for dataset in list_datasets(home))
        return None if there else Import("shapes", DATASET, home=self.home).run()

    def _build(self, home: Home, dataset: Dataset, format: str, encoding: str) -> Iterator[Event] | None:
        found = _find(home, format, encoding)
        if found is not None and found.manifest.fingerprint == dataset.fingerprint:
            return None
        return Build(DATASET, format, encoding, force=found is not None, home=self.home).run()

    def _load(self, stores: list[StoreInfo]) -> Iterator[Event]:
        paths = [str(store.path) for store in stores]
        return LoaderExperiment(
            paths, workers=[WORKERS], seconds=self.seconds, rounds=self.rounds, home=self.home
        ).run()


def _find(home: Home, format: str, encoding: str) -> StoreInfo | None:
    """The demo's store of this format, where it has been built."""
    return next((info for info in list_stores(home, DATASET) if info.name == f"{format}/{encoding}"), None)
