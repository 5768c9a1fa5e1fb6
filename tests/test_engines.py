"""Engines: calls made by processes of this machine or by those of a Ray cluster; one contract for both."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import closing
from pathlib import Path
from typing import Any

import engine_calls
import pytest
from engine_calls import Held, Mortal, Power, Sleeper

from core.base.errors import InputError, WorkError
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.processes.engines import ENGINES, Done, TaskEngine, open_engine
from core.processes.pool import in_order
from core.stores.manifest import Manifest

ROOT = Path(__file__).parent.parent


def made(engine: TaskEngine, call, given) -> list[Done]:
    """What came of each item, in the order of the items."""
    return sorted(done for done in engine.run(call, given) if done is not None)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
        return b"\0" in Path(f"/proc/{process}/cmdline").read_bytes()  # a zombie has none
    except (ProcessLookupError, FileNotFoundError):
        return False


def await_gone(process: int) -> None:
    ends = time.monotonic() + 20
    while is_alive(process):
        assert time.monotonic() < ends, f"process {process} still runs"
        time.sleep(0.02)


def await_files(folder: Path, *names: str) -> list[int]:
    """The processes that wrote them."""
    ends = time.monotonic() + 30
    while not all((folder / name).exists() and (folder / name).read_text() for name in names):
        assert time.monotonic() < ends, "nobody began"
        time.sleep(0.02)
    return [int((folder / name).read_text()) for name in names]


class EngineContract:
    """What every engine promises; a subclass has the fixture `engine`."""

    def test_each_item_is_done_once(self, engine: TaskEngine) -> None:
        done = made(engine, Power(2), range(20))
        assert [(one.number, one.made, one.attempts) for one in done] == [(n, n * n, 1) for n in range(20)]
        assert all(one.where for one in done)
        assert [one.made for one in made(engine, Power(3), [2, 3])] == [8, 27]  # another call, the same engine
        assert made(engine, Power(2), []) == []

    def test_items_are_taken_as_there_is_room(self, engine: TaskEngine) -> None:
        taken: list[int] = []

        def endless() -> Iterator[int]:
            while True:
                taken.append(len(taken))
                yield taken[-1]

        with closing(engine.run(Power(1), endless())) as run:
            assert len([next(done for done in run if done) for _ in range(6)]) == 6
        assert len(taken) <= 6 + engine.slots + 3

    def test_an_error_of_ours_ends_the_run_as_it_is(self, engine: TaskEngine) -> None:
        with pytest.raises(InputError, match=r"^-4 is negative$"):
            made(engine, Power(2), [1, 2, -4, 3])

    def test_any_other_error_tells_where_it_was_raised(self, engine: TaskEngine) -> None:
        with pytest.raises(ZeroDivisionError) as raised:
            made(engine, engine_calls.raises, ["zero"])
        assert "in raises" in raised.value.__notes__[0]
        with pytest.raises(WorkError, match="TwoPartError: one and two"):
            made(engine, engine_calls.raises, ["unportable"])

    def test_what_died_is_given_again(self, engine: TaskEngine, tmp_path: Path) -> None:
        done = made(engine, Mortal(str(tmp_path), deaths=1), ["a", "mortal", "b", "c"])
        assert [one.made for one in done] == ["A", "MORTAL", "B", "C"]
        assert [one.attempts for one in done] == [1, 2, 1, 1]
        assert len(list(tmp_path.iterdir())) == 5

    def test_closing_it_ends_what_runs(self, engine: TaskEngine, tmp_path: Path) -> None:
        run = engine.run(Sleeper(str(tmp_path), 60), ["one", "two"])
        assert next(run) is None  # it says so while nothing ends
        processes = await_files(tmp_path, "one", "two")
        run.close()
        for process in processes:
            await_gone(process)
        assert made(engine, Power(2), [3])[0].made == 9  # and can be used further


@pytest.fixture(scope="module")
def local_engine() -> Iterator[TaskEngine]:
    with open_engine("local", workers=2) as engine:
        assert (engine.slots, engine.text) == (2, "2 processes")
        yield engine


class TestLocalEngine(EngineContract):
    @pytest.fixture
    def engine(self, local_engine: TaskEngine) -> TaskEngine:
        return local_engine

    def test_what_dies_each_time_is_named_and_what_killed_it(self, engine: TaskEngine, tmp_path: Path) -> None:
        with pytest.raises(WorkError, match=r"item 1 \(mortal\) was tried 3 times, .* SIGKILL"):
            made(engine, Mortal(str(tmp_path), deaths=9), ["a", "mortal"])
        assert len(list(tmp_path.glob("mortal.*"))) == 3

    def test_its_processes_end_with_it(self, tmp_path: Path) -> None:
        with open_engine("local", workers=1) as engine:
            process = made(engine, Sleeper(str(tmp_path), 0), ["one"])[0].made
            assert is_alive(process)
        await_gone(process)

    def test_its_processes_end_with_a_driver_that_is_killed(self, tmp_path: Path) -> None:
        driver = start_driver(tmp_path, "local")
        processes = await_files(tmp_path, "one", "two")
        driver.kill()
        driver.wait()
        for process in processes:
            await_gone(process)

    def test_none_of_its_processes_is_this_one(self) -> None:
        with open_engine("local", workers=0) as engine:
            assert (engine.slots, engine.text) == (1, "this process")
            assert made(engine, Power(2), [3]) == [Done(0, 9, 1, "this process")]


def start_driver(folder: Path, engine: str) -> subprocess.Popen[bytes]:
    """A process that lets an engine sleep over two items."""
    script = (
        "from engine_calls import Sleeper\nfrom core.processes.engines import open_engine\n"
        f"with open_engine({engine!r}, 2) as engine:\n"
        f"    list(engine.run(Sleeper({str(folder)!r}, 60), ['one', 'two']))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent)])}
    return subprocess.Popen([sys.executable, "-c", script], env=environment)


def test_an_engine_is_asked_for_what_it_can() -> None:
    assert list(ENGINES) == ["local", "ray"]
    with pytest.raises(InputError, match="unknown engine 'spark'"):
        open_engine("spark")
    with pytest.raises(InputError, match="workers=-1"):
        open_engine("local", workers=-1)
    with pytest.raises(InputError, match="no address"):
        open_engine("local", address="10.0.0.1:6379")


ray_is_there = pytest.mark.skipif(not ENGINES["ray"].available(), reason="ray is not installed")


@ray_is_there
def test_there_is_no_ray_cluster_at_an_address() -> None:
    with (
        pytest.raises(InputError, match=r"no Ray cluster answers at 127.0.0.1:1"),
        open_engine("ray", 1, "127.0.0.1:1"),
    ):
        pass


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes of one CPU each."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="fm-") as folder:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))  # the package is found by what a driver tells
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_TMPDIR", folder)
        patch.setenv("RAY_prestart_worker_first_driver", "0")
        (Path(folder) / "ray").mkdir()
        cluster = Cluster(
            initialize_head=True, head_node_args={"include_dashboard": False, "include_log_monitor": False}
        )
        try:
            cluster.add_node()
            yield cluster
        finally:
            cluster.shutdown()


@pytest.fixture(scope="module")
def ray_engine(cluster: Any) -> Iterator[TaskEngine]:
    handler = signal.getsignal(signal.SIGTERM)
    with open_engine("ray", address=cluster.address) as engine:
        assert (engine.slots, engine.text) == (2, "Ray, 2 nodes, 2 CPUs")
        assert signal.getsignal(signal.SIGTERM) == handler
        yield engine


@ray_is_there
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
class TestRayEngine(EngineContract):
    @pytest.fixture
    def engine(self, ray_engine: TaskEngine) -> TaskEngine:
        return ray_engine

    def test_a_store_that_a_cluster_builds_is_the_one_that_is_built_here(
        self, cluster: Any, engine: TaskEngine, home: Home
    ) -> None:
        asked = {"options": {"shards": 3}, "home": str(home.root)}
        here = finish(Build("shapes", "webdataset", "png", workers=0, **asked).run())
        made = Manifest.load(Path(here["store"]))
        there = finish(Build("shapes", "webdataset", "png", force=True, engine="ray", **asked).run())
        assert there["engine"].startswith("Ray, 2 nodes")
        again = Manifest.load(Path(there["store"]))
        assert (again.checksum, again.files, again.shards) == (made.checksum, made.files, made.shards)

    def test_a_node_that_is_killed_loses_nothing(self, cluster: Any, engine: TaskEngine, tmp_path: Path) -> None:
        """The last of these tests: one node is left."""
        done = []
        for one in engine.run(Held(str(tmp_path)), [f"item{number}" for number in range(5)]):
            done += [one] if one else []
            at_work = {int(text) for path in tmp_path.iterdir() if (text := path.read_text())}
            if cluster.worker_nodes and len(at_work) == 2:  # both nodes have an item, and hold it until one is gone
                cluster.remove_node(*cluster.worker_nodes, allow_graceful=False)
                ends = time.monotonic() + 30
                while all(map(is_alive, at_work)):
                    assert time.monotonic() < ends, "no process ended with its node"
                    time.sleep(0.02)
                (tmp_path / "go").touch()
        assert sorted(one.number for one in done) == list(range(5))
        assert max(one.attempts for one in done) == 2


class AtOnce(Executor):
    """Makes each call as it is given."""

    def submit(self, call: Any, /, *given: Any, **named: Any) -> Future[Any]:
        made: Future[Any] = Future()
        made.set_result(call(*given, **named))
        return made


def test_what_is_made_is_handed_on_at_once() -> None:
    """Where giving is slower than making, six results lay there: progress was behind by them until the end."""
    given: list[int] = []

    def items() -> Iterator[int]:
        for number in range(10):
            given.append(number)
            yield number

    for number, made in enumerate(in_order(AtOnce(), 2, str, items())):
        assert (made, given[-1]) == (str(number), number)
