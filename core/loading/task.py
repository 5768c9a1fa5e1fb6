"""`Load`: how fast a store turns into batches on this machine, measured and shown while it runs."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from .. import open_store
from ..base.errors import InputError
from ..base.events import Event, Message, Progress, Result, Sample
from ..base.home import Home
from ..machine.process_tree import PeakUsage
from ..remote.address import is_address
from .batch_sampler import ORDERS
from .coming import Metered
from .compiling import ready_kernels
from .loaders import DEFAULT_LOADER
from .pipeline import FoundInSteps
from .sharded import Cached

if TYPE_CHECKING:
    from ..inspect.opened_store import ForeignStore
    from ..stores.store import Store
    from .consumer import Consumer
    from .inspection import Inspection
    from .loader import Loader
    from .normalise import Normalise

Place = Path | str
"""Where a store or file is: a path, or an address."""

INTERVAL = 0.25
"""Seconds between two live figures."""

LOOK_S = 1.0
"""Seconds between two looks at the memory of this process and its workers."""


@dataclass(frozen=True)
class Load:
    """Loads epoch after epoch for about `seconds` and says how fast that was.

    `store`: a store, or a file or folder that `inspect` understands, read by a `schema` of its kind where one is given;
    `split`: of a store "train" if None, of a file all that is in it.
    The page cache is filled before (`cache="warm"`), or the store's files are dropped from it (`"cold"`: then one
    epoch at most is measured, for the second would be warm). Of a store at an address all shards are brought to the
    cache of this machine before, where it holds them, or loading begins with an empty one. Before the clock starts,
    batches are compared with the store; what is handed out while it runs is looked at and compared when it has stopped.
    After each batch a training `step` is done: "sleep" or "busy" of `step_ms` milliseconds (none at 0), or a small real
    "model" on the device.
    Where the same load is repeated, `compare=False` and `stage_limits=False` leave out the comparison before and the
    measuring of the stage limits.

    The result: `first_batch_s` from opening the store to its first batch; `samples`, `seconds` and their quotient
    `samples_per_s` after the first batch of each worker; `epochs`, the samples per second of each whole epoch;
    `ceilings` (see `core.loading.stage_limits`; of a cold load also `cold read`); `stages`, microseconds of a worker's
    time per sample; `wait_share`, the share of the time in which the trainer waited for data (None without a step);
    `cache` ("warm", "cold", or "uncontrolled" where looking at the pages does not confirm it); `workers` (chosen once,
    before the clock starts), why (`workers_reason`), and what to ask for to be given the same (`workers_used`); `cpus`,
    those in use; `checked`, the samples whose pixels were compared; `shuffle_quality` (1.0: batches mix the classes
    like a full shuffle) and `order_text`, the order in words; and the settings. Of a store at an address `traffic`,
    what it took from opening to the end: `requests`, `bytes`, `cached` (bytes that lay in the cache) and `retries`; the
    cache is in `cache_folder` and holds `cache_mb` MB (as `open_store` says).
    """

    store: str
    split: str | None = None
    schema: str | None = None
    batch_size: int = 256
    workers: str = "auto"
    device: str = "cpu"
    output: str = "float32"
    transform: str = "none"
    loader: str = DEFAULT_LOADER
    verify: str = "sampled"
    order: str = "shuffled"
    seconds: float = 5.0
    cache: str = "warm"
    seed: int = 0
    step: str = "sleep"
    step_ms: float = 0.0
    compare: bool = True
    stage_limits: bool = True
    home: str | None = None
    cache_folder: str | None = None
    cache_mb: int | None = None

    def run(self) -> Iterator[Event]:
        """Raises InputError for bad settings, WorkError for a loader that fails or does not give what it should."""
        if not self.seconds > 0:
            raise InputError(f"seconds={self.seconds:g}: a measurement takes time; give more than 0")
        if self.order not in ORDERS:
            raise InputError(f"order={self.order!r}: choose one of {', '.join(ORDERS)}")
        path = self._find()
        split = yield from self._understood(path)
        yield from ready_kernels(self._kernels(path))
        if self.compare:
            yield Message("comparing the first batches with the store")
        known = self._prepare(path)
        if known["cache"] == "uncontrolled":
            yield Message(f"the page cache could not be made {self.cache}", "warning")
        traffic: dict[str, int] = {}
        usage = PeakUsage()
        consumer, inspection = yield from self._consumed(path, known["workers_used"], traffic, usage)
        known["checked"] += self._compare(path, inspection)
        known |= {"traffic": traffic} if traffic else {}
        used = {"cpu_s_per_sample": usage.cpu_s / consumer.last.samples, "peak_memory_bytes": usage.peak_memory_bytes}
        yield Result({**_figures(consumer), **used, **known, **self._settings(), "split": split})

    def _find(self) -> Place:
        """The store's folder, or a file: a path, or the part of one below the home's `data/built`; or an address."""
        if is_address(self.store):
            return self.store
        path, built = Path(self.store), Home.find(self.home).built / self.store
        return built if built.exists() and not path.exists() else path

    def _open(self, path: Place, cache: str | None = None) -> Store | ForeignStore:
        """`cache`: another folder for what is fetched than the usual one."""
        folder = self.cache_folder if cache is None else cache
        return open_store(path, self.split, self.schema, self.home, folder, self.cache_mb)

    def _understood(self, path: Place) -> Generator[Event, None, str]:
        """Find out where the images of a file lie, which is kept for all that comes; the name of the split."""
        store = self._open(path)
        try:
            if isinstance(store, FoundInSteps):
                for done, total in store.find_places():
                    yield Progress("finding the images", done, total)
                yield Message(store.way)
            return store.split
        finally:
            store.close()

    def _kernels(self, path: Place) -> tuple[str, ...]:
        """Names of the sets of kernels that this load uses."""
        from .awaited import sets_for_load

        fast = self.loader == DEFAULT_LOADER
        store = self._open(path)
        try:
            return sets_for_load(store, self.transform, fast=fast, stage_limits=self.stage_limits)
        finally:
            store.close()

    def _prepare(self, path: Place) -> dict[str, Any]:
        """Everything that is not timed; its handles are closed before the page cache is touched."""
        from .cache import check_cache, prepare_cache
        from .steps import make_step

        check_cache(self.cache)
        make_step(self.step, self.step_ms, self.device)
        known = self._known(path)
        if isinstance(path, str):
            return {**known, "cache": "cold" if self.cache == "cold" else self._brought(path)}
        if self.stage_limits and self.cache == "cold":
            known["ceilings"] |= self._cold_read(path)
        return {**known, "cache": prepare_cache(path, self.cache)}

    def _known(self, path: Place) -> dict[str, Any]:
        """What is compared and measured before. A function of its own, so that nothing keeps the store mapped."""
        from ..processes.cpus import usable_cpus
        from .check import check_loader, check_shuffling
        from .stage_limits import measure_stage_limits

        normalise = self._normalise
        known: dict[str, Any] = {"checked": 0, "ceilings": {}, "cpus": usable_cpus()}
        with self._opened(path) as (store, loader):
            workers, known["order_text"] = loader.workers, loader.order_text
            known |= {"workers_used": workers.asked_as, "workers_reason": workers.reason}
            if self.compare:
                known["checked"] = check_loader(store, loader, self.transform, self.seed, normalise)
            known["shuffle_quality"] = check_shuffling(store, loader, list(loader.sampler.specs(0)))
            if self.stage_limits:
                known["ceilings"] = measure_stage_limits(
                    store, loader, normalise, transform=self.transform, seed=self.seed, device=self.device
                )
        return known

    def _brought(self, address: str) -> str:
        """Bring all shards to the cache: "warm", or "uncontrolled" where it does not hold them."""
        store = self._open(address)
        try:
            return "warm" if isinstance(store, Cached) and store.fill_cache() else "uncontrolled"
        finally:
            store.close()

    def _cold_read(self, path: Path) -> dict[str, float]:
        """How fast the store alone can be read when the page cache does not hold it; nothing where that cannot be."""
        from .cache import prepare_cache
        from .stage_limits import measure_cold_read

        if prepare_cache(path, "cold") != "cold":
            return {}
        store = self._open(path)
        try:
            return {"cold read": measure_cold_read(store)}
        finally:
            store.close()

    @property
    def _normalise(self) -> Normalise:
        from .normalise import Normalise

        return Normalise(self.output)

    @contextmanager
    def _opened(
        self, path: Place, workers: str | None = None, cache: str | None = None
    ) -> Iterator[tuple[Store | ForeignStore, Loader]]:
        """`workers`: those that were chosen, else as asked for."""
        from .loader import make_loader

        store = self._open(path, cache)
        try:
            with make_loader(
                store,
                batch_size=self.batch_size,
                shuffle=ORDERS[self.order],
                seed=self.seed,
                workers=self.workers if workers is None else workers,
                device=self.device,
                output=self.output,
                transform=self.transform,
                loader=self.loader,
                verify=self.verify,
            ) as loader:
                yield store, loader
        finally:
            store.close()

    @contextmanager
    def _loader(self, path: Place, workers: str, traffic: dict[str, int]) -> Iterator[Loader]:
        """The one that is measured. `traffic` is told what it asked of a storage, at the end."""
        with ExitStack() as stack:
            cold = isinstance(path, str) and self.cache == "cold"
            cache = stack.enter_context(TemporaryDirectory(prefix="cache-")) if cold else None
            store, loader = stack.enter_context(self._opened(path, workers, cache))
            yield loader
            if isinstance(store, Metered):
                traffic |= asdict(store.traffic)

    def _consumed(
        self, path: Place, workers: str, traffic: dict[str, int], usage: PeakUsage
    ) -> Generator[Event, None, tuple[Consumer, Inspection]]:
        """Live figures until the time is up; `usage` is told what that took. Closing it ends the loading."""
        from .consumer import Consumer, Speedometer
        from .inspection import Inspection
        from .steps import make_step

        inspection = Inspection(self.seconds)
        step = make_step(self.step, self.step_ms, self.device)
        most_epochs = 1 if self.cache == "cold" else None
        consumer = Consumer(lambda: self._loader(path, workers, traffic), self.seconds, most_epochs, step, inspection)
        speedometer = Speedometer(consumer)
        consumer.start()
        try:
            while not consumer.done.wait(INTERVAL):
                usage.look(LOOK_S)
                yield Sample("throughput", speedometer.look())
        finally:
            consumer.stop()
        usage.look()
        consumer.finish()
        yield Sample("throughput", speedometer.look())
        return consumer, inspection

    def _compare(self, path: Place, inspection: Inspection) -> int:
        """What was handed out while the clock ran, with the store; the number of samples whose pixels were compared."""
        with self._opened(path, "inline") as (store, loader):
            return inspection.compare(store, loader.sampler, self.transform, self.seed, self._normalise)

    def _settings(self) -> dict[str, Any]:
        names = (
            "store", "batch_size", "device", "output", "transform", "loader", "verify", "seed", "step",
            "step_ms",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}


def _figures(consumer: Consumer) -> dict[str, Any]:
    """The result's own figures. Of a store that is a single batch, the first batch is all there is."""
    samples, seconds = consumer.steady
    total = consumer.last.samples
    if not seconds:
        samples, seconds = total, consumer.first_batch_s
    return {
        "samples": samples,
        "seconds": seconds,
        "samples_per_s": samples / seconds,
        "first_batch_s": consumer.first_batch_s,
        "epochs": consumer.epochs,
        "stages": {stage: 1e6 * spent / total for stage, spent in consumer.stages.items()},
        "wait_share": consumer.wait_share,
        "workers": str(consumer.workers),
    }
