"""Stage throughput limits of one store on this machine: upper bounds of its loading, measured beside every load.

They are cumulative: each is the rate at which samples could be made if the work ended after that stage, with the
fastest code there is for it, on all CPUs at once. How a load compares with them says what holds it back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import repeat
from math import prod
from time import perf_counter
from typing import cast

import numpy as np
import numpy.typing as npt
import torch

from ..base.contracts import Extents, Mapped, Pixels
from ..processes.cpus import usable_cpus
from .batch_sampler import BatchSpec, Indices
from .jpeg_index import entry_points_of
from .kernel_cache import has_compiler
from .loader import Loader
from .loaders.fast.engine import fastest
from .normalise import Images, Normalise
from .pipeline import Pipeline, Stopwatch, Stored, at_hand, probes_of, sample_size, staged
from .transfer import Batch, transfer_to

MOMENT = 0.1
"""Seconds that each limit is measured for, twice."""

STAGES = ("read", "decompress", "decode", "transform", "collate")
"""Those with a cumulative limit, in the order of the work."""

COPIES = 20
"""Batches that are copied to a device at a time."""

COLD_MOMENT = 0.5
"""Seconds that a cold container is read for at most."""

FEW = 8

PIECE = 16
"""Pixels that the kernels for raw pixels need at least (`core.loading.output`)."""

CACHES_HOLD = 64_000_000
"""Bytes, about."""

Work = Callable[[int], object]
"""Does something with so many samples."""


def measure_stage_limits(
    store: Stored, loader: Loader, normalise: Normalise, *, transform: str = "none", seed: int = 0, device: str = "cpu"
) -> dict[str, float]:
    """Samples per second, each of these on all CPUs at once.

    `read`: the stored bytes copied out of the container. `decompress`: these, decompressed (compressed stores only).
    `decode`: and decoded (bare pixels need none). `transform`: and cropped and resized (where there is a transform).
    `collate`: and normalised into a batch: all that the host does. Then two that are not cumulative: `memory`, a
    finished batch copied within memory, and `copy`, batches sent to the device (not for "cpu"). For stores that are
    decoded, `from raw` says what it would be if the pixels lay there as they are.
    """
    host = Normalise(transfer_to(device, normalise).host_output)
    works, most = _Works(store, transform, seed, host), min(loader.sampler.batch_size, len(store))
    limits = {name: max(_rate(way, most, native=native) for way in ways) for name, ways, native in works.stages()}
    others = {"memory": _rate(works.copied, most, native=True)}
    if "decode" in limits:
        others["from raw"] = _rate(works.from_raw(), most, native=has_compiler())
    if device != "cpu":
        others["copy"] = _rate_of_sending((most, 3, *works.size), device, normalise)
    return {**_monotone(limits), **others}


def _monotone(limits: dict[str, float]) -> dict[str, float]:
    """No limit below the next stage's: who got further in that time had got so far, too (a kernel that decodes only
    what a view shows is faster than any that decodes it all)."""
    rates = np.maximum.accumulate(list(limits.values())[::-1])[::-1]
    return dict(zip(limits, rates.tolist(), strict=True))


class _Works:
    """What is repeated to measure each limit."""

    def __init__(self, store: Stored, transform: str, seed: int, host: Normalise) -> None:
        self._store = store
        self._host = host
        self._stages = staged(store, transform, seed, host, entry_points=entry_points_of(store, transform))
        self.size = sample_size(store, self._stages)
        self._local = threading.local()
        self._there = at_hand(store)

    def stages(self) -> Iterator[tuple[str, list[Work], bool]]:
        """(name, the ways to do it, of which the fastest counts; whether they leave Python's lock alone)."""
        stages = self._stages
        all_of_it = fastest(self._store, stages)
        pixels = fastest(self._store, replace(stages, normalise=Normalise("uint8")))
        resized = stages.transform.name != "none"
        yield "read", self.reads(), False
        if not self._store.compression.identity:
            yield "decompress", [self.decompressed], False
        if self._store.payload_shape is None:
            ways: list[Work] = [self.decoded]
            yield "decode", ways if resized else [*ways, self.filled(pixels, np.uint8)], pixels.native
        if resized:
            yield "transform", [self.filled(pixels, np.uint8)], pixels.native
        yield "collate", [self.filled(all_of_it, self._host.dtype)], all_of_it.native

    def reads(self) -> list[Work]:
        """One by one; or a batch at once, out of a mapped container."""
        reader = self._store.reader
        if not isinstance(reader, Mapped) or (extents := reader.extents()) is None or not has_compiler():
            return [self.read]
        from .gathering import gather

        def gathered(samples: int) -> object:
            indices = self._indices(samples)
            offsets, lengths = extents.offsets[indices], extents.lengths[indices]
            return gather(extents.memory, offsets, lengths, self._bytes(int(lengths.sum())))

        return [self.read, gathered]

    def read(self, samples: int) -> object:
        return b"".join(self._stages.fetch(self._indices(samples)))

    def decompressed(self, samples: int) -> object:
        indices = self._indices(samples)
        return self._stages.decompressed(indices, self._stages.fetch(indices))

    def decoded(self, samples: int) -> object:
        return self._stages.pixels(self._indices(samples), Stopwatch())

    def filled(self, pipeline: Pipeline, dtype: npt.DTypeLike) -> Work:
        """Batches made in memory that was used before."""

        def fill(samples: int) -> object:
            return pipeline.fill(BatchSpec(0, 0, self._indices(samples)), self._memory("out", samples, dtype))

        return fill

    def from_raw(self) -> Work:
        """Batches of one image whose pixels are there already."""
        (pixels,) = self._stages.pixels(probes_of(self._store, 1), Stopwatch())
        if has_compiler() and prod(pixels.shape[:2]) >= PIECE:
            from .fused.locate import Locate
            from .fused.raw import RawPipeline

            there = cast("Locate", _Repeated(pixels))  # is called as one is, and nothing else
            return self.filled(RawPipeline(self._stages, there, pixels.shape), self._host.dtype)

        def fill(samples: int) -> None:
            spec = BatchSpec(0, 0, self._indices(samples))
            shown = self._stages.transform([pixels] * samples, spec)
            self._host(shown, self._memory("out", samples, self._host.dtype))

        return fill

    def copied(self, samples: int) -> None:
        source, out = (self._memory(name, samples, self._host.dtype) for name in ("source", "out"))
        np.copyto(out, source)

    def _indices(self, samples: int) -> Indices:
        if not hasattr(self._local, "random"):
            self._local.random = np.random.default_rng()
        there = self._there
        chosen: Indices = self._local.random.integers(0, len(self._store if there is None else there), samples)
        return chosen if there is None else there[chosen]

    def _bytes(self, count: int) -> npt.NDArray[np.uint8]:
        """This thread's own memory for so many bytes."""
        held: npt.NDArray[np.uint8] | None = getattr(self._local, "bytes", None)
        if held is None or len(held) < count:
            held = np.zeros(count, np.uint8)
            self._local.bytes = held
        return held

    def _memory(self, name: str, samples: int, dtype: npt.DTypeLike) -> Images:
        """This thread's own memory for so many samples."""
        held: Images | None = getattr(self._local, name, None)
        if held is None or len(held) < samples or held.dtype != dtype:
            held = np.zeros((samples, 3, *self.size), dtype)
            setattr(self._local, name, held)
        return held[:samples]


class _Repeated:
    """A container that holds copies of one image's pixels: enough of them that no cache of a processor does."""

    def __init__(self, pixels: Pixels) -> None:
        self._copies = max(CACHES_HOLD // pixels.nbytes, 1)
        self._memory = np.tile(pixels.ravel(), self._copies)
        self._bytes = pixels.nbytes

    def __call__(self, indices: Indices, watch: Stopwatch) -> Extents:
        lengths = np.full(len(indices), self._bytes, np.int64)
        return Extents(self._memory, indices % self._copies * self._bytes, lengths)


def _rate_of_sending(shape: tuple[int, ...], device: str, normalise: Normalise) -> float:
    """Samples a second across the bus, as the loader sends them: from memory that the device likes, one ahead."""
    transfer = transfer_to(device, normalise)
    images = transfer.allocate(shape, np.uint8)
    images[...] = 0
    batch = Batch(torch.from_numpy(images), torch.zeros(len(images), dtype=torch.int64))
    rate = 0.0
    for _ in range(3):  # the first one warms up
        start = perf_counter()
        *_, last = transfer(repeat(batch, COPIES))
        last.images.flatten()[-1].item()  # when this is here, everything is
        rate = max(rate, COPIES * len(images) / (perf_counter() - start))
    return rate


def measure_cold_read(store: Stored) -> float:
    """Samples a second, their stored bytes copied out of a container that the page cache does not hold: each sample
    once, in random order, by as many threads as there are CPUs."""
    count = usable_cpus()
    fetch = staged(store, "none", 0, Normalise()).fetch
    shares = np.array_split(np.random.default_rng().permutation(len(store)), count)
    start = perf_counter()

    def read(share: Indices) -> int:
        done = 0
        for first in range(0, len(share), 64):
            b"".join(fetch(share[first : first + 64]))
            done += len(share[first : first + 64])
            if perf_counter() - start > COLD_MOMENT:
                break
        return done

    with ThreadPoolExecutor(count) as pool:
        return sum(pool.map(read, shares)) / (perf_counter() - start)


def _rate(work: Work, most: int, *, native: bool) -> float:
    """Samples a second, when every CPU does this work, up to `most` samples at a time, for a `MOMENT`; the better of
    two such moments.

    Work that holds Python's lock is measured alone as well and counted once a CPU, as processes would do it.
    """
    count, samples = usable_cpus(), _enough(work, most)
    together = max(_of_all(work, samples, count) for _ in range(2))
    return together if native or count == 1 else max(together, count * _of_all(work, samples, 1))


def _enough(work: Work, most: int) -> int:
    """How many samples at a time: as many as a batch has, fewer where these alone would take long."""
    few = min(FEW, most)
    work(few)  # whatever is done once (opening, memory) is no part of it
    start = perf_counter()
    work(few)
    cost = (perf_counter() - start) / few
    return int(np.clip(MOMENT / 4 / cost, few, most))


def _of_all(work: Work, samples: int, count: int) -> float:
    def repeated(_: int) -> float:
        work(samples)
        start, times = perf_counter(), 0
        while times == 0 or perf_counter() - start < MOMENT:
            work(samples)
            times += 1
        return times * samples / (perf_counter() - start)

    with ThreadPoolExecutor(count) as pool:
        return sum(pool.map(repeated, range(count)))
