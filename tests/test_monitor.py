"""The monitor, on real processes that burn, allocate, write and go; and its books, on made-up ones."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from core.machine.process_tree import Counters, Ledger, ProcessTree, ProcessUse, proportional_memory
from core.measure.monitor import COLUMNS, Monitor, read_monitor

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

BURN = "import time\nend = time.process_time() + {seconds}\nwhile time.process_time() < end: pass\n"
HOLD = "import sys\nheld = b'x' * {count}\nprint('ready', flush=True)\nsys.stdin.read()\n"


def burn(seconds: float) -> None:
    subprocess.run([sys.executable, "-c", BURN.format(seconds=seconds)], check=True)


@contextmanager
def holding(count: int) -> Iterator[int]:
    """The id of a child that holds so many bytes."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD.format(count=count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        assert child.stdin
        assert child.stdout.readline() == "ready\n"
        yield child.pid
        child.stdin.close()


def used(pid: int, parent: int, *figures: float) -> dict[int, ProcessUse]:
    return {pid: ProcessUse(parent, Counters(*figures))}


@LINUX
def test_a_child_that_came_and_went_between_two_looks_is_counted() -> None:
    tree = ProcessTree().look()
    burn(0.4)
    alone = tree.processes
    assert tree.look().used.cpu_s >= 0.38  # the kernel counts in steps of 10 ms
    assert tree.processes == alone


COUNT = """
import subprocess, sys, time
from core.machine.process_tree import ProcessTree
tree = ProcessTree().look()
before = time.process_time()
with subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE, text=True) as child:
    while child.poll() is None:
        tree.look()
        time.sleep(0.02)
    told = child.stdout.read()
print(told, tree.look().used.cpu_s - (time.process_time() - before))
"""


@LINUX
def test_a_child_that_is_seen_and_then_ends_is_counted_once() -> None:
    # In a process of its own: other children of the tests' process would be counted too.
    child = BURN.format(seconds=0.5) + "print(time.process_time())\n"
    done = subprocess.run([sys.executable, "-c", COUNT, child], check=True, capture_output=True, text=True)
    burned, counted = map(float, done.stdout.split())
    assert 0.9 * burned <= counted <= 1.5 * burned, "what the child says it burned, not twice that"


@LINUX
def test_memory_of_a_child_is_counted() -> None:
    tree = ProcessTree().look()
    before, alone = tree.memory.resident, tree.processes
    with holding(80_000_000) as pid:
        assert 79e6 < ProcessTree([pid]).look().memory.resident < 110e6
        assert tree.look().memory.resident - before > 79e6
        assert tree.processes == alone + 1


@contextmanager
def forked(count: int, block: bytearray) -> Iterator[None]:
    """So many forks of this process that read `block` and then wait."""
    ready, told = os.pipe()
    waiting, end = os.pipe()
    children = []
    for _ in range(count):
        if (pid := os.fork()) == 0:
            os.close(end)
            sum(block[::4096])  # reads only: the pages stay the parent's
            os.write(told, b".")
            os.read(waiting, 1)
            os._exit(0)
        children.append(pid)
    for _ in children:
        os.read(ready, 1)
    try:
        yield
    finally:
        for pipe in (end, waiting, ready, told):
            os.close(pipe)
        for pid in children:
            os.waitpid(pid, 0)


@LINUX
def test_pages_shared_by_fork_are_counted_once() -> None:
    if proportional_memory(os.getpid()) is None:
        pytest.skip("this kernel does not tell proportional memory")
    block = bytearray(b"\1") * 60_000_000
    before = ProcessTree().look().memory.resident
    with forked(3, block):
        tree = ProcessTree().look()
    assert tree.processes >= 4
    assert tree.memory.resident - before < 60e6, "three copies would be 180 MB more"


SHARE = """
from multiprocessing.shared_memory import SharedMemory
from core.machine.process_tree import ProcessTree
before = ProcessTree().look().memory
memory = SharedMemory(create=True, size=20_000_000)
try:
    memory.buf[:] = b"\\1" * len(memory.buf)
    after = ProcessTree().look().memory
finally:
    memory.close()
    memory.unlink()
print(after.shared - before.shared, after.resident - before.resident)
"""


@LINUX
def test_shared_memory_is_told_apart() -> None:
    # In a process of its own: the memory of one that has run other tests comes and goes.
    done = subprocess.run([sys.executable, "-c", SHARE], check=True, capture_output=True, text=True)
    shared, resident = map(float, done.stdout.split())
    assert shared >= 19e6
    assert resident < 15e6


@LINUX
def test_written_bytes_are_counted_also_those_of_a_child_that_is_gone(tmp_path: Path) -> None:
    tree = ProcessTree().look()
    code = f"open({str(tmp_path / 'child')!r}, 'wb').write(b'x' * 5_000_000)"
    subprocess.run([sys.executable, "-c", code], check=True)
    (tmp_path / "own").write_bytes(b"x" * 3_000_000)
    written = tree.look().used.write_bytes
    if not written:
        pytest.skip("this file system counts no writes")
    assert 8_000_000 <= written < 12_000_000


def test_a_reaped_child_is_handed_up_once() -> None:
    ledger = Ledger()
    ledger.update(used(1, 0, 10.0))
    ledger.update(used(1, 0, 11.0) | used(2, 1, 4.0))
    assert ledger.total.cpu_s == 5.0
    ledger.update(used(1, 0, 17.0))  # own second more, and the child's 4 + 1 that it burnt since
    assert ledger.total.cpu_s == 7.0


def test_a_reaped_child_is_handed_up_once_though_its_ticks_are_rounded() -> None:
    ledger = Ledger()
    ledger.update(used(1, 0, 10.0))
    ledger.update(used(1, 0, 10.0) | used(2, 1, 0.51))
    assert ledger.update(used(1, 0, 10.5)).cpu_s == pytest.approx(0.51)


def test_a_child_that_nobody_waited_for_takes_nothing_back() -> None:
    ledger = Ledger()
    ledger.update(used(1, 0, 10.0))
    ledger.update(used(1, 0, 10.0) | used(2, 1, 4.0))
    assert ledger.update(used(1, 0, 11.0)).cpu_s == 5.0


def test_a_grandchild_is_handed_up_through_a_parent_that_is_gone_as_well() -> None:
    ledger = Ledger()
    ledger.update(used(1, 0, 0.0))
    ledger.update(used(1, 0, 0.0) | used(2, 1, 1.0) | used(3, 2, 2.0))
    assert ledger.update(used(1, 0, 3.0)).cpu_s == 3.0


def test_a_process_number_that_is_used_again_starts_from_nothing() -> None:
    ledger = Ledger()
    ledger.update(used(1, 0, 0.0))
    ledger.update(used(1, 0, 0.0) | used(2, 1, 5.0))
    assert ledger.update(used(1, 0, 0.0) | used(2, 1, 0.5)).cpu_s == 5.5


def test_rows_are_written_while_it_runs_and_one_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "monitor.csv"
    with Monitor(path, interval=0.05) as monitor:
        while len(read_monitor(path)) < 3:
            time.sleep(0.02)
        assert monitor.latest()["rss_mb"] > 1
        time.sleep(0.06)
    rows = read_monitor(path)
    assert tuple(rows[0]) == COLUMNS
    assert path.read_text().count("\n") == len(rows) + 1
    assert [row["ts"] for row in rows] == sorted(row["ts"] for row in rows)
    assert monitor.trouble is None
    assert 0 < monitor.cost() < 1
    assert not [thread for thread in threading.enumerate() if thread.name == "monitor"]


@LINUX
def test_a_busy_child_shows_in_its_rows(tmp_path: Path) -> None:
    with Monitor(tmp_path / "monitor.csv", interval=0.1) as monitor:
        burn(0.6)
    rows = read_monitor(monitor.path)
    spent = sum(after["cpu_pct"] / 100 * (after["ts"] - before["ts"]) for before, after in pairwise(rows))
    assert spent >= 0.4
    assert max(row["processes"] for row in rows) >= 2


def test_a_moment_still_leaves_a_row(tmp_path: Path) -> None:
    with Monitor(tmp_path / "monitor.csv"):
        pass
    assert len(read_monitor(tmp_path / "monitor.csv")) == 1


def test_a_folder_that_is_gone_ends_the_monitoring_and_not_the_job(tmp_path: Path) -> None:
    with Monitor(tmp_path / "gone" / "monitor.csv") as monitor:
        pass
    assert monitor.trouble is not None
    assert "No such file" in monitor.trouble
    assert monitor.latest() == {}


def test_a_machine_without_gpu_leaves_its_cells_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with Monitor(tmp_path / "monitor.csv") as monitor:
        pass
    assert read_monitor(monitor.path)[0]["gpu_util"] is None
    assert "gpu_util" not in monitor.latest()


@pytest.mark.parametrize(
    "text", ["", "\n", "ts,cpu_pct\n", "no csv at all", "a,b\n1,2\n", "ts,cpu_pct\n1,2,3\n", "ts,cpu_pct\nnan,1\n"]
)
def test_files_that_hold_no_rows_have_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "monitor.csv").write_text(text)
    assert read_monitor(tmp_path / "monitor.csv") == []
    assert read_monitor(tmp_path / "missing.csv") == []


def test_a_row_that_was_cut_short_is_left_out_and_fewer_columns_are_fine(tmp_path: Path) -> None:
    (tmp_path / "monitor.csv").write_text("ts,gpu_util,cpu_pct\n1.5,,200\n2.0,,1")
    assert read_monitor(tmp_path / "monitor.csv") == [{"ts": 1.5, "gpu_util": None, "cpu_pct": 200.0}]
