"""What this machine could do at best for one store, measured beside every load: reading, decoding, writing memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import numpy as np

from core.loading.loader import Loader
from core.loading.normalise import Normalise
from core.loading.pipeline import Stopwatch, Stored, staged
from core.loading.plan import Indices
from core.loading.workers import available_cpus

MOMENT = 0.2
"""Seconds that each ceiling is measured for."""


def measure_ceilings(store: Stored, loader: Loader, normalise: Normalise) -> dict[str, float]:
    """Samples per second of single stages alone, each on all CPUs at once.

    `read`: stored bytes fetched and looked at no further. `decode`: read, decompressed and decoded by the libraries
    of the reference path (bare pixels need no decoding). `memory`: a batch's output copied into memory that was
    used before.
    """
    pipeline = staged(store, "none", 0, normalise)
    batch = min(loader.plan.batch_size, len(store))
    somewhere = np.random.default_rng(0)

    def indices() -> Indices:
        return somewhere.integers(0, len(store), batch)

    ceilings = {"read": _rate(lambda: pipeline.fetch(indices()), batch)}
    if store.payload_shape is None or not store.compression.identity:
        ceilings["decode"] = _rate(lambda: pipeline.pixels(indices(), Stopwatch()), batch)
    ceilings["memory"] = _rate_of_copying(loader, batch)
    return ceilings


def _rate_of_copying(loader: Loader, batch: int) -> float:
    images, _ = next(iter(loader))
    source, local = images.cpu().numpy(), threading.local()

    def copy() -> None:
        if not hasattr(local, "copy"):
            local.copy = np.array(source)
        np.copyto(local.copy, source)

    return _rate(copy, batch)


def _rate(work: Callable[[], object], samples: int) -> float:
    """Samples a second, when every CPU does this work over and over for a `MOMENT`."""
    work()
    end = perf_counter() + MOMENT

    def repeat(_: int) -> float:
        start, times = perf_counter(), 0
        while times == 0 or perf_counter() < end:
            work()
            times += 1
        return times * samples / (perf_counter() - start)

    count = available_cpus()
    with ThreadPoolExecutor(count) as pool:
        return sum(pool.map(repeat, range(count)))
