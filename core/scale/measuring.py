"""`MeasureScale`: the short measurement that plans take their rates from, on a few images of a dataset or on drawn
ones."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..base.errors import InputError, disk_trouble_told
from ..base.events import Event, Message, Progress, Result, finish
from ..base.home import Home
from ..base.steps_left import StepsLeft
from ..building.recipe import Recipe
from ..compressions import COMPRESSIONS
from ..datasets.dataset import Dataset
from ..encodings import ENCODINGS
from ..formats import FORMATS
from ..machine.background import BackgroundLoad
from ..machine.session import now
from ..measure.background_load import BUSY
from .build_trial import SHARD_MB, SHARDS, TrialRecipe, measure_building, trained
from .disk_trial import measure_disk
from .images import image_facts
from .kept_rates import KeptRates, ScaleSubject, keep_rates
from .load_trial import FAR_S, NEAR_S, LoaderChoice, measure_loading
from .trial_home import FEW, TrialHome, trial_of_dataset, trial_of_stand_ins

T = TypeVar("T")

AUTO = "auto"

DRAWN = "drawn"
"""How a fingerprint begins that is none of a dataset."""

BUILDING, LOADING, DISK = "building", "loading", "disk"
STEP_SECONDS = {BUILDING: 4.0, LOADING: NEAR_S + FAR_S, DISK: 1.0}
"""What the steps take on two processors, until it is known."""

PARTS_OPTIONS = (SHARDS, SHARD_MB)
"""They say into how many parts a store is cut, not what an image takes."""


@dataclass(frozen=True)
class MeasureScale:
    """Measure what building a store of a dataset takes here, and loading it: about 25 s.

    Without a `dataset`, images of `height` x `width` pixels and `image_bytes` bytes are drawn (JPEG). `options` go to
    whichever of format, encoding and compression has an option of that name; `batch_size`, `transform`, `output` and
    `workers` are those of `load`; `transform` "auto" is none where all images are of one size, else train224. The
    result is what was kept (`kept_rates`), with the `file`.
    """

    dataset: str = ""
    format: str = "webdataset"
    encoding: str = "original"
    compression: str = "none"
    options: Mapping[str, Any] = field(default_factory=dict)
    image_bytes: int = 0
    height: int = 0
    width: int = 0
    batch_size: int = 256
    transform: str = AUTO
    output: str = "float32"
    workers: str = "auto"
    home: str | None = None

    def run(self) -> Iterator[Event]:
        """Raises InputError for what cannot be built or loaded, WorkError where that fails. Leaves nothing behind but
        what it measured."""
        home = Home.find(self.home)
        subject = self.subject(home)
        subject.loader.check()
        yield Progress("taking images", 0, None)
        with disk_trouble_told("measuring"), self._trial(home) as trial:
            rates = yield from self._measured(home, trial, subject.loader)
        path = keep_rates(home, subject, rates)
        yield Result({"file": str(path), "samples": rates.samples, "measured": rates.measured})

    def subject(self, home: Home) -> ScaleSubject:
        """What is measured. Raises InputError for an unknown dataset, where neither it nor sizes are given, and for
        parts and options that there are not or that do not go together."""
        FORMATS.load(self.format)
        ENCODINGS.load(self.encoding)
        COMPRESSIONS.load(self.compression)
        if self.dataset:
            recipe = Recipe.of(home, self.dataset, self.format, self.encoding, self.compression, self._options)
            fingerprint = recipe.dataset.fingerprint
        elif min(self.image_bytes, self.height, self.width) < 1:
            raise InputError("name an imported dataset, or give --image-bytes, --height and --width of its images")
        else:
            fingerprint = f"{DRAWN} {self.width}x{self.height} {self.image_bytes}"
        return ScaleSubject(
            self.dataset, fingerprint, self.format, self.encoding, self.compression, self._options, self._loader(home)
        )

    @property
    def _options(self) -> dict[str, Any]:
        return {name: value for name, value in self.options.items() if name not in PARTS_OPTIONS}

    def _loader(self, home: Home) -> LoaderChoice:
        transform = self.transform
        if transform == AUTO:
            mixed = self.dataset and len(Dataset.open(home, self.dataset).shapes()) > 1
            transform = "train224" if mixed else "none"
        return LoaderChoice(self.batch_size, transform, self.output, self.workers)

    def _trial(self, home: Home) -> AbstractContextManager[TrialHome]:
        if self.dataset:
            return trial_of_dataset(home, Dataset.open(home, self.dataset))
        return trial_of_stand_ins(home, self.height, self.width, self.image_bytes)

    def _measured(self, home: Home, trial: TrialHome, choice: LoaderChoice) -> Generator[Event, None, KeptRates]:
        recipe, background = TrialRecipe(self.format, self.encoding, self.compression, self._options), BackgroundLoad()
        left = StepsLeft(STEP_SECONDS)
        build = yield from _last(left.told(BUILDING, measure_building(trial, recipe)), background)
        store = finish(recipe.build(trial, FEW, 0, 0).run())  # a processor's cache holds it, as a rule
        scratch = trial.home.root / "grown"
        scratch.mkdir()
        (split,) = trial.dataset(FEW).splits
        loading = measure_loading(Path(store["store"]), split, choice, scratch)
        load = yield from _last(left.told(LOADING, loading), background)
        shutil.rmtree(scratch)
        yield Message("measuring the disk")
        disk = measure_disk(trial.home.root)
        of = recipe.recipe(trial) if not self.dataset else self._recipe(home)
        notes = (*trial.notes, *busy_notes(background.share))
        return KeptRates(image_facts(of), build, load, disk, trial.drawn, now(), choice.text, notes)

    def _recipe(self, home: Home) -> Recipe:
        """That of the dataset itself, for the sizes of its images."""
        parts = self.format, self.encoding, self.compression
        return trained(Recipe.of(home, self.dataset, *parts, self._options))


def busy_notes(share: float | None) -> list[str]:
    """That other work had a part of the processors, where it was a tenth or more: rates are too slow then."""
    if share is None or share < BUSY:
        return []
    return [f"other programs took {share:.0%} of the processors while this was measured, so times are too long"]


def _last(steps: Iterator[Event | T], background: BackgroundLoad) -> Generator[Event, None, T]:
    """Hand on the events; returns what comes last, which is none."""
    for step in steps:
        background.look()
        if not isinstance(step, Event):
            return step
        yield step
    raise AssertionError("nothing was measured")
