"""What every test may use: a home of its own, and a small dataset that is imported once."""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.base import plugins
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.datasets.dataset import Dataset
from core.importing.task import Import
from core.loading import kept_workers
from core.machine.session import session_name
from core.measure.loaders import LoaderExperiment
from core.processes.pool import METHOD
from core.stores.store import list_stores
from tests import kept_readers

pytest.register_assert_rewrite("format_contract")

MOMENT = 0.01
"""Seconds."""

MANY_MODULES = 100
"""So many more are a library that a test has imported, as PyTorch."""

_frozen = [0]
"""How many modules there were when the heap was frozen."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of few tests come last, so that all processes end at once; but a browser's, which take long, come first."""
    in_browser = {item.path for item in items if item.get_closest_marker("browser")}
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path not in in_browser, -tests[item.path]))


def pytest_collection_finish() -> None:
    _freeze()


def pytest_runtest_teardown() -> None:
    if len(sys.modules) > _frozen[0] + MANY_MODULES:
        _freeze()


def _freeze() -> None:
    """What is imported and collected by now stays: no later look for garbage goes through it again.

    It is most of the heap, and every measurement begins with such a look.
    """
    gc.collect()
    gc.freeze()
    _frozen[0] = len(sys.modules)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test ever touches the repository's own data and runs, or looks at its user's settings."""
    own = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(own))
    monkeypatch.setenv("FORMAT_MATTERS_CONFIG", os.devnull)
    monkeypatch.setattr(kept_workers, "folder", lambda: own / "kept-workers")
    monkeypatch.delenv("FORMAT_MATTERS_SESSION", raising=False)
    session_name.cache_clear()


@pytest.fixture(autouse=True, scope="session")
def _no_compiling_ahead() -> Iterator[None]:
    """A test that needs a kernel waits for it: no process compiles beside the tests, and batches are the kernels'."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORMAT_MATTERS_KERNELS", "wait")
        yield


@pytest.fixture(autouse=True)
def _short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a load is held against is measured in moments, on all CPUs: no test asks how large it is.

    Only where the module is there already: it imports torch, which most tests run without.
    """
    limits = sys.modules.get("core.loading.stage_limits")
    if limits is not None:
        monkeypatch.setattr(limits, "MOMENT", MOMENT)


@pytest.fixture(autouse=True, scope="module")
def _no_rivals_of_others() -> Iterator[None]:
    """Toy rivals that a file has registered are gone before the next one lists what there is."""
    yield
    rivals = sys.modules.get("core.rivals")
    if rivals is not None:
        registered = rivals.RIVALS._registered
        for name in [name for name, rival in registered.items() if rival.where.startswith("tests.")]:
            plugins._loaded.discard(registered.pop(name).where.partition(":")[0])


@pytest.fixture(autouse=True)
def _own_main() -> Iterator[None]:
    """A page under test leaves itself as the main module, which a process that is spawned later would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    """A verb under test leaves its handlers, which processes that are forked later would run when they are ended."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        if handler is not None and signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@pytest.fixture(autouse=True, scope="session")
def _kept_readers() -> Iterator[None]:
    kept_readers.keep_readers()
    yield
    kept_readers.end_kept()


@pytest.fixture
def own_readers() -> Iterator[None]:
    """Each file has a reader process of its own, which begins in the environment of the test."""
    with kept_readers.own_readers():
        yield


@pytest.fixture(scope="module")
def _checking_server() -> None:
    forkserver._forkserver._stop()  # one that runs already keeps what it was given first
    multiprocessing.set_forkserver_preload(["core.building.check"])


@pytest.fixture
def forked_checks(_checking_server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store is checked in a process of its own, which begins as a copy of one that has imported what that takes."""
    forking = SimpleNamespace(get_context=lambda _: multiprocessing.get_context(METHOD))
    monkeypatch.setattr("core.processes.isolated.multiprocessing", forking)


@pytest.fixture(scope="session")
def _imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("imported")
    finish(Import("shapes", "shapes", limit=60, home=str(home)).run())
    return home


@pytest.fixture
def home(_imported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home that holds the dataset `shapes`: 50 images to train on, 10 to validate."""
    root = tmp_path / "home"
    shutil.copytree(_imported, root)
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(root))
    return Home(root)


@pytest.fixture
def dataset(home: Home) -> Dataset:
    return Dataset.open(home, "shapes")


@pytest.fixture(scope="session")
def furnished_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("furnished")
    options = {"size": 16, "train": 60, "val": 20}
    finish(Import("shapes", "shapes", options=options, home=str(root)).run())
    for format, encoding in (("disk", "original"), ("lmdb", "raw"), ("hdf5", "raw")):
        finish(Build("shapes", format, encoding, home=str(root)).run())
    paths = [str(store.path) for store in list_stores(Home(root))]
    quick = {"batch_sizes": [8], "workers": ["0"], "loaders": ["torch"], "seconds": 0.05, "rounds": 2}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.loading.stage_limits.MOMENT", MOMENT)
        finish(LoaderExperiment(paths, **quick, home=str(root)).run())
    return root


@pytest.fixture
def furnished(furnished_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with everything in it, to be changed at will."""
    root = tmp_path / "home"
    shutil.copytree(furnished_once, root)
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(root))
    return Home(root)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home in which nothing is yet."""
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(tmp_path))
    return Home(tmp_path)


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_readers: None) -> Iterator[Path]:
    """A folder for files of the kind "lines", which this process and those it starts know; its parent is the home."""
    from core.base import plugins
    from core.inspect.kinds import KINDS

    monkeypatch.setenv(plugins.VARIABLE, "shards_kind")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(plugins, "_loaded", set())
    folder = tmp_path / "lines"
    folder.mkdir()
    yield folder
    KINDS.unregister("lines")
