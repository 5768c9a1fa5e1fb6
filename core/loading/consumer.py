"""Somebody who takes batches as fast as they come and notes when: the clockwork of `Load`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from time import perf_counter
from typing import TYPE_CHECKING

from core.errors import WorkError
from core.loading.workers import Workers

if TYPE_CHECKING:
    from core.loading.loader import Loader

Tick = tuple[float, int]
"""A moment, and how many samples had come by then."""


class Consumer(threading.Thread):
    """Loads epoch after epoch on a thread of its own, so that figures can be told while a batch is awaited."""

    def __init__(
        self, opened: Callable[[], AbstractContextManager[Loader]], seconds: float, most_epochs: int | None = None
    ) -> None:
        """`opened` gives the loader; at the latest the batch that comes `seconds` after the first is the last."""
        super().__init__(name="consumer", daemon=True)
        self.done = threading.Event()
        self.epochs: list[float] = []
        self.stages: dict[str, float] = {}
        self.workers: Workers | None = None
        self._opened = opened
        self._seconds = seconds
        self._most_epochs = most_epochs
        self._stopped = threading.Event()
        self._error: BaseException | None = None
        self._asked = perf_counter()
        self._first: Tick | None = None
        self._last: Tick = (self._asked, 0)

    def run(self) -> None:
        try:
            self._asked = perf_counter()
            with self._opened() as loader:
                while self._wants_more():
                    self._epoch(loader)
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
    def first_batch_s(self) -> float:
        """Seconds from asking for the loader to its first batch."""
        return 0.0 if self._first is None else self._first[0] - self._asked

    @property
    def steady(self) -> tuple[int, float]:
        """Samples that came after the first batch, and the seconds they took."""
        first = self._first or self._last
        return self._last[1] - first[1], self._last[0] - first[0]

    @property
    def total(self) -> Tick:
        """The last moment a batch came, and the samples by then."""
        return self._last

    def _wants_more(self) -> bool:
        enough = self._most_epochs is not None and len(self.epochs) >= self._most_epochs
        return not (enough or self._stopped.is_set() or self.steady[1] >= self._seconds)

    def _epoch(self, loader: Loader) -> None:
        begun, before = self._last, self._last[1]
        for images, _ in loader:
            self._last = (perf_counter(), self._last[1] + len(images))
            if self._first is None:
                self._first = begun = self._last
            if not self._wants_more():
                break
        else:
            self._check_count(loader, self._last[1] - before)
            self.epochs.append(_rate(begun, self._last) or self._last[1] / self.first_batch_s)

    def _check_count(self, loader: Loader, seen: int) -> None:
        if seen != loader.plan.share:
            raise WorkError(f"an epoch had {seen:,} samples where {loader.plan.share:,} belong")


def _rate(begun: Tick, ended: Tick) -> float:
    """Samples a second from one moment to the other; 0 where no time passed."""
    return (ended[1] - begun[1]) / (ended[0] - begun[0]) if ended[0] > begun[0] else 0.0


class Speedometer:
    """The live figure: samples a second since it was last looked at."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self._start = self._last = (perf_counter(), 0)

    def look(self) -> dict[str, float | int]:
        """samples_per_s since the last look, samples and seconds since the first."""
        now = (perf_counter(), self._consumer.total[1])
        rate, self._last = _rate(self._last, now), now
        return {"samples_per_s": rate, "samples": now[1], "seconds": now[0] - self._start[0]}
