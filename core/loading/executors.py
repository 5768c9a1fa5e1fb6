"""Who makes the batches, and how far ahead: this thread, or several; in order, and never more than so many.

A batch may be cut into parts, which threads do side by side (see `Threads`). No part waits for another one.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Generator, Iterator
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

from ..base.errors import WorkError
from .batch_sampler import BatchSpec

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Work(Protocol[T_co]):
    """A batch to be made: `parts` pieces of work, each for any thread, and what they come to when all are done."""

    @property
    def parts(self) -> int: ...

    def do(self, part: int) -> None: ...

    def made(self) -> T_co:
        """Called once, after the last part."""
        ...


Begin = Callable[[BatchSpec, int], Work[T]]
"""The work that a batch is, given the number of threads which have nothing else to do; cheap, it does none of it."""


class Whole(Generic[T]):
    """A batch that one thread makes."""

    parts = 1

    def __init__(self, make: Callable[[BatchSpec], T], spec: BatchSpec) -> None:
        self._make, self._spec = make, spec
        self._made: list[T] = []

    def do(self, part: int) -> None:
        self._made.append(self._make(self._spec))

    def made(self) -> T:
        return self._made.pop()


class Executor(Protocol):
    """Makes batches and hands them out in the order of their specs.

    The iterator may be closed at any moment; it returns when no work is in progress any more. What a part raises
    is raised from the iterator.
    """

    def run(self, specs: Iterator[BatchSpec], begin: Begin[T]) -> Generator[T, None, None]: ...

    def close(self) -> None: ...


class Inline:
    """Each batch when it is asked for, in the consumer's own thread."""

    def run(self, specs: Iterator[BatchSpec], begin: Begin[T]) -> Generator[T, None, None]:
        for spec in specs:
            work = begin(spec, 1)
            for part in range(work.parts):
                work.do(part)
            yield work.made()

    def close(self) -> None:
        """Nothing to do."""


WAITING, TAKEN, DONE, CANCELLED = range(4)

CLOSED = "the loader was closed in the middle of an epoch: begin another one"


class _Batch(Generic[T]):
    """A batch whose parts wait for threads, are in the making, or done.

    Ctrl-C interrupts the consumer between any two steps. So what has happened stands in `_states`, which is changed by
    steps that cannot be interrupted; the queue only wakes the consumer.
    """

    def __init__(self, work: Work[T]) -> None:
        self._work = work
        self._states: dict[int, int] = {}
        self._errors: dict[int, BaseException] = {}
        self._changed: SimpleQueue[None] = SimpleQueue()

    def do(self, part: int) -> None:
        """In a thread: the part, unless it was cancelled."""
        if self._states.setdefault(part, TAKEN) == CANCELLED:
            return
        try:
            self._work.do(part)
        except BaseException as error:  # noqa: BLE001 - raised again where the batch is asked for
            self._errors[part] = error
        self._states[part] = DONE
        self._changed.put(None)

    def cancel(self) -> None:
        """Whatever has not begun is not done any more."""
        for part in range(self._work.parts):
            self._states.setdefault(part, CANCELLED)
        self._changed.put(None)

    def wait(self) -> None:
        """Until no part is waiting or in the making."""
        while any(self._states.get(part, WAITING) in (WAITING, TAKEN) for part in range(self._work.parts)):
            self._changed.get()

    def result(self) -> T:
        """Waits. Raises what the first part that failed has raised."""
        self.wait()
        if self._errors:
            try:
                raise self._errors[min(self._errors)]
            finally:
                self._errors.clear()  # they hold the frames that hold this object
        if CANCELLED in self._states.values():
            raise WorkError(CLOSED)
        return self._work.made()


_Task = tuple[_Batch[Any], int]


def _serve(tasks: SimpleQueue[_Task | None]) -> None:
    """What a thread does: parts, in the order in which they were queued, until there is none to come."""
    while (task := tasks.get()) is not None:
        batch, part = task
        batch.do(part)
        del task, batch  # or the thread would hold a batch's memory while it waits


class Threads:
    """`count` threads, at most `ahead` batches made or in the making.

    Each thread has a batch of its own as long as there are enough of them. A batch is to be cut among all threads where
    they would be idle otherwise: the first one of an epoch, for which the consumer waits; the last ones, where fewer
    remain than there are threads; all, where fewer may be made ahead.

    The threads stay from epoch to epoch, and with them the memory that kernels work in.
    """

    def __init__(self, count: int, ahead: int) -> None:
        self._count, self._ahead = count, ahead
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._owner = os.getpid()
        weakref.finalize(self, _dismiss, self._tasks, count).atexit = False
        _alive.add(self)

    def run(self, specs: Iterator[BatchSpec], begin: Begin[T]) -> Generator[T, None, None]:
        self._start()
        coming = deque(islice(specs, self._count))
        waiting: deque[_Batch[T]] = deque()
        try:
            if coming:
                self._queue(begin(coming.popleft(), self._count), waiting)
            self._refill(specs, coming, waiting, begin)
            while waiting:
                made = waiting[0].result()
                waiting.popleft()
                self._refill(specs, coming, waiting, begin)
                yield made
                del made  # the consumer's from here on; held any longer, its memory could not be used again
        finally:
            self._leave(waiting)

    def _leave(self, waiting: deque[_Batch[T]]) -> None:
        """Returns when none of these batches is in the making. A fork's child has no threads to wait for."""
        if self._owner != os.getpid():
            return
        for batch in waiting:
            batch.cancel()
        for batch in waiting:
            batch.wait()

    def _refill(
        self, specs: Iterator[BatchSpec], coming: deque[BatchSpec], waiting: deque[_Batch[T]], begin: Begin[T]
    ) -> None:
        """Queue as many batches as may be made ahead; `coming` are the next ones, one for each thread if there are."""
        coming.extend(islice(specs, self._count - len(coming)))
        while coming and len(waiting) < self._ahead:
            scarce = min(len(coming), self._ahead) < self._count
            self._queue(begin(coming.popleft(), self._count if scarce else 1), waiting)
            coming.extend(islice(specs, 1))

    def _queue(self, work: Work[T], waiting: deque[_Batch[T]]) -> None:
        if not self._threads:
            raise WorkError(CLOSED)
        batch = _Batch(work)
        waiting.append(batch)  # before any part can begin: what begins must be waited for
        for part in range(work.parts):
            self._tasks.put((batch, part))

    def close(self) -> None:
        """Parts that have not begun are not done any more; returns when the others are."""
        if self._owner != os.getpid():
            return
        try:
            while task := self._tasks.get_nowait():
                task[0].cancel()
        except Empty:
            pass
        _dismiss(self._tasks, len(self._threads))
        for thread in self._threads:
            thread.join()
        self._threads = []

    def _start(self) -> None:
        """The threads, if they are not there. They end with the process, whatever they are doing (see `_close_all`)."""
        if self._threads:
            return
        for number in range(self._count):
            thread = threading.Thread(target=_serve, args=(self._tasks,), name=f"loading_{number}", daemon=True)
            thread.start()
            self._threads.append(thread)


def _dismiss(tasks: SimpleQueue[_Task | None], count: int) -> None:
    """Let so many threads end, after what is queued."""
    for _ in range(count):
        tasks.put(None)


_alive: weakref.WeakSet[Threads] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """A thread that runs on while the interpreter is taken down could touch what is no more."""
    for threads in list(_alive):
        threads.close()
