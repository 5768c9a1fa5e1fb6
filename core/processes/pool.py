"""Many small calls over several processes: results in order, a bounded number under way, nothing left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.connection import wait
from typing import TypeVar

from ..base.errors import WorkError
from ..base.package import ROOT
from .freed_memory import keep_freed_memory

Given = TypeVar("Given")
Made = TypeVar("Made")

METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"

BLAS_THREADS = "OPENBLAS_NUM_THREADS"

START_SECONDS = 120.0
"""Seconds that worker processes may take to start; a busy machine needs several."""

IN_FLIGHT = 3
"""Calls a worker has before it, so that it never waits for the next."""


def get_ready(*modules: str) -> None:
    """Let the processes of pools, which are not there yet, begin with these modules of this package (".importing").

    Where there is a server that forks them, it is started now and imports them meanwhile, once for all processes. It
    keeps what it was given first.
    """
    if METHOD != "forkserver":
        return
    multiprocessing.set_forkserver_preload(["__main__", *(f"{ROOT}{module}" for module in modules)])
    # By the server as well: it would say where it was when Ctrl-C came, and it forks, which threads are no help for.
    with _ctrl_c_ignored(), _one_blas_thread():
        forkserver.ensure_running()


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Whoever is started meanwhile imports NumPy without a thread for each processor, unless it was asked for them."""
    given = BLAS_THREADS in os.environ
    os.environ.setdefault(BLAS_THREADS, "1")
    try:
        yield
    finally:
        if not given:
            del os.environ[BLAS_THREADS]


@contextmanager
def _ctrl_c_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


@contextmanager
def processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes leave Ctrl-C to their parent and end with it, however it ends."""
    context = multiprocessing.get_context(METHOD)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def await_start(pool: ProcessPoolExecutor, workers: int, call: Callable[[Given], object], given: Given) -> None:
    """Return when every process has started and has done a `call` with `given` (which loads what it needs).

    Raises WorkError where a process died, or did not start in `START_SECONDS`.
    """
    ends, seen = time.monotonic() + START_SECONDS, set[int]()
    try:
        while len(seen) < workers:
            if time.monotonic() > ends:
                raise WorkError(f"only {len(seen)} of {workers} worker processes started in {START_SECONDS:.0f} s")
            seen |= {future.result() for future in [pool.submit(_ready, call, given) for _ in range(workers)]}
    except BrokenProcessPool:
        raise WorkError("a worker process died while it started; try again with fewer workers") from None


def _ready(call: Callable[[Given], object], given: Given) -> int:
    """In a worker: do the call, and leave the others a moment to take theirs."""
    call(given)
    time.sleep(0.01)
    return os.getpid()


def in_order(pool: Executor, workers: int, call: Callable[[Given], Made], given: Iterable[Given]) -> Iterator[Made]:
    """`call` of each item, in order and as soon as it is made, with at most `IN_FLIGHT` items a worker under way.

    Raises whatever `call` raises; WorkError where a worker died.
    """
    under_way: deque[Future[Made]] = deque()
    try:
        for item in given:
            under_way.append(pool.submit(call, item))
            while under_way and (len(under_way) > IN_FLIGHT * workers or under_way[0].done()):
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    except BrokenProcessPool:
        raise WorkError("a worker process died (out of memory, or a crash in an image library); try again") from None


def start_worker() -> None:
    """Leave Ctrl-C to the parent, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _start_worker() -> None:
    start_worker()
    keep_freed_memory()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
