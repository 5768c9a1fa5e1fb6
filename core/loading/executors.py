"""Who makes the batches, and how far ahead: this thread, or several; in order, and never more than so many."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from queue import SimpleQueue
from typing import NamedTuple, Protocol, TypeVar

from .batch_sampler import BatchSpec
from .normalise import Images
from .pipeline import Laps


class Made(NamedTuple):
    """A batch on the host."""

    spec: BatchSpec
    images: Images
    laps: Laps


T = TypeVar("T")


class Executor(Protocol):
    """Runs `make` over batch specs and hands the batches out in their order.

    The iterator may be closed at any moment; it returns when no work is in progress any more. What `make` raises
    is raised from the iterator.
    """

    def run(self, specs: Iterator[BatchSpec], make: Callable[[BatchSpec], T]) -> Generator[T, None, None]: ...

    def close(self) -> None: ...


class Inline:
    """Each batch when it is asked for, in the consumer's own thread."""

    def run(self, specs: Iterator[BatchSpec], make: Callable[[BatchSpec], T]) -> Generator[T, None, None]:
        yield from map(make, specs)

    def close(self) -> None:
        """Nothing to do."""


class Threads:
    """`count` threads, each on a batch of its own, at most `ahead` batches made or in the making.

    The threads stay from epoch to epoch, and with them the memory that kernels work in.
    """

    def __init__(self, count: int, ahead: int) -> None:
        self._ahead = ahead
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="loading")

    def run(self, specs: Iterator[BatchSpec], make: Callable[[BatchSpec], T]) -> Generator[T, None, None]:
        waiting: deque[Future[T]] = deque(self._pool.submit(make, spec) for spec in islice(specs, self._ahead))
        try:
            while waiting:
                made = result_of(waiting.popleft())
                waiting.extend(self._pool.submit(make, spec) for spec in islice(specs, 1))
                yield made
                del made  # the consumer's from here on; held any longer, its memory could not be used again
        finally:
            for future in waiting:
                future.cancel()
            wait(waiting)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def result_of(future: Future[T]) -> T:
    """What the future comes to. Ctrl-C interrupts it at any moment.

    `Future.result` waits at a condition, and an interrupt that comes just when that takes its lock back ends as a
    RuntimeError about the lock. A queue of C's waits without.
    """
    done: SimpleQueue[Future[T]] = SimpleQueue()
    future.add_done_callback(done.put)
    return done.get().result()
