"""Somebody who takes batches as fast as they come and notes when: the clockwork of `Load`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from ..base.errors import WorkError
from .workers import Workers

if TYPE_CHECKING:
    from .inspection import Inspection
    from .loader import Loader
    from .steps import SimulatedStep
    from .transfer import Batch


class Tick(NamedTuple):
    """How far a consumer was at a moment: samples taken, and seconds spent waiting for them."""

    at: float
    samples: int = 0
    waited: float = 0.0


class Consumer(threading.Thread):
    """Loads epoch after epoch on a thread of its own, so that figures can be told while a batch is awaited.

    Like a trainer it does a `step` with each batch, where there is one, before it asks for the next.
    """

    def __init__(
        self,
        opened: Callable[[], AbstractContextManager[Loader]],
        seconds: float,
        most_epochs: int | None = None,
        step: SimulatedStep | None = None,
        inspection: Inspection | None = None,
    ) -> None:
        """`opened` gives the loader; at the latest the batch that comes `seconds` after the first is the last."""
        super().__init__(name="consumer", daemon=True)
        self.done = threading.Event()
        self.epochs: list[float] = []
        self.stages: dict[str, float] = {}
        self.workers: Workers | None = None
        self.first_batch_s = 0.0
        self._opened = opened
        self._seconds = seconds
        self._most_epochs = most_epochs
        self._step = step
        self._inspection = inspection
        self._stopped = threading.Event()
        self._error: BaseException | None = None
        self._batches = 0
        self._first: Tick | None = None
        self._warm: Tick | None = None
        self._last = Tick(perf_counter())

    def run(self) -> None:
        try:
            self._last = Tick(perf_counter())
            with self._opened() as loader:
                epoch = 0
                while self._wants_more():
                    self._epoch(loader, epoch)
                    epoch += 1
                self.workers, self.stages = loader.workers, loader.stages
        except BaseException as error:  # noqa: BLE001 - raised again by `finish`
            self._error = error
        finally:
            self.done.set()

    def stop(self) -> None:
        """Leave after the batch in hand; returns when the loader is closed."""
        self._stopped.set()
        self.join()

    def finish(self) -> None:
        """Wait for the end. Raises what the loader raised."""
        self.join()
        if self._error is not None:
            raise self._error

    @property
    def steady(self) -> tuple[int, float]:
        """Samples that came after the warm-up, and the seconds they took, steps included.

        The warm-up is a batch for each worker: the first ones come all at once, for they were made side by side.
        """
        begun = self._begun
        return self._last.samples - begun.samples, self._last.at - begun.at

    @property
    def wait_share(self) -> float | None:
        """The share of that time in which the trainer waited for data; None without a step, where it does nothing
        else."""
        begun, seconds = self._begun, self.steady[1]
        return (self._last.waited - begun.waited) / seconds if self._step and seconds else None

    @property
    def last(self) -> Tick:
        """When the last step was done, and the samples by then."""
        return self._last

    @property
    def _begun(self) -> Tick:
        """Where steady state begins; of a store with fewer batches than workers, after the first."""
        if self._warm is not None and self._warm.samples < self._last.samples:
            return self._warm
        return self._first or self._last

    def _wants_more(self) -> bool:
        enough = self._most_epochs is not None and len(self.epochs) >= self._most_epochs
        first = self._first or self._last
        return not (enough or self._stopped.is_set() or self._last.at - first.at >= self._seconds)

    def _epoch(self, loader: Loader, epoch: int) -> None:
        begun, before = self._last, self._last.samples
        for number, batch in enumerate(loader):
            self._take(loader, epoch, number, batch)
            if self._batches == 1:
                begun = self._last
            if not self._wants_more():
                break
        else:
            self._check_count(loader, self._last.samples - before)
            self.epochs.append(_rate(begun, self._last) or self._last.samples / self.first_batch_s)

    def _take(self, loader: Loader, epoch: int, number: int, batch: Batch) -> None:
        """One batch: note when it came, look at it, do the step."""
        waited = perf_counter() - self._last.at
        if self._inspection is not None:
            self._inspection.see(epoch, number, batch)
        if self._step is not None:
            self._step(batch)
        samples = self._last.samples + len(batch.labels)
        self._last = Tick(perf_counter(), samples, self._last.waited + waited)
        self._batches += 1
        if self._first is None:
            self._first, self.first_batch_s = self._last, waited
        if self._warm is None and self._batches >= max(loader.workers.count, 1):
            self._warm = self._last

    def _check_count(self, loader: Loader, seen: int) -> None:
        if seen != loader.sampler.share:
            raise WorkError(f"an epoch had {seen:,} samples where {loader.sampler.share:,} belong")


def _rate(begun: Tick, ended: Tick) -> float:
    """Samples a second from one moment to the other; 0 where no time passed."""
    return (ended.samples - begun.samples) / (ended.at - begun.at) if ended.at > begun.at else 0.0


class Speedometer:
    """The live figure: samples per second between the last batches that came."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self._start = self._last = consumer.last

    def look(self) -> dict[str, float | int]:
        """samples_per_s since the last look (0 where no batch came since then), samples and seconds in all."""
        now = self._consumer.last
        rate, self._last = _rate(self._last, now), now
        return {"samples_per_s": rate, "samples": now.samples, "seconds": perf_counter() - self._start.at}
