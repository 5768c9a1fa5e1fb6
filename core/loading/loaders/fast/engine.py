"""The fast loader's engine on the host: a pipeline, an executor, and a pool of memory that is used again."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import cached_property

import numpy as np
import torch

from ....base.contracts import Labels
from ....base.gc_pause import collector_paused
from ....processes.cpus import usable_cpus
from ...awaited import AwaitedKernels
from ...batch_sampler import BatchSpec, Indices
from ...collate import BufferPool
from ...executors import Executor, Inline, Threads
from ...kept_workers import KeptWorkers
from ...kernel_cache import has_compiler
from ...normalise import Images, Normalise
from ...pipeline import Laps, Pipeline, StagedPipeline, Stored
from ...processes import ProcessPipeline
from ...slices import SlicedBatch, parts_of
from ...transfer import Batch, tensor_of
from ...workers import Workers, choose_workers, parse_workers


def fastest(store: Stored, stages: StagedPipeline) -> Pipeline:
    """The stages fused into compiled kernels where numba is installed, else as they are."""
    if not has_compiler():
        return stages
    with collector_paused:
        from ...fused import fuse

        return fuse(store, stages)


def _everything() -> None:
    """No sample is farther than any other."""


class FastEngine:
    """See `core.loading.engine.Engine`. Compiled pipelines run in threads, others in processes where that pays."""

    def __init__(
        self,
        pipeline: Pipeline,
        pool: BufferPool,
        labels: Labels,
        normalise: Normalise,
        *,
        batch_size: int,
        workers: int | str,
        kept: KeptWorkers,
        prefetch: int | None,
        awaited: AwaitedKernels | None = None,
        at_hand: Callable[[], Indices | None] = _everything,
    ) -> None:
        """`normalise`: as what `pipeline` writes the numbers in `pool`'s memory. At most `prefetch` batches are made or
        in the making (two a worker if None), besides those held outside. `pipeline` gives way to the `awaited` kernels,
        between two batches, as soon as they are there. `at_hand` says which samples ways to work are tried on (None:
        all).
        """
        self.stages: dict[str, float] = {}
        self._pipeline = pipeline
        self._pool = pool
        self._labels = labels
        self._normalise = normalise
        self._batch_size = batch_size
        self._asked = parse_workers(workers)
        self._kept = kept
        self._prefetch = prefetch
        self._awaited = awaited
        self._at_hand = at_hand
        self._retired: list[Executor | ProcessPipeline] = []
        self._processes: ProcessPipeline | None = None
        self._executor: Executor | None = None
        self._owner = os.getpid()
        self._begun = False

    def batches(self, specs: Iterator[BatchSpec]) -> Generator[Batch, None, None]:
        awaited = self._awaited
        if awaited is not None:
            yield from self._run(_until(awaited, specs))
            if awaited.there() and self._awaited is awaited:
                self._switch(awaited)
        yield from self._run(specs)

    def _run(self, specs: Iterator[BatchSpec]) -> Generator[Batch, None, None]:
        with closing(self._ready().run(specs, self._begin)) as every:
            for made in every:
                for stage, seconds in made.laps.items():
                    self.stages[stage] = self.stages.get(stage, 0.0) + seconds
                batch = Batch(
                    tensor_of(made.images, self._normalise), torch.from_numpy(self._labels[made.spec.indices])
                )
                del made  # from here on the batch belongs to whoever holds it
                yield batch
                del batch

    def close(self) -> None:
        if self._owner != os.getpid():
            return  # threads and processes are the parent's, not this fork's
        self._retire()
        for one in self._retired:
            one.close()
        self._retired.clear()

    def _switch(self, awaited: AwaitedKernels) -> None:
        """From the stages to the kernels. Another iterator of this loader may be under way: what it uses stays."""
        self._retire()
        self._pipeline, self._begun, self._awaited = awaited.fused(), False, None

    def _retire(self) -> None:
        self._retired += [one for one in (self._executor, self._processes) if one is not None]
        self._executor = self._processes = None

    @property
    def workers(self) -> Workers:
        if self._awaited is None:
            return self._chosen
        asked = self._asked or Workers("any", usable_cpus(), "")
        kind = "threads" if asked.kind == "any" else asked.kind
        return Workers(kind, asked.count, self._awaited.reason())  # a choice is for the kernels' sake

    @cached_property
    def _chosen(self) -> Workers:
        if self._asked is not None and self._asked.kind != "any":
            return self._asked
        count = usable_cpus() if self._asked is None else self._asked.count
        chosen = self._kept.choose(count, type(self._pipeline).__name__, lambda: self._choose(count))
        if self._asked is None or chosen.kind != "inline":
            return chosen
        return Workers("threads", count, f"as many as asked for; {chosen.reason}")

    def _choose(self, count: int) -> Workers:
        return choose_workers(self._try, len(self._labels), self._batch_size, count, native=self._pipeline.native)

    def _ready(self) -> Executor:
        """The executor of this process; a fork's child starts one of its own."""
        if self._owner != os.getpid():
            self._executor = self._processes = None
            self._retired.clear()
            self._owner = os.getpid()
            self._pool.after_fork()
        if self._executor is None:
            self._executor = self._start(self.workers)
        return self._executor

    def _start(self, workers: Workers) -> Executor:
        if workers.kind == "inline":
            return Inline()
        if workers.kind == "processes":
            batch = self._pool.take(self._batch_size)
            self._processes = ProcessPipeline(self._pipeline, workers.count, batch.shape, batch.dtype)
        return Threads(workers.count, self._prefetch or 2 * workers.count)

    def _begin(self, spec: BatchSpec, idle: int) -> SlicedBatch:
        parts = parts_of(len(spec.indices) * self._pool.sample_bytes, idle, self.workers.count)
        return SlicedBatch(spec, parts, self._pool, self._fill)

    def _fill(self, spec: BatchSpec, images: Images) -> Laps:
        pipeline = self._processes or self._pipeline
        if self._begun:
            return pipeline.fill(spec, images)
        with collector_paused:  # the first of them loads what was compiled
            laps = pipeline.fill(spec, images)
        self._begun = True
        return laps

    def _try(self, samples: int) -> None:
        """A batch from here and there in the store, for comparing ways to make it."""
        there = self._at_hand()
        spread = np.linspace(0, len(self._labels if there is None else there) - 1, samples).astype(np.int64)
        spread = spread if there is None else there[spread]
        self._fill(BatchSpec(0, 0, spread), self._pool.take(samples))


def _until(awaited: AwaitedKernels, specs: Iterator[BatchSpec]) -> Iterator[BatchSpec]:
    """As many of the specs as are asked for before the kernels are there; the others stay for them."""
    while not awaited.there():
        try:
            yield next(specs)
        except StopIteration:
            return
