"""A pipeline whose work is done by processes, for stages that hold the GIL (Pillow, no numba).

The workers are started with `python -m core.loading.worker` and talk through their standard input and output, so that
neither fork's copied locks nor spawn's re-run of the main program are in play. Each has one batch of shared memory.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..base.errors import WorkError
from ..processes.module_process import end, exit_status, signal_name, start_module
from .batch_sampler import BatchSpec
from .normalise import Images
from .pipeline import Laps, Pipeline

SHARED = Path("/dev/shm")  # noqa: S108 - memory, not a place for predictable names: mkstemp chooses them
PATIENCE = 5.0
"""Seconds that a worker gets to leave before it is killed."""


@dataclass(frozen=True, slots=True)
class Start:
    """The first thing a worker is told."""

    pipeline: Pipeline
    memory: str
    shape: tuple[int, ...]
    dtype: str


class ProcessPipeline:
    """Hands each `fill` to an idle worker. Called from as many threads as there are workers, it keeps all busy."""

    def __init__(self, pipeline: Pipeline, count: int, shape: tuple[int, ...], dtype: Any) -> None:
        """`shape` is that of the largest batch, (B, 3, H, W)."""
        workers = [_Worker(number) for number in range(count)]
        self._stop = weakref.finalize(self, _stop_all, workers, os.getpid())
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        for worker in workers:
            worker.begin(pipeline, shape, np.dtype(dtype))
            self._idle.put(worker)

    def fill(self, spec: BatchSpec, out: Images) -> Laps:
        worker = self._idle.get()
        try:
            return worker.fill(spec, out)
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End the workers; those that do not leave are killed."""
        self._stop()


class _Worker:
    def __init__(self, number: int) -> None:
        self.number = number
        self._process = start_module(".loading.worker", stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def begin(self, pipeline: Pipeline, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        size = int(np.prod(shape)) * dtype.itemsize
        with tempfile.NamedTemporaryFile(dir=SHARED if SHARED.is_dir() else None) as file:
            file.truncate(size)
            self._memory = np.memmap(file.name, dtype, "r+", shape=shape)
            self._ask(Start(pipeline, file.name, shape, dtype.str))

    def fill(self, spec: BatchSpec, out: Images) -> Laps:
        laps: Laps = self._ask(spec)
        out[...] = self._memory[: len(out)]
        return laps

    def _ask(self, message: Any) -> Any:
        try:
            pickle.dump(message, self._input, pickle.HIGHEST_PROTOCOL)
            self._input.flush()
            answer = pickle.load(self._output)  # noqa: S301 - from our own child, through its pipe
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise WorkError(f"loading worker {self.number} {self._fate()}") from error
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _fate(self) -> str:
        """What became of a worker that does not answer any more."""
        status = exit_status(self._process, PATIENCE)
        if status is None:
            return f"(process {self._process.pid}) closed its pipe but runs on"
        if status < 0:
            return f"(process {self._process.pid}) was killed by {signal_name(-status)}"
        return f"(process {self._process.pid}) ended with status {status}; its own words are above"

    @property
    def _input(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _output(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def leave(self) -> None:
        """Ask for the end: a worker ends when nobody can tell it anything any more."""
        try:
            self._input.close()
        except BrokenPipeError:
            return  # it is gone already

    def gone(self) -> None:
        end(self._process, PATIENCE)


def _stop_all(workers: list[_Worker], owner: int) -> None:
    if owner != os.getpid():
        return  # a fork's copy: the workers are the parent's
    for worker in workers:
        worker.leave()
    for worker in workers:
        worker.gone()
