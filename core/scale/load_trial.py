"""What loading takes here: epochs of a store that a processor's cache holds and of one that it does not, each in a
process of its own, so that opening is measured as a training script meets it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from ..base.events import Event, Progress
from ..processes.cpus import usable_cpus
from ..processes.isolated import stream
from ..stores.store import open_store
from .grown_store import can_grow, grown
from .rates import LoadRates

STAGE = "loading on trial"
SECONDS = 1.2
"""Of an epoch that is measured at most; batches are drawn from the whole store, so a part of an epoch will do."""

NEAR_S, FAR_S = 3.0, 6.5
"""What the small and the large store take, both processes' starts included, until it is known."""

FEWEST_BATCHES = 8

ORDERED = 1_000_000

MANY_MORE, CLEARLY = 20_000, 1.5

LATER, MOST_LATER = 3, 15
"""Epochs after the first: as many as `SECONDS` allow, within these."""

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
USUAL_CACHE = 32 << 20


@dataclass(frozen=True)
class LoaderChoice:
    """How batches are made, as `load` takes it."""

    batch_size: int = 256
    transform: str = "none"
    output: str = "float32"
    workers: str = "auto"

    @property
    def text(self) -> str:
        return f"batches of {self.batch_size:,} as {self.output}, transform {self.transform}, workers {self.workers}"

    def check(self) -> None:
        """Raises InputError for what a loader does not know; imports its libraries."""
        from ..loading.batch_sampler import BatchSampler
        from ..loading.normalise import Normalise
        from ..loading.transform import check_transform
        from ..loading.workers import parse_workers

        BatchSampler(1, self.batch_size)
        Normalise(self.output)
        check_transform(self.transform)
        parse_workers(self.workers)

    def settings(self) -> dict[str, Any]:
        return {"batch_size": self.batch_size, "transform": self.transform, "output": self.output}


def measure_loading(store: Path, split: str, choice: LoaderChoice, scratch: Path) -> Iterator[Event | LoadRates]:
    """Ends with the rates. `scratch`: an empty folder, for a larger store."""
    from ..loading.awaited import sets_for_load
    from ..loading.compiling import ready_kernels

    opened = open_store(store, split)
    yield from ready_kernels(sets_for_load(opened, choice.transform, fast=True, stage_limits=False))
    yield Progress(STAGE, 0, 2, "stores", NEAR_S + FAR_S)
    near = next(stream(epochs, str(store), split, choice, None))
    yield Progress(STAGE, 1, 2, "stores", FAR_S)
    larger = grown(opened, scratch / "grown").path if can_grow(opened) else store
    far = next(stream(epochs, str(larger), split, choice, near.workers))
    opened.close()
    yield Progress(STAGE, 2, 2, "stores", 0.0)
    yield rates_of(near, far, usable_cpus(), processor_cache())


class EpochsTold(NamedTuple):
    """Of a store of `samples`: seconds an image of the first epoch and of later ones, and what these took
    beside it: `start_s` from opening the store on, `epoch_s` from asking for the first batch. `open_s`: until the first
    sample of a store that is opened again in the same process. `workers`: who made the batches."""

    samples: int
    first_s: float
    later_s: float
    start_s: float
    epoch_s: float
    open_s: float
    workers: str = ""


def rates_of(near: EpochsTold, far: EpochsTold, cpus: int, cache_bytes: float) -> LoadRates:
    """Of what `epochs` told of the small and of the large store."""
    opening = opening_rate(near, far)
    return LoadRates(
        near_s=near.later_s * cpus,
        far_s=max(far.later_s, near.later_s) * cpus,
        first_s=max(far.first_s - far.later_s, 0.0) * cpus,
        start_s=max(far.start_s - opening * far.samples, 0.0),
        cache_bytes=cache_bytes,
        epoch_s=near.epoch_s,
        open_s=opening,
        order_s=order_rate(),
    )


def order_rate() -> float:
    """Seconds that an epoch's order takes, an image: each process that loads draws the order of all of them."""
    from ..loading.batch_sampler import BatchSampler

    sampler = BatchSampler(ORDERED, 256, True, 0)
    took = []
    for epoch in range(LATER):
        began = time.perf_counter()
        next(iter(sampler.specs(epoch)))
        took.append(time.perf_counter() - began)
    return min(took) / ORDERED


def opening_rate(near: EpochsTold, far: EpochsTold) -> float:
    """Seconds that each image of a store adds to its opening. Multiplied by a billion, a moment's disturbance would be
    hours: nothing unless the larger store has many more images and takes clearly longer."""
    more = far.samples - near.samples
    if more < MANY_MORE or far.open_s < CLEARLY * near.open_s:
        return 0.0
    return (far.open_s - near.open_s) / more


def choose(path: str, split: str, choice: LoaderChoice) -> str:
    """The workers that the loader chooses, measured once and kept as for any store."""
    from ..loading import make_loader

    store = open_store(path, split)
    with make_loader(store, workers=choice.workers, **choice.settings()) as loader:
        chosen: str = loader.workers.asked_as
    store.close()
    return chosen


def epochs(path: str, split: str, choice: LoaderChoice, workers: str | None) -> Iterator[EpochsTold]:
    """In a process of its own: everything that `EpochsTold` tells of a store. Where workers are yet to be chosen, that
    is done first, and start and first epoch are no longer those of a new process."""
    workers = choose(path, split, choice) if workers is None else workers
    began = time.perf_counter()
    from ..loading import make_loader

    store = open_store(path, split)
    with make_loader(store, workers=workers, **choice.settings()) as loader:
        first = _epoch(loader, began)
        later = _later(loader)
    store.close()
    opening = min(_opening(path, split, choice, workers) for _ in range(LATER))
    yield EpochsTold(len(store), first.image_s, later.image_s, first.beside_s, later.beside_s, opening, workers)


def _later(loader: Any) -> EpochPace:
    """The medians of epochs after the first."""
    paces: list[EpochPace] = []
    began = time.perf_counter()
    while len(paces) < LATER or (len(paces) < MOST_LATER and time.perf_counter() - began < SECONDS):
        paces.append(_epoch(loader, time.perf_counter()))
    return EpochPace(median(pace.image_s for pace in paces), median(pace.beside_s for pace in paces))


def _opening(path: str, split: str, choice: LoaderChoice, workers: str) -> float:
    """Seconds until the first sample, with all libraries and kernels there."""
    from ..loading import make_loader

    began = time.perf_counter()
    store = open_store(path, split)
    with make_loader(store, workers=workers, **{**choice.settings(), "batch_size": 1}) as loader:
        next(iter(loader))
        took = time.perf_counter() - began
    store.close()
    return took


class EpochPace(NamedTuple):
    """Seconds that each image took in steady state, and those that were paid once."""

    image_s: float
    beside_s: float


def _epoch(loader: Any, began: float) -> EpochPace:
    """Of an epoch, or as much of it as `SECONDS` allow. Its second half tells the pace: the first batches of all
    workers come at once, and of a process's first ones some are made before the kernels are loaded."""
    ticks = [(began, 0)]
    for batch in loader:
        ticks.append((time.perf_counter(), ticks[-1][1] + len(batch.labels)))
        if ticks[-1][0] - began > SECONDS and len(ticks) > FEWEST_BATCHES:
            break
    last, samples = ticks[-1]
    since, counted = ticks[(len(ticks) - 1) // 2]
    image_s = (last - since) / (samples - counted)
    return EpochPace(image_s, max(last - began - samples * image_s, 0.0))


def processor_cache() -> float:
    """Bytes of the largest cache of the first CPU, or what is usual where the system does not tell."""
    found = []
    for place in CACHES.glob("index*/size"):
        text = place.read_text().strip()
        if text[:-1].isdecimal() and text[-1:] in "KM":
            found.append(int(text[:-1]) << (10 if text[-1] == "K" else 20))
    return float(max(found, default=USUAL_CACHE))
