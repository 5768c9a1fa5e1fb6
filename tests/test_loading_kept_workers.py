"""The workers that are chosen once per store and machine, and kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from loading_fixtures import memory_store

from core.base.events import finish
from core.base.home import Home
from core.loading import kept_workers, workers
from core.loading.kept_workers import KeptWorkers, kept_for
from core.loading.normalise import Normalise
from core.loading.pipeline import StagedPipeline, staged
from core.loading.task import Load
from core.loading.workers import Workers, choose_workers
from core.stores.store import Store, list_stores, open_store
from core.training.task import Train

SURE = Workers("threads", 2, "2 threads did 1.9 x the work of one")
LATER = Workers("inline", 0, "measured later")
WORK = {"store": "/somewhere", "batch_size": 64}


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_workers, "_today", lambda: "2026-11-26")


def choose(given: Workers, work: Any = WORK, count: int = 2, pipeline: str = "Raw", *, again: bool = False) -> Workers:
    return KeptWorkers(work, again).choose(count, pipeline, lambda: given)


def the_file() -> Path:
    [file] = kept_workers.folder().iterdir()
    return file


def test_a_choice_is_kept_and_says_since_when(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose(SURE) == SURE
    monkeypatch.setattr(kept_workers, "_today", lambda: "2027-01-01")
    kept = choose(LATER)
    assert str(kept) == "2 threads"
    assert kept.reason == "kept from 2026-11-26: 2 threads did 1.9 x the work of one"


def test_other_work_is_chosen_for_anew() -> None:
    choose(SURE)
    assert choose(LATER, WORK | {"batch_size": 65}) == LATER
    assert choose(LATER, count=3) == LATER
    assert choose(LATER, pipeline="Staged") == LATER
    assert choose(LATER, None) == LATER
    assert len(list(kept_workers.folder().iterdir())) == 4


def test_measuring_again_replaces_what_is_kept() -> None:
    choose(SURE)
    assert choose(LATER, again=True) == LATER
    assert choose(SURE).kind == "inline"


def test_a_disturbed_choice_is_kept_for_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    choose(replace(SURE, disturbed=True))
    assert choose(LATER).reason.startswith("kept from 2026-11-26")
    monkeypatch.setattr(kept_workers, "_today", lambda: "2026-11-27")
    assert choose(LATER) == LATER


@pytest.mark.parametrize(
    "change",
    [
        {"workers": "threads:3"},
        {"workers": "2"},
        {"workers": "auto"},
        {"workers": ["threads:2"]},
        {"chosen": "yesterday"},
        {"reason": "two\nlines"},
        {"reason": "long" * 200},
        {"work": {}},
    ],
)
def test_a_file_that_says_something_else_is_replaced(change: dict[str, Any]) -> None:
    choose(SURE)
    the_file().write_text(json.dumps(json.loads(the_file().read_text()) | change))
    assert choose(LATER) == LATER
    assert choose(SURE).kind == "inline"


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b"\xff", b"x" * 20_000])
def test_a_damaged_file_is_replaced(data: bytes) -> None:
    choose(SURE)
    the_file().write_bytes(data)
    assert choose(LATER) == LATER
    assert choose(SURE).kind == "inline"


def test_of_two_that_measure_at_once_the_first_is_kept() -> None:
    def slowly() -> Workers:
        choose(SURE)
        return LATER

    assert KeptWorkers(WORK).choose(2, "Raw", slowly).kind == "threads"


def test_where_nothing_can_be_written_it_is_measured_each_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(kept_workers, "folder", lambda: tmp_path / "file" / "below")
    assert choose(SURE) == SURE
    assert choose(LATER) == LATER


def test_the_oldest_files_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_workers, "MOST_FILES", 3)
    for size in range(5):
        choose(SURE, WORK | {"batch_size": size})
    assert len(list(kept_workers.folder().iterdir())) == 3


def test_a_store_is_known_by_its_place_and_its_build(furnished: Home) -> None:
    store = a_store(furnished)
    work = work_of(store)
    assert work["store"] == str(store.path.resolve())
    rebuilt = Store(store.path, store.split, replace(store.manifest, checksum="another"))
    assert work_of(rebuilt) != work
    assert work_of(store, "uint8") != work
    memory = memory_store([(8, 8)])
    assert kept_for(memory, stages(memory), 8, "auto").work is None


def a_store(home: Home) -> Store:
    return open_store(next(info.path for info in list_stores(home) if info.name == "hdf5/raw"))


def stages(store: Any, output: str = "float32") -> StagedPipeline:
    return staged(store, "none", 0, Normalise(output))


def work_of(store: Store, output: str = "float32") -> Any:
    return kept_for(store, stages(store, output), 8, "auto").work


@pytest.fixture
def choices(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Each look at the workers says something else than the one before; how many there were."""
    looks: list[int] = []

    def look(*_: Any, **__: Any) -> Workers:
        looks.append(len(looks))
        return Workers("threads", len(looks) + 1, f"look {len(looks)}", disturbed=True)

    monkeypatch.setattr("core.loading.loaders.fast.engine.choose_workers", look)
    monkeypatch.setattr("core.loading.loaders.fast.engine.usable_cpus", lambda: 9)
    return looks


def test_a_second_load_has_the_workers_of_the_first(furnished: Home, choices: list[int]) -> None:
    def load(workers: str) -> tuple[str, str]:
        settings = {"batch_size": 8, "seconds": 0.01, "compare": False, "stage_limits": False}
        told = finish(Load(str(a_store(furnished).path), workers=workers, **settings).run())
        return told["workers"], told["workers_reason"]

    assert load("auto") == ("2 threads", "look 1")
    assert load("auto") == ("2 threads", "kept from 2026-11-26: look 1")
    assert load("measure") == ("3 threads", "look 2")
    assert load("auto") == ("3 threads", "kept from 2026-11-26: look 2")
    assert len(choices) == 2


def test_orders_of_a_store_are_trained_with_the_same_workers(
    furnished: Home, choices: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.ceiling.SECONDS", 0.0)
    settings = {"batch_size": 16, "epochs": 1, "threads": 1, "limit": 32, "workers": "measure"}
    told = finish(Train([str(a_store(furnished).path)], ["shuffled", "blocks"], **settings).run())
    assert [(row["workers"], row["workers_reason"]) for row in told["epochs"]] == [("2 threads", "look 1")] * 2
    assert len(choices) == 1


@pytest.mark.parametrize(
    ("native", "gains", "share", "cpus", "rounds", "disturbed"),
    [
        (False, [1.8, 1.8], 0.9, 1.0, 2, False),
        (False, [1.1, 1.8, 1.9], 0.9, 1.0, 3, False),
        (False, [1.1, 1.8, 1.1, 1.8], 0.9, 1.0, 4, True),
        (False, [1.8] * 4, 0.5, 1.0, 4, True),
        (True, [1.8, 1.8], 0.9, 1.8, 2, False),
        (True, [0.5] * 4, 0.9, 1.0, 4, True),
    ],
    ids=["agree", "agree later", "never agree", "alone beside others", "native", "native, together beside others"],
)
def test_rounds_are_measured_until_they_agree_undisturbed(
    monkeypatch: pytest.MonkeyPatch,
    native: bool,
    gains: list[float],
    share: float,
    cpus: float,
    rounds: int,
    disturbed: bool,
) -> None:
    """A thread alone takes 1 s a batch and has `share` of a CPU, two together have `cpus`."""
    left = iter(gains)
    clock = iter([time for number in range(len(gains)) for time in (number, number + share)])
    monkeypatch.setattr(workers, "_enough", lambda *_: (8, 1))
    monkeypatch.setattr(workers, "thread_time", lambda: next(clock))
    monkeypatch.setattr(workers, "_alone", lambda *_: 1.0)
    monkeypatch.setattr(workers, "_together", lambda *_: (1 / next(left), cpus))
    monkeypatch.setattr(workers, "cpu_quota", lambda: None)
    told = choose_workers(lambda _: None, 1000, 8, 2, native=native)
    assert len(gains) - len(list(left)) == rounds
    assert told.disturbed is disturbed
    assert ("measured while other work" in told.reason) is disturbed


def test_one_hold_up_does_not_make_a_batch_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of a few images is Python's work: threads would seem to hinder."""
    held_up = iter([0.02])
    monkeypatch.setattr(workers, "_alone", lambda _, size, __: next(held_up, 0.0) + 4e-5 * size)
    assert workers._enough(lambda _: None, 256) == (128, 1)
