"""The demo as a story: what is known of each of its steps, while it runs and afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.datasets.dataset import Dataset, list_datasets
from core.formats import example_format
from core.jobs import Job, State, Watch
from core.jobs.demo_plan import AS_FILES, DATASET, LOADING, PIXELS, RAW, formats
from core.jobs.watch import Measured
from core.measure.background_load import background_warning
from core.measure.headlines import headlines
from core.measure.loader_runs import ConfigurationResult, LoaderRun, rank_configurations, read_loader_run
from core.stores.store import StoreInfo, list_stores
from ui.shared import state
from ui.shared.import_preview import capitalised
from ui.shared.labels import speed_text

TITLES = ("The images", "How they are kept", "The loader reads them", "The same as raw pixels", "Cost and benefit")
"""Of the steps; the last one is what the others came to."""

END = len(TITLES)

STORED_AS = {AS_FILES: "storing image files", PIXELS: "storing raw pixels"}
"""Encoding -> what a sentence calls it."""


@dataclass
class FactorComparison:
    """One of the demo's two comparisons: finished repeats, and what is measured at this moment (None: nothing)."""

    repeats: Sequence[Mapping[str, Any]] = ()
    refused: Sequence[Mapping[str, Any]] = ()
    now: Mapping[str, Any] | None = None
    complete: bool = False

    @property
    def ranking(self) -> list[ConfigurationResult]:
        """The stores, the fastest first."""
        return rank_configurations(self.repeats)

    def sentence(self) -> str:
        """What it says, by the house's rule for differences; nothing while it is not complete."""
        if not self.complete or len(self.ranking) < 2:
            return ""
        told = headlines(self.ranking, _factors, _values, speed_text, bold="")
        return capitalised(told[0].partition(": ")[2]) if told else ""

    def busy(self) -> str:
        """A warning where other programs were busy meanwhile; else nothing."""
        return background_warning(self.repeats)


@dataclass
class Story:
    """A run of the demo. `step`: where it is; `END` when it is over. `steps`: number -> state and seconds."""

    name: str
    step: int
    dataset: Dataset | None = None
    stores: Mapping[str, StoreInfo] = field(default_factory=dict)
    raw: StoreInfo | None = None
    formats: FactorComparison = field(default_factory=FactorComparison)
    encodings: FactorComparison = field(default_factory=FactorComparison)
    steps: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    imported: int = 0
    record: LoaderRun | None = None

    @property
    def built_in(self) -> bool:
        """Whether its images are drawn here."""
        return self.name == DATASET

    @property
    def example(self) -> StoreInfo | None:
        """The store that the raw one is compared with."""
        return self.stores.get(example_format())


def story_told(job: Job, seen: Watch) -> Story:
    """Of a demo that runs, as far as it is."""
    steps = {int(one.values["number"]): one.values for one in seen.samples.get("step", [])}
    begun = {int(one.values["number"]): one.at for one in reversed(seen.samples.get("step", []))}
    story = _begun(str(job.fields.get("dataset", DATASET)), min(max(steps, default=1) or 1, END))
    story.steps = steps
    reading = seen.stages.get("reading")
    story.imported = reading.done if reading is not None else 0
    last = begun.get(RAW, float("inf"))
    story.formats = _measured(seen, begun.get(LOADING, float("inf")), last)
    story.encodings = _measured(seen, last, float("inf"))
    story.formats.complete = story.step > LOADING
    story.encodings.complete = steps.get(RAW, {}).get("state") == "done"
    return story


def story_of(job: Job) -> Story | None:
    """Of a demo that is done, from its records; None where they, its dataset or its stores are gone."""
    if job.state is not State.DONE or "encodings" not in job.result:
        return None
    story = _begun(str(job.result.get("dataset", DATASET)), END)
    runs = [read_loader_run(path) for name in ("file", "encodings") if (path := Path(str(job.result[name]))).is_file()]
    if story.dataset is None or not story.stores or story.raw is None or None in runs or len(runs) < 2:
        return None
    story.formats, story.encodings = (
        FactorComparison(run.repeats, run.refused, complete=True) for run in runs if run is not None
    )
    story.record = runs[0]
    return story if story.formats.repeats and story.encodings.repeats else None


def _begun(name: str, step: int) -> Story:
    home = state.home()
    story = Story(name, step, next((one for one in list_datasets(home) if one.name == name), None))
    if story.dataset is not None:
        found = [one for one in list_stores(home, name) if one.manifest.fingerprint == story.dataset.fingerprint]
        there = {one.manifest.format: one for one in found if one.manifest.variant == AS_FILES}
        story.stores = {format: there[format] for format in formats() if format in there}
        story.raw = next((one for one in found if _is_raw(one)), None)
    return story


def _is_raw(store: StoreInfo) -> bool:
    told = store.manifest
    parts = (told.format, told.encoding["name"], told.compression["name"])
    return parts == (example_format(), PIXELS, "none")


def _measured(seen: Watch, since: float, until: float) -> FactorComparison:
    """What was measured between two moments."""

    def between(series: str) -> list[Measured]:
        return [one for one in seen.samples.get(series, []) if since <= one.at < until]

    live, repeats = between("throughput"), between("repeat")
    now = live[-1] if live and live[-1].at >= max((one.at for one in repeats), default=0.0) else None
    refused = [one.values for one in between("refused")]
    return FactorComparison([one.values for one in repeats], refused, now.values if now is not None else None)


def _factors(row: ConfigurationResult) -> Mapping[str, str]:
    """As the sentence is to call them: encodings by what is stored, which everybody understands."""
    told = row.factors
    encoding = told.get("encoding", "")
    return {**told, "encoding": STORED_AS.get(encoding.partition("-")[0], encoding)}  # "raw-size90" has options


def _values(row: ConfigurationResult) -> Sequence[float]:
    return row.values
