"""A rival's process: it exports, prepares, hands out whole epochs, and whatever it does ends in a sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import psutil
import pytest

from core.base.errors import InputError
from core.base.events import finish
from core.base.home import REPOSITORY, Home
from core.base.steps import outcome
from core.building import Build
from core.importing.task import Import
from core.rivals import RIVALS
from core.rivals.containers import prepared_container
from core.rivals.exported import Exported, encoding_of, export_samples
from core.rivals.handed import Handed, RivalFailed
from core.rivals.inside.samples import Samples
from core.rivals.inside.work import RivalWork
from core.rivals.process import RivalLimits, RivalProcess
from core.stores.store import open_store
from tests import toy_rival

MODULE = "tests.toy_rival"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("rivals"))
    finish(Import("shapes", "shapes", limit=60, home=str(home.root)).run())
    for format, encoding in (("npy", "raw"), ("lmdb", "original")):
        finish(Build("shapes", format, encoding, home=str(home.root)).run())
    return home


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORMAT_MATTERS_PLUGINS", MODULE)
    assert "toy-honest" in RIVALS


@pytest.fixture
def exported(home: Home) -> Exported:
    return export_samples(open_store(home.built / "shapes" / "npy" / "raw"), home)


def consumed(process: RivalProcess, seconds: float = 0.0, means: bool = False) -> Handed:
    return outcome(process.epochs(seconds, means=means))


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.025)
    pytest.fail("it did not come to be so within 5 s")


def test_exported_samples_are_the_payloads_of_the_store(home: Home) -> None:
    for folder in ("npy/raw", "lmdb/original"):
        store = open_store(home.built / "shapes" / folder)
        exported = export_samples(store, home)
        assert exported.encoding == ("raw" if folder == "npy/raw" else "png")
        assert exported.shape == (store.payload_shape[:2] if store.payload_shape else None)
        for index in (0, 7, len(store) - 1):
            assert Samples(exported.folder)[index] == (bytes(store.read([index])[0]), exported.tickets[index])
        assert np.array_equal(exported.tickets % exported.classes, store.labels)
        assert np.array_equal(exported.tickets // exported.classes, np.arange(len(store)))
        assert export_samples(store, home) == exported


def test_an_encoding_is_known_by_its_first_bytes() -> None:
    assert encoding_of(b"\xff\xd8\xff\xe0....") == "jpeg"
    assert encoding_of(b"\x89PNG\r\n\x1a\n") == "png"
    assert encoding_of(b"GIF89a..") == ""


@pytest.mark.usefixtures("toys")
def test_a_rival_hands_out_whole_epochs(home: Home, exported: Exported) -> None:
    prepared = prepared_container("toy-honest", exported, home)
    assert prepared.bytes == exported.payload_bytes
    assert prepared.files == 1
    assert prepared.seconds > 0
    assert prepared_container("toy-honest", exported, home) == prepared
    with RivalProcess("toy-honest", exported) as process:
        process.begin()
        process.open(prepared.folder, RivalWork(batch_size=16))
        handed = consumed(process, means=True)
        assert [samples for samples, _ in handed.epochs] == [exported.samples]  # no seconds: one epoch
        assert sorted(handed.tickets) == sorted(exported.tickets)
        assert (
            handed.sizes.tolist() == [16] * (exported.samples // 16) + [exported.samples % 16][: exported.samples % 16]
        )
        assert handed.shape[1:] == (3, *exported.shape)
        assert handed.dtype == "float32"
        assert handed.means.shape == (exported.samples, 3)
        again = consumed(process, 0.2)
        assert len(again.epochs) > 1
        assert len(again.looked) > 1
        orders = again.epoch_tickets()
        assert not np.array_equal(orders[0], orders[1])
        assert len(orders) == len(again.epochs)
        assert process.used.peak_memory_bytes > 10e6
        assert process.used.cpu_s > 0  # on a busy machine it gets little
        process.pause()
        wait_for(lambda: psutil.Process(process._process.pid).status() == psutil.STATUS_STOPPED)
        process.resume()
        assert consumed(process).samples == exported.samples
        number = process._process.pid
    assert not psutil.pid_exists(number)


@pytest.mark.usefixtures("toys")
def test_a_rival_may_fork_its_workers(exported: Exported) -> None:
    with RivalProcess("toy-forks", exported, RivalLimits(answer_s=20.0)) as process:
        process.begin()
        process.open(exported.folder, RivalWork(batch_size=16))
        assert consumed(process).samples == exported.samples


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fails-open", "ValueError: cannot open toys"),
        ("fails-epoch", "ValueError: out of toys"),
        ("dies", "it died of SIGSEGV"),
        ("hangs", "it did not answer within"),
        ("eats-memory", "it took more than 0.3 GB of memory"),
        ("garbage", "what it said is no answer"),
    ],
)
def test_whatever_goes_wrong_is_a_sentence_and_nothing_is_left(
    home: Home, exported: Exported, name: str, reason: str
) -> None:
    limits = RivalLimits(answer_s=0.7 if name == "hangs" else 20.0, memory_bytes=0.3e9)
    with RivalProcess(f"toy-{name}", exported, limits) as process:
        process.begin()
        with pytest.raises(RivalFailed, match=reason):  # noqa: PT012
            process.open(exported.folder, RivalWork(batch_size=16))
            consumed(process)
            consumed(process)
        assert not psutil.pid_exists(process._process.pid)


@pytest.mark.usefixtures("toys")
def test_a_container_that_fails_leaves_nothing(home: Home, exported: Exported) -> None:
    with pytest.raises(RivalFailed, match="no space for toys"):
        prepared_container("toy-fails-prepare", exported, home)
    left = home.rivals / "containers" / "toy-fails-prepare"
    assert [path for path in left.rglob("*") if path.suffix != ".lock" and path.name != ".making"] == []


def test_an_unknown_rival_is_told() -> None:
    with pytest.raises(InputError, match="unknown rival 'nobody'"):
        RIVALS["nobody"]


DRIVER = """
import sys, time
from pathlib import Path
from core.base.home import Home
from core.rivals.exported import export_samples
from core.rivals.process import RivalProcess
from core.stores.store import open_store

exported = export_samples(open_store(sys.argv[1]), Home(Path(sys.argv[2])))
process = RivalProcess("toy-honest", exported)
process.begin()
process.pause()
print(process._process.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.usefixtures("toys")
def test_a_stopped_rival_ends_with_its_driver_even_when_that_is_killed(home: Home, exported: Exported) -> None:
    command = [sys.executable, "-c", DRIVER, str(exported.store), str(home.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as driver:
        assert driver.stdout is not None
        number = int(driver.stdout.readline())
        os.kill(driver.pid, signal.SIGKILL)
    wait_for(lambda: not psutil.pid_exists(number) or psutil.Process(number).status() == psutil.STATUS_ZOMBIE)


@pytest.mark.parametrize(("name", "folder"), [("fast", "npy/raw"), ("torch", "npy/raw"), ("naive", "lmdb/original")])
def test_ours_runs_by_the_same_protocol(home: Home, name: str, folder: str) -> None:
    exported = export_samples(open_store(home.built / "shapes" / folder), home)
    prepared = prepared_container(name, exported, home)
    assert prepared.folder == exported.store
    assert prepared.bytes > exported.payload_bytes / 2
    with RivalProcess(name, exported) as process:
        process.begin()
        process.open(prepared.folder, RivalWork(batch_size=16, store=str(exported.store), split="train"))
        handed = consumed(process, means=True)
    assert sorted(handed.tickets) == sorted(exported.tickets)
    for image, ticket in zip(handed.looked, handed.looked_tickets, strict=True):
        pixels, label = open_store(exported.store)[int(ticket) // exported.classes]
        assert label == ticket % exported.classes
        assert np.abs(image - toy_rival.normalised(pixels)).max() < 1e-4
