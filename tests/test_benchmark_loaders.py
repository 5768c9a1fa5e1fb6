"""What the comparison of loaders measures and says: processor time of a whole process tree, and verdicts."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

from benchmarks.loader_goals import verdicts
from benchmarks.loader_peers import Peer
from benchmarks.loader_tables import table
from benchmarks.other_work import OtherWork
from benchmarks.peers import Work
from benchmarks.process_time import tree_seconds

SPIN = "import time\nwhile time.process_time() < 0.3: pass\n"
GRANDCHILD = f"import subprocess, sys\nsubprocess.run([sys.executable, '-S', '-c', {SPIN!r}])\n"


def peer(name: str, *rates: float, processor: float = 1.0, size: int = 0) -> Peer:
    return Peer(name, Mock(), 2, bytes=size, rates=list(rates), processor=[processor] * len(rates))


def reaches(value: Callable[[], float], least: float) -> bool:
    """Whether it does within 20 seconds."""
    limit = time.monotonic() + 20
    while value() < least and time.monotonic() < limit:
        time.sleep(0.02)
    return value() >= least


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_processor_time_is_that_of_the_whole_tree() -> None:
    before = tree_seconds()
    subprocess.run([sys.executable, "-S", "-c", GRANDCHILD], check=True)
    ended = tree_seconds()
    assert 0.28 < ended - before < 1.5  # a child's child, both waited for

    with subprocess.Popen([sys.executable, "-S", "-c", SPIN + "input()\n"], stdin=subprocess.PIPE) as child:
        assert reaches(lambda: tree_seconds() - ended, 0.28)  # one that lives
        assert child.stdin is not None
        child.stdin.close()
    assert tree_seconds() - ended >= 0.28  # nothing is lost when it ends


def test_processes_and_names_that_look_like_fields_are_read(tmp_path: Path) -> None:
    for number, parent, ticks in ((7, 1, "10 20 30 40"), (8, 7, "1 2 3 4"), (9, 1, "500 0 0 0")):
        (tmp_path / str(number)).mkdir()
        text = f"{number} (odd) name ( 3) S {parent} 0 0 0 0 0 0 0 0 0 {ticks} 0 0"
        (tmp_path / str(number) / "stat").write_text(text)
    (tmp_path / "11").mkdir()  # ended while /proc was read
    assert tree_seconds(7, tmp_path) == pytest.approx(1.10)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_other_work_goes_on_only_while_something_is_timed() -> None:
    with OtherWork(1) as others:
        time.sleep(0.1)
        begin = tree_seconds()
        time.sleep(0.2)
        still = tree_seconds()
        assert still - begin < 0.1
        with others.going():
            assert reaches(lambda: tree_seconds() - still, 0.2)


def test_a_table_holds_rates_and_processor_time_against_the_fastest_that_is_not_ours() -> None:
    work = Work("cifar-raw", Path(), raw=True, batch_size=256, train224=False)
    peers = [peer("ours", 300, 310, 290, processor=1.5), peer("ffcv", 100, processor=3), peer("dali", 60, processor=1)]
    text = table(work, peers, {"hf": "no such module"})
    assert "| ours | 300 | 290 - 310 | 3.00 | 1.50 | 0.50 | - | 2 | 0.00 |" in text
    assert "- hf is not in the table: no such module" in text


def test_verdicts_name_the_rival_the_ratio_and_what_was_not_measured() -> None:
    raw = [peer("ours", *[265.0] * 5), peer("ours_hdf5", *[240.0] * 5), peer("ffcv", *[100.0] * 5, processor=3)]
    lines = verdicts({"cifar-raw": raw}, busy=0).splitlines()
    assert "| cifar-raw | ours | ffcv | images/s | at least 2.6 | 2.650 | 2.650 to 2.650 | yes |" in lines
    assert "| cifar-raw | ours_hdf5 | ffcv | images/s | at least 2.6 | 2.400 | 2.400 to 2.400 | no |" in lines
    assert "| cifar-raw | ours | ffcv | processor time | at most 0.35 | 0.333 | 0.333 to 0.333 | yes |" in lines
    assert "| cifar-raw | ours_bfloat16 | ours | images/s | at least 1.6 | - | - | not measured |" in lines
    assert not any("photos" in line for line in lines)
    busy = verdicts({"cifar-raw": raw}, busy=1)
    assert "| ours_hdf5 | ffcv | images/s | at least 2.3 | 2.400 | 2.400 to 2.400 | yes |" in busy


def test_an_interval_that_holds_the_goal_leaves_it_open() -> None:
    work = {"one-batch": [peer("ours@2", 160, 165, 172, 180, 190), peer("ours@1", *[100.0] * 5)]}
    assert "| at least 1.7 | 1.720 | 1.600 to 1.900 | yes, the interval holds the goal |" in verdicts(work, busy=0)
