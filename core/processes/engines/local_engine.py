"""The engine of one machine: processes with one item each, so that it is known which item one of them died with."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Self

from ...base.errors import InputError, WorkError
from ..cpus import usable_cpus
from ..freed_memory import keep_freed_memory
from ..module_process import cause_of_death
from ..pool import METHOD, start_worker
from .work import WAIT_SECONDS, CallResult, Done, Given, GivenItem, GivenItems, Made, called


class LocalEngine:
    """`workers` processes (0: none, the calls are made here), started when they are first needed."""

    def __init__(self, workers: int | None = None, address: str | None = None) -> None:
        if address is not None:
            raise InputError(f"the engine local has no address ({address}); give the engine ray, or no address")
        self._count = usable_cpus() if workers is None else workers
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.end()
        self._workers = []

    @property
    def slots(self) -> int:
        return max(1, self._count)

    @property
    def text(self) -> str:
        if not self._count:
            return "this process"
        return f"{self._count} process{'es' if self._count > 1 else ''}"

    def run(self, call: Callable[[Given], Made], given: Iterable[Given]) -> Generator[Done[Made] | None, None, None]:
        """See `TaskEngine.run`."""
        if not self._count:
            for number, item in enumerate(given):
                yield Done(number, call(item), 1, "this process")
            return
        items = GivenItems(given)
        try:
            while self._hand_out(call, items):
                yield from self._finished(items)
        finally:
            for worker in [worker for worker in self._workers if worker.given is not None]:
                self._end(worker)

    def _hand_out(self, call: Callable[[Given], Made], items: GivenItems[Given]) -> bool:
        """Give an item to everyone who has none; False where nothing is under way."""
        busy = sum(worker.given is not None for worker in self._workers)
        while busy < self._count and (given := items.take()) is not None:
            self._idle().give(call, given)
            busy += 1
        return busy > 0

    def _idle(self) -> _Worker:
        for worker in self._workers:
            if worker.given is None:
                return worker
        self._workers.append(_Worker())
        return self._workers[-1]

    def _finished(self, items: GivenItems[Given]) -> Iterator[Done[Made] | None]:
        """What ended meanwhile; None where nothing did."""
        ready = wait([end for worker in self._workers for end in worker.ends], WAIT_SECONDS)
        if not ready:
            yield None
        for worker in [worker for worker in self._workers if not set(worker.ends).isdisjoint(ready)]:
            given, result = worker.given, worker.take()
            if result is None:
                self._end(worker)
                if given is not None:
                    items.died(given, cause_of_death(worker.process.exitcode))
            elif given is not None:
                yield Done(given.number, result.get(), given.attempts, f"process {worker.process.pid}")

    def _end(self, worker: _Worker) -> None:
        worker.end()
        self._workers.remove(worker)


class _Worker:
    """A process and what it works on. It ends with this one, however this one ends."""

    def __init__(self) -> None:
        context: Any = multiprocessing.get_context(METHOD)
        self._pipe, theirs = context.Pipe()
        # Its calls may start processes of their own (what reads a container back), so it is no daemon.
        self.process = context.Process(target=_work, args=(theirs,), daemon=False)
        self.process.start()
        theirs.close()
        self.given: GivenItem[Any] | None = None
        self._call: Any = None

    @property
    def ends(self) -> tuple[Connection, int]:
        """What to wait for: that it says something, or dies."""
        return self._pipe, self.process.sentinel

    def give(self, call: Callable[..., object], given: GivenItem[Any]) -> None:
        message = pickle.dumps((None if call is self._call else call, given.item))
        self.given, self._call = given, call
        with suppress(OSError):  # it died: that is seen when it is waited for
            self._pipe.send_bytes(message)

    def take(self) -> CallResult | None:
        """What its call came to, None where it died; it has nothing to do then."""
        self.given = None
        try:
            return pickle.loads(self._pipe.recv_bytes()) if self._pipe.poll() else None  # noqa: S301 - from our own
        except (EOFError, OSError):
            return None

    def end(self) -> None:
        """It has nothing that a signal could spoil: what its calls leave, the next of their kind cleans up."""
        self.process.kill()
        self.process.join()
        self._pipe.close()


def _work(pipe: Connection) -> None:
    """In the process: call after call, until nobody asks for another."""
    start_worker()
    keep_freed_memory()
    call: Any = None
    while True:
        try:
            message = pipe.recv_bytes()
        except (EOFError, OSError):
            os._exit(0)
        try:
            new, item = pickle.loads(message)  # noqa: S301 - from the process that started this one
            call = call if new is None else new
            result = pickle.dumps(called(call, item))
        except Exception as error:  # noqa: BLE001 - what does not survive pickling, or cannot be imported here
            result = pickle.dumps(CallResult(None, WorkError(f"{type(error).__name__}: {error}")))
        pipe.send_bytes(result)
