"""`Load`: how fast a store turns into batches on this machine, measured and shown while it runs."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InputError
from core.events import Event, Message, Result, Sample
from core.home import Home
from core.loading.kernel_cache import compiles_first
from core.stores import Store, open_store

if TYPE_CHECKING:
    from core.loading.consumer import Consumer
    from core.loading.loader import Loader

INTERVAL = 0.25
"""Seconds between two live figures."""


@dataclass(frozen=True)
class Load:
    """Loads epoch after epoch for about `seconds` and says how fast that was.

    The page cache is filled before (`cache="warm"`), or the store's files are dropped from it (`"cold"`: then one
    epoch at most is measured, for the second would be warm). Before the clock starts, batches are compared with the
    store.

    The result: `first_batch_s` from opening the store to its first batch; `samples`, `seconds` and their quotient
    `samples_per_s` after that; `epochs`, the samples per second of each whole epoch; `ceilings` (see
    `core.loading.ceilings`); `stages`, microseconds of one worker's time a sample; `cache` ("warm", "cold", or
    "uncontrolled" where looking at the pages does not confirm it); `workers` and why (`workers_reason`); `checked`,
    the samples whose pixels were compared; `shuffle_quality` (1.0: batches mix the classes like a full shuffle); and
    the settings.
    """

    store: str
    split: str = "train"
    batch_size: int = 256
    workers: str = "auto"
    device: str = "cpu"
    output: str = "float32"
    transform: str = "none"
    loader: str = "fast"
    seconds: float = 5.0
    cache: str = "warm"
    seed: int = 0
    home: str | None = None

    def run(self) -> Iterator[Event]:
        """Raises InputError for bad settings, WorkError for a loader that fails or does not give what it should."""
        if not self.seconds > 0:
            raise InputError(f"seconds={self.seconds:g}: a measurement takes time; give more than 0")
        path = self._find()
        if compiles_first():
            yield Message("compiling the loading kernels, once on this machine (about half a minute)")
        yield Message("comparing the first batches with the store")
        known = self._prepare(path)
        if known["cache"] == "uncontrolled":
            yield Message(f"the page cache could not be made {self.cache}", "warning")
        consumer = yield from self._consumed(path)
        yield Result({**_figures(consumer), **known, **self._settings()})

    def _find(self) -> Path:
        """The store's folder: a path, or the part of one below the home's `data/built`."""
        path = Path(self.store)
        return path if path.exists() else Home.find(self.home).built / self.store

    def _prepare(self, path: Path) -> dict[str, Any]:
        """Everything that is not timed; its handles are closed before the page cache is touched."""
        from core.loading.cache import check_cache, prepare_cache
        from core.loading.ceilings import measure_ceilings
        from core.loading.check import check_loader
        from core.loading.normalise import Normalise
        from core.loading.plan import shuffle_quality

        check_cache(self.cache)
        normalise = Normalise(self.output)
        with self._opened(path) as (store, loader):
            known = {
                "checked": check_loader(store, loader, self.transform, self.seed, normalise),
                "shuffle_quality": shuffle_quality(store.labels, [job.indices for job in loader.plan.jobs(0)]),
                "ceilings": measure_ceilings(store, loader, normalise),
            }
        return {**known, "cache": prepare_cache(path, self.cache)}

    @contextmanager
    def _opened(self, path: Path) -> Iterator[tuple[Store, Loader]]:
        from core.loading.loader import make_loader

        store = open_store(path, self.split)
        try:
            with make_loader(
                store,
                batch_size=self.batch_size,
                seed=self.seed,
                workers=self.workers,
                device=self.device,
                output=self.output,
                transform=self.transform,
                loader=self.loader,
            ) as loader:
                yield store, loader
        finally:
            store.close()

    @contextmanager
    def _loader(self, path: Path) -> Iterator[Loader]:
        with self._opened(path) as (_, loader):
            yield loader

    def _consumed(self, path: Path) -> Generator[Event, None, Consumer]:
        """Live figures until the time is up. Closing it ends the loading."""
        from core.loading.consumer import Consumer, Speedometer

        consumer = Consumer(lambda: self._loader(path), self.seconds, 1 if self.cache == "cold" else None)
        speedometer = Speedometer(consumer)
        consumer.start()
        try:
            while not consumer.done.wait(INTERVAL):
                yield Sample("throughput", speedometer.look())
        finally:
            consumer.stop()
        consumer.finish()
        yield Sample("throughput", speedometer.look())
        return consumer

    def _settings(self) -> dict[str, Any]:
        names = ("store", "split", "batch_size", "device", "output", "transform", "loader", "seed")
        return {name: getattr(self, name) for name in names}


def _figures(consumer: Consumer) -> dict[str, Any]:
    """The result's own figures. Of a store that is a single batch, the first batch is all there is."""
    samples, seconds = consumer.steady
    if not seconds:
        samples, seconds = consumer.total[1], consumer.first_batch_s
    return {
        "samples": samples,
        "seconds": seconds,
        "samples_per_s": samples / seconds,
        "first_batch_s": consumer.first_batch_s,
        "epochs": consumer.epochs,
        "stages": {stage: 1e6 * spent / consumer.total[1] for stage, spent in consumer.stages.items()},
        "workers": str(consumer.workers),
        "workers_reason": consumer.workers.reason if consumer.workers else "",
    }
