"""`StorageExperiment`: the task that compares storage methods at growing numbers of images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...base.errors import InputError, disk_trouble_told
from ...base.events import Event
from ...base.home import Home
from ...base.staging import claim
from ...datasets.dataset import Dataset
from .choice import MethodChoice, choices
from .run import TRIAL, StorageRun
from .schedule import Costs

WORKPLACE = ".measuring"


@dataclass(frozen=True)
class StorageExperiment:
    """Write and read `cutoffs` images of a dataset, one and many, in every storage method.

    `methods` names them ("lmdb/raw"); where it is None, every one of `variants` in every one of `formats`, and where
    these are None, the usual ones (`choice.usual`). `repeats` None: as many as `minutes` allow. Live figures come as
    `Sample("now", ...)`, each measured time as `Sample("time", ...)`, the machine as `Sample("monitor", ...)`.
    The result: `file`, `setup`, `rows`, and `left_out` (what was not measured, and why).
    """

    dataset: str
    cutoffs: Sequence[int] = (1, 10, 100, 1_000)
    methods: Sequence[str] | None = None
    formats: Sequence[str] | None = None
    variants: Sequence[str] | None = None
    repeats: int | None = None
    minutes: float = 9.0
    batch_size: int = 256
    size: int | None = None
    split: str = "train"
    seed: int = 0
    home: str | None = None

    def run(self) -> Iterator[Event]:
        """Raises InputError for what cannot be measured, WorkError where it fails; what was measured by then stays."""
        home = Home.find(self.home)
        dataset, chosen = self.check(home)
        with disk_trouble_told("the experiment"), claim(home.built / WORKPLACE, "storage", "experiment") as scratch:
            scratch.chmod(0o700)  # pickles are written and read there: nobody else is to put one in
            yield from StorageRun(self, home, dataset, chosen, scratch).run()

    def check(self, home: Home) -> tuple[Dataset, list[MethodChoice]]:
        """The dataset and the methods that are meant. Raises InputError for settings that do not go."""
        if not self.cutoffs or min(self.cutoffs) < 1:
            raise InputError("give one cut-off or more, each a number of images from 1 on")
        if self.minutes <= 0 or (self.repeats is not None and self.repeats < 1) or self.batch_size < 1:
            raise InputError("minutes, repeats and batch size must be more than 0")
        if self.size is not None and self.size < 1:
            raise InputError("size must be at least 1 pixel")
        dataset = Dataset.open(home, self.dataset)
        if self.split not in dataset.splits:
            raise InputError(f"{self.dataset} has no split {self.split!r}; it has: {', '.join(dataset.splits)}")
        return dataset, choices(dataset, self.split, self.size, self.methods, self.formats, self.variants)

    def trial(self) -> Costs:
        """What every workload costs with a few images, measured just now, for `schedule.forecast`.

        Cut-offs, repeats and minutes play no part in it. Raises as `run` does.
        """
        home = Home.find(self.home)
        dataset, chosen = self.check(home)
        with disk_trouble_told("the trial"), claim(home.built / WORKPLACE, "storage-trial", "trial") as scratch:
            scratch.chmod(0o700)
            running = StorageRun(self, home, dataset, chosen, scratch)
            for _ in running.prepare(most=TRIAL):
                """Its progress is not worth showing."""
            return running.costs
