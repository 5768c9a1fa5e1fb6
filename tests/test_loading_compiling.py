"""Kernels are compiled ahead, by one process; loaders go on without them meanwhile, measurements wait."""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

pytest.importorskip("numba")

import core.loading
from core.base.errors import InputError
from core.base.events import Message, Progress, finish
from core.base.home import REPOSITORY, Home
from core.building import Build
from core.loading import awaited, compile_kernels, compiling
from core.loading.awaited import sets_for_load
from core.loading.compiling import STOPPED, CompilingProcess, ready_kernels
from core.loading.fused import KINDS, LEAST_PIXELS, SETS
from core.loading.kernel_cache import FOLDER, VARIABLE, Compiled, compiled, kernel_sources, left_s
from core.loading.loader import make_loader
from core.loading.native import KERNELS
from core.loading.output import PIECE
from tests.loading_fixtures import memory_store

SIZE = (20, 24)
BACKGROUND = {**os.environ, VARIABLE: "background"}


@pytest.fixture(scope="module")
def _compiled() -> None:
    """All kernels, in the cache folder that the tests share; other than ahead of time, with full priority."""
    command = [sys.executable, "-c", "from core.loading.compile_kernels import main; main([])"]
    subprocess.run(command, cwd=REPOSITORY, env=BACKGROUND, check=True)


@pytest.mark.usefixtures("_compiled")
def test_every_kernel_is_compiled_ahead() -> None:
    assert set(compiled().sets) == set(SETS)
    for module in pkgutil.walk_packages(core.loading.__path__, "core.loading."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    assert len(KERNELS) > 40
    missing = [kernel.py_func.__qualname__ for kernel in KERNELS if not kernel._cache._cache_file._load_index()]
    assert not missing, f"no pipeline of core.loading.fused.KINDS uses {missing}"
    assert compiled().done == compiled().kernels == len(KERNELS)


LOADS = """
import sys
from core import open_store
for path in sys.argv[1:]:
    for transform in ("none", "train224"):
        for batch in open_store(path).loader(batch_size=8, transform=transform):
            break
from core.loading.native import KERNELS
print(sum(bool(kernel.signatures) for kernel in KERNELS))
print([kernel.py_func.__name__ for kernel in KERNELS if kernel.stats.cache_misses])
print([name for name in ("numba.np.arraymath", "numba.np.linalg") if name in sys.modules])
"""


@pytest.mark.usefixtures("_compiled")
def test_no_store_has_a_signature_of_its_own(home: Home) -> None:
    """Mapped, read and decompressed payloads all are what was compiled ahead."""
    recipes = [
        ("lmdb", "jpeg", "none"),
        ("disk", "jpeg", "none"),
        ("lmdb", "png", "none"),
        ("hdf5", "raw", "none"),
        ("lmdb", "raw", "zstd"),
    ]
    paths = []
    for format, encoding, compression in recipes:
        options = {"size": 32} if encoding == "raw" else {}
        paths.append(finish(Build("shapes", format, encoding, compression, options).run())["store"])
    command = [sys.executable, "-c", LOADS, *paths]
    done = subprocess.run(command, cwd=REPOSITORY, env=BACKGROUND, capture_output=True, text=True, check=True)
    loaded, missed, slow = done.stdout.splitlines()
    assert int(loaded) >= 5  # those that Python calls
    assert missed == "[]"
    assert slow == "[]", "a kernel uses an array method for which numba imports SciPy, 0.2 s of each first batch"


def test_the_cache_knows_every_source_of_a_kernel() -> None:
    """What modules with kernels import from beside them is part of the folder's name."""
    known, seen = set(kernel_sources()), 0
    for path in sorted(FOLDER.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not re.search(r"native import .*\b(kernel|inlined)\b|^from numba", text, re.MULTILINE):
            continue
        seen += 1
        assert path in known, f"{path} holds kernels: add it to kernel_cache.SOURCES"
        for imported in _beside(path, ast.parse(text)):
            assert imported in known or imported.name == "kernel_cache.py", f"{path.name} is made of {imported}"
    assert seen > 10


def _beside(path: Path, tree: ast.Module) -> list[Path]:
    """The modules of `core.loading` that a module imports."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            found += [base.with_suffix(".py"), *(base / f"{alias.name}.py" for alias in node.names)]
    return [file for file in found if file.is_file() and file.is_relative_to(FOLDER)]


def test_kinds_are_told_from_the_pixels_that_kernels_take() -> None:
    assert LEAST_PIXELS == PIECE


# ---------------------------------------------------------------- a loader that waits for its kernels


class Compiling:
    """In place of the process that compiles: what it has done so far, and whether it runs."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.state = Compiled()
        self.running = True
        self.begun: list[str] = []
        self.stopped: list[tuple[str, ...]] = []
        patch.setenv(VARIABLE, "background")
        for module in (awaited, compiling):
            patch.setattr(module, "compiled", lambda: self.state)
            patch.setattr(module, "runs", lambda: self.running)
            patch.setattr(module, "compile_ahead", self.begin)
        patch.setattr(compiling, "stop", lambda: self.stopped.append(self.state.sets))
        patch.setattr(awaited, "INTERVAL", 0.0)

    def begin(self, *first: str) -> None:
        self.begun += first


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> Compiling:
    return Compiling(monkeypatch)


@pytest.mark.parametrize("workers", ["inline", "threads:2", "auto"])
@pytest.mark.parametrize("encoding", ["jpeg", "raw"])
def test_a_loader_changes_to_the_kernels_between_two_batches(kernels: Compiling, workers: str, encoding: str) -> None:
    store = memory_store([SIZE] * 42, encoding)
    with make_loader(store, batch_size=4, output="uint8", workers=workers, prefetch=2) as loader:
        order = np.concatenate([spec.indices for spec in loader.sampler.specs(0)])
        given: list[Any] = []
        for number, (images, labels) in enumerate(loader):
            if number == 2:
                assert kernels.begun == [f"{encoding}/whole"]
                assert "until the kernels are compiled" in loader.workers.reason
                assert "normalise" in loader.stages
                kernels.state = Compiled((f"{encoding}/whole",))
            given += zip(images.numpy().copy(), labels.tolist(), strict=True)
        assert "until" not in loader.workers.reason
        assert any("+normalise" in stage for stage in loader.stages)
        assert [label for _, label in given] == store.labels[order].tolist()
        for (pixels, _), index in zip(given, order, strict=True):
            assert np.array_equal(pixels.transpose(1, 2, 0), store.pixels(index))


def test_what_is_compiled_is_used_at_once(kernels: Compiling) -> None:
    kernels.state = Compiled(("jpeg/whole",))
    for transform, waits in (("none", False), ("train224", True)):
        loader = make_loader(memory_store([SIZE] * 4, "jpeg"), batch_size=4, transform=transform, workers=0)
        assert ("until the kernels" in loader.workers.reason) == waits


def test_a_store_without_kernels_waits_for_none(kernels: Compiling) -> None:
    loader = make_loader(memory_store([(3, 3)] * 4), batch_size=4, workers=0)
    assert loader.workers.reason == "as asked for"
    assert not kernels.begun


def test_a_loader_goes_on_where_nothing_was_compiled(kernels: Compiling) -> None:
    store = memory_store([SIZE] * 8, "jpeg")
    loader = make_loader(store, batch_size=4, workers=0)
    kernels.running = False
    assert sum(len(labels) for _, labels in loader) == 8
    assert loader.workers.reason == "the stages do the work: the kernels could not be compiled"


# ---------------------------------------------------------------- whoever measures waits


def test_a_measurement_waits_and_says_how_far_it_is(kernels: Compiling, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = iter([Compiled((), 10, 4, 100.0, 108.0), Compiled(SETS, 10, 10, 100.0, 120.0)])
    monkeypatch.setattr(compiling.time, "sleep", lambda _: setattr(kernels, "state", next(steps)))
    events = list(ready_kernels())
    assert isinstance(events[0], Message)
    assert [event.done for event in events if isinstance(event, Progress)] == [0, 4]
    assert list(ready_kernels()) == []
    assert os.environ[VARIABLE] == "background"


def test_a_load_waits_for_its_own_kernels_alone(kernels: Compiling, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is compiled beside it."""
    store = memory_store([SIZE] * 4, "jpeg")
    wanted = sets_for_load(store, "train224", fast=True, stage_limits=True)
    assert wanted == ("jpeg/views", "raw/views", "gather")
    steps = iter([Compiled(wanted[:1], 10, 4), Compiled((*wanted, "jpeg/whole"), 10, 7)])
    monkeypatch.setattr(compiling.time, "sleep", lambda _: setattr(kernels, "state", next(steps)))
    assert [event.done for event in ready_kernels(wanted) if isinstance(event, Progress)] == [0, 4]
    assert kernels.begun == list(wanted)
    assert kernels.stopped == [(*wanted, "jpeg/whole")]
    assert sets_for_load(store, "none", fast=True, stage_limits=False) == ("jpeg/whole",)
    assert sets_for_load(store, "none", fast=False, stage_limits=False) == ()
    assert sets_for_load(memory_store([(3, 3)] * 4), "none", fast=True, stage_limits=False) == ()


def test_where_nothing_can_be_compiled_ahead_it_is_compiled_when_needed(kernels: Compiling) -> None:
    kernels.running, kernels.state = False, Compiled(trouble="OSError: no space")
    _, last = ready_kernels()
    assert isinstance(last, Message)
    assert last.level == "warning"
    assert "no space" in last.text
    assert os.environ[VARIABLE] == "wait"
    assert make_loader(memory_store([SIZE] * 4), workers=0).workers.reason == "as asked for"


def test_the_rest_is_estimated_from_what_is_done() -> None:
    assert left_s(Compiled((), 10, 1, 100.0, 101.0)) is None
    state = Compiled((), 10, 5, 0.0, 20.0)
    assert left_s(state) == 1.0  # long ago: any moment


# ---------------------------------------------------------------- one process


def test_a_process_is_started_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started: list[tuple[Any, ...]] = []
    monkeypatch.setattr(compiling, "start_module", lambda *given, **options: started.append(given) or _Running())
    monkeypatch.setattr(compiling, "compiled", Compiled)
    monkeypatch.setattr(compiling, "cache_folder", lambda: tmp_path / "cache")
    CompilingProcess().start()
    assert started == []  # tests wait
    monkeypatch.setenv(VARIABLE, "background")
    process = CompilingProcess()
    process.start("raw/views")
    process.start("raw/views")
    assert started == [(".loading.compile_kernels", "raw/views")]
    assert process.runs()
    monkeypatch.setattr(compiling, "end", lambda _: None)
    monkeypatch.setattr(compiling.os, "killpg", lambda *_: None)
    process.stop()
    process.start()
    assert len(started) == 2, "what was stopped may go on"
    monkeypatch.setattr(compiling, "compiled", lambda: Compiled(SETS))
    CompilingProcess().start()
    assert len(started) == 2


class _Running:
    """A process, which ends with `status` where that is set."""

    pid = 1
    status: int | None = None

    def poll(self) -> int | None:
        return self.status


def test_what_another_process_has_started_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A server that has ended leaves its process; the next one must not measure beside it."""
    environment = {**BACKGROUND, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "core.loading.compile_kernels"]
    monkeypatch.setattr(compiling, "record", lambda: next(iter((tmp_path / "cache").glob("*.compiled.json"))))
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment, start_new_session=True) as other:
        while not list((tmp_path / "cache").glob("*.compiled.json")):  # it notes how far it is
            assert other.poll() is None
            time.sleep(0.05)
        sharing = psutil.Process(other.pid).children()
        CompilingProcess().stop()
        assert other.wait(20) == STOPPED
        assert not psutil.wait_procs(sharing, 20)[1], "the second process, which shares the work, goes on"
        assert not CompilingProcess().runs()
    assert not compiling.asked_to_stop(time.time()), "what begins later may go on"


def test_who_was_asked_to_stop_may_begin_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started: list[_Running] = []
    monkeypatch.setattr(compiling, "start_module", lambda *_, **__: started.append(_Running()) or started[-1])
    monkeypatch.setattr(compiling, "compiled", Compiled)
    monkeypatch.setattr(compiling, "cache_folder", lambda: tmp_path)
    monkeypatch.setenv(VARIABLE, "background")
    process = CompilingProcess()
    for status, processes in ((None, 1), (1, 1), (STOPPED, 2)):
        process.start()
        started[-1].status = status
        process.start()
        assert len(started) == processes


def test_a_folder_that_cannot_be_made_ends_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(VARIABLE, "background")
    monkeypatch.setattr(compiling, "compiled", Compiled)
    monkeypatch.setattr(compiling, "cache_folder", lambda: tmp_path / "file" / "cache")
    monkeypatch.setattr(compiling, "record", lambda: tmp_path / "file" / "cache" / "compiled.json")
    process = CompilingProcess()
    process.start()
    assert not process.runs()


def test_only_one_process_compiles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, "background")
    monkeypatch.setattr(compile_kernels, "compiled", Compiled)
    monkeypatch.setattr(compile_kernels, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(compiling, "record", lambda: tmp_path / "compiled.json")
    monkeypatch.setattr(compile_kernels, "Compilation", lambda _: pytest.fail("a second one compiles"))
    with compiling.lock():
        assert CompilingProcess().runs()
        compile_kernels.main([])
    assert not CompilingProcess().runs()


def test_two_processes_compile_different_kinds() -> None:
    own, others = compile_kernels.divided(SETS, ["png/whole", "jpeg/views", "gather"])
    assert own[0] == "png/whole"
    assert others[:2] == ["jpeg/views", "gather"]
    assert sorted([*own, *others]) == sorted(SETS)
    assert not {name.partition("/")[0] for name in own} & {name.partition("/")[0] for name in others}


def test_what_the_second_process_leaves_is_compiled_by_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be started, or dies: nothing is missing in the end."""
    made: list[str] = []
    monkeypatch.setattr(compile_kernels, "compiled", Compiled)
    monkeypatch.setattr(compile_kernels, "usable_cpus", lambda: 2)
    monkeypatch.setattr(compile_kernels, "compile_set", made.append)
    monkeypatch.setattr(compile_kernels, "start_module", _cannot_start)
    monkeypatch.setattr(Compiled, "write", lambda _: None)
    compile_kernels.Compilation([]).run()
    assert sorted(made) == sorted(SETS)


def _cannot_start(*_: Any, **__: Any) -> None:
    raise OSError("no more processes")


def test_a_kind_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "later")
    with pytest.raises(InputError, match="later"):
        compiling.in_background()


@pytest.mark.parametrize("told", [b"", b"[]", b'{"sets": 5}', b'{"kernels": "many", "done": 1, "began": 0, "at": 0}'])
def test_a_record_that_cannot_be_read_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: bytes) -> None:
    path = tmp_path / "compiled.json"
    path.write_bytes(told)
    monkeypatch.setattr("core.loading.kernel_cache.record", lambda: path)
    assert compiled() == Compiled()


def test_every_kind_can_be_made_small() -> None:
    for kind in KINDS.values():
        assert len(compile_kernels.FewImages.encoded(kind.encoding)) == 2
