"""What a step of training spent waiting for its batch, told apart from what it spent computing.

On the CPU and on Apple's GPUs a step is computed when it is over, so the host's clock tells both. CUDA computes behind
the host's back: its steps are timed by events in its own stream. The time between one step's end and the next one's
beginning there is time in which the GPU had nothing to compute because its next batch was not there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple, Protocol

import torch

from ..loading.transfer import Batch
from .learner import Outcome


@dataclass(frozen=True, slots=True)
class TimedStep:
    """One step: its samples, its mean loss, the right answers among them, and where its time went (seconds)."""

    samples: int
    loss: float
    correct: int
    wait_s: float
    compute_s: float


class Clock(Protocol):
    """Called in this order, over and over: `asked` for a batch, batch `arrived`, step `issued`; `rest` at the end."""

    def asked(self) -> None: ...

    def arrived(self) -> None: ...

    def issued(self, samples: int, outcome: Outcome) -> Iterator[TimedStep]:
        """The steps that are known to be over by now, in order: one on the CPU, some or none on CUDA."""
        ...

    def rest(self) -> Iterator[TimedStep]:
        """The steps that were still on their way."""
        ...


def clock_for(device: torch.device) -> Clock:
    """The clock that tells the truth on this device."""
    if device.type == "cuda":
        return StreamClock(_cuda_event, pinned=True)
    return HostClock(torch.mps.synchronize if device.type == "mps" else lambda: None)


def _cuda_event() -> Event:
    event: Event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call,assignment]
    return event


def timed(
    batches: Iterator[Batch],
    learn: Callable[[Batch], Outcome],
    clock: Clock,
    look: Callable[[Batch], None] | None = None,
) -> Generator[TimedStep, None, None]:
    """Learn from every batch and tell of each step where its time went; what `look` takes is no part of it."""
    while True:
        clock.asked()
        batch = next(batches, None)
        if batch is None:
            break
        clock.arrived()
        over = list(clock.issued(len(batch.labels), learn(batch)))
        if look is not None:
            look(batch)
        del batch  # its memory is the loader's again, while the next one is awaited
        yield from over
    yield from clock.rest()


class HostClock:
    """For a device whose work can be waited for after every step at no cost."""

    def __init__(self, synchronise: Callable[[], None]) -> None:
        self._synchronise = synchronise
        self._asked = self._arrived = 0.0

    def asked(self) -> None:
        self._asked = perf_counter()

    def arrived(self) -> None:
        self._arrived = perf_counter()

    def issued(self, samples: int, outcome: Outcome) -> Iterator[TimedStep]:
        self._synchronise()
        loss, correct = outcome.loss.item(), int(outcome.correct.item())
        yield TimedStep(samples, loss, correct, self._arrived - self._asked, perf_counter() - self._arrived)

    def rest(self) -> Iterator[TimedStep]:
        return iter(())


class Event(Protocol):
    """A mark in a stream of a device's work, as `torch.cuda.Event` is."""

    def record(self) -> None: ...

    def query(self) -> bool: ...

    def synchronize(self) -> None: ...

    def elapsed_time(self, end_event: Event, /) -> float: ...


class _Issued(NamedTuple):
    """A step on its way: the marks around its waiting and its computing, and where its figures will be."""

    samples: int
    before: Event
    begun: Event
    ended: Event
    figures: torch.Tensor


class StreamClock:
    """For CUDA. The host is never held up: a step is told of once its last mark has been passed."""

    def __init__(self, mark: Callable[[], Event], *, pinned: bool) -> None:
        self._mark = mark
        self._pinned = pinned
        self._previous: Event | None = None
        self._begun: Event | None = None
        self._on_their_way: deque[_Issued] = deque()

    def asked(self) -> None:
        if self._previous is None:
            self._previous = self._marked()

    def arrived(self) -> None:
        self._begun = self._marked()

    def issued(self, samples: int, outcome: Outcome) -> Iterator[TimedStep]:
        assert self._previous is not None
        assert self._begun is not None
        figures = torch.empty(2, dtype=torch.float32, pin_memory=self._pinned)
        told = torch.stack([outcome.loss, outcome.correct.to(torch.float32)])  # exact: a batch has under 2**24 samples
        figures.copy_(told, non_blocking=True)
        ended = self._marked()
        self._on_their_way.append(_Issued(samples, self._previous, self._begun, ended, figures))
        self._previous = ended
        while self._on_their_way and self._on_their_way[0].ended.query():
            yield _over(self._on_their_way.popleft())

    def rest(self) -> Iterator[TimedStep]:
        while self._on_their_way:
            self._on_their_way[0].ended.synchronize()
            yield _over(self._on_their_way.popleft())

    def _marked(self) -> Event:
        mark = self._mark()
        mark.record()
        return mark


def _over(issued: _Issued) -> TimedStep:
    """The step that has been computed; events tell milliseconds."""
    loss, correct = issued.figures.tolist()
    wait, compute = issued.before.elapsed_time(issued.begun), issued.begun.elapsed_time(issued.ended)
    return TimedStep(issued.samples, loss, int(correct), wait / 1000, compute / 1000)
