"""Worker processes: their death is told, Ctrl-C and the loader's end end them, and loaders survive fork and spawn."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from core.base.errors import WorkError
from core.loading.loader import make_loader
from core.loading.processes import ProcessPipeline
from tests.loading_fixtures import MemoryStore, memory_store
from tests.process_commands import command_of

ROOT = Path(__file__).parent.parent


def store() -> MemoryStore:
    return memory_store([(8, 8)] * 24)


def worker_processes() -> list[psutil.Process]:
    children = psutil.Process().children()
    return [child for child in children if "core.loading.worker" in command_of(child)]


def test_a_worker_that_dies_is_an_error_that_says_which_and_why() -> None:
    with make_loader(store(), batch_size=4, workers="processes:1") as loader:
        batches = iter(loader)
        next(batches)
        (worker,) = worker_processes()
        worker.kill()
        with pytest.raises(WorkError, match=rf"^loading worker 0 \(process {worker.pid}\) was killed by SIGKILL$"):
            list(batches)


def test_closing_leaves_no_process_and_no_shared_memory() -> None:
    before = set(_shared_files())
    with make_loader(store(), batch_size=4, workers="processes:2") as loader:
        next(iter(loader))
        assert len(worker_processes()) == 2
        assert set(_shared_files()) == before  # unlinked as soon as it is mapped
    assert worker_processes() == []


def _shared_files() -> list[str]:
    return [str(file) for file in Path("/dev/shm").glob("tmp*")]


def test_a_forgotten_loader_ends_its_workers() -> None:
    loader = make_loader(store(), batch_size=4, workers="processes:1")
    next(iter(loader))
    del loader
    gc.collect()
    assert worker_processes() == []


def test_a_worker_that_cannot_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(WorkError, match=r"^loading worker 0 \(process \d+\) ended with status 1"):
        ProcessPipeline(None, 1, (1, 3, 2, 2), np.uint8)  # type: ignore[arg-type]


def _labels_of_an_epoch(connection: multiprocessing.connection.Connection, given: MemoryStore) -> None:
    with make_loader(given, batch_size=5, workers="threads:2") as loader:
        connection.send(sorted(int(label) for _, labels in loader for label in labels))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_store_that_was_used_loads_in_a_child(method: str) -> None:
    given = store()
    next(iter(make_loader(given, batch_size=4, workers="threads:2")))
    context = multiprocessing.get_context(method)
    ours, theirs = context.Pipe()
    child = context.Process(target=_labels_of_an_epoch, args=(theirs, given))
    child.start()
    assert ours.poll(60)
    assert ours.recv() == sorted(given.labels.tolist())
    child.join(60)
    assert child.exitcode == 0


ENDLESS = """
from core.loading.loader import make_loader
from tests.loading_fixtures import memory_store
with make_loader(memory_store([(8, 8)] * 24), batch_size=4, workers={workers!r}) as loader:
    while True:
        for _ in loader:
            print("batch", flush=True)
"""


@pytest.mark.parametrize("workers", ["inline", "threads:2", "processes:2"])
def test_ctrl_c_ends_everything(workers: str) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", ENDLESS.format(workers=workers)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == b"batch\n"
    os.killpg(program.pid, signal.SIGINT)
    _, words = program.communicate(timeout=30)
    assert words.strip().endswith(b"KeyboardInterrupt")
    assert words.count(b"Traceback") == 1
    with pytest.raises(ProcessLookupError):
        os.killpg(program.pid, 0)
