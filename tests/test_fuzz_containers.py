"""Some of the cases that `benchmarks.fuzz_containers` makes by the thousand."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from benchmarks import fuzz_containers
from benchmarks.container_edits import spoil
from benchmarks.fuzz_containers import LAYOUTS, ROUTES, Outcome, build_all, faults_of, truth_of, walked

SEEDS = range(len(LAYOUTS), 2 * len(LAYOUTS))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return build_all(tmp_path_factory.mktemp("fuzz"))


def spoiled(stores: list[Path], seed: int, folder: Path) -> tuple[Path, Path]:
    """(the whole store, its spoiled copy)."""
    import shutil

    store = stores[seed % len(stores)]
    copy = folder / f"case{seed}"
    shutil.copytree(store, copy)
    spoil(copy, store.parent.name, random.Random(seed))
    return store, copy


def test_damage_is_told_and_nothing_else(whole: list[Path], tmp_path: Path) -> None:
    """In this process, without the loaders for batches: there are others who test them."""
    told = 0
    for seed in SEEDS:
        store, copy = spoiled(whole, seed, tmp_path)
        outcome = Outcome()
        for route in ROUTES:
            if route not in ("fast", "torch"):
                outcome.ended[route], outcome.said[route] = walked(copy, route, truth_of(store), "")
        assert not faults_of(outcome), (seed, outcome)
        told += "told" in outcome.ended.values()
    assert told > len(SEEDS) // 2


def test_a_process_that_dies_or_hangs_is_an_outcome(
    whole: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz_containers, "SECONDS", 1.0)
    one = {"disk/original": next(store for store in whole if store.parent.name == "disk")}
    reader = fuzz_containers.Reader(one, "")
    try:
        sound = reader.ask(one["disk/original"], "disk/original")
        assert sound.ended == dict.fromkeys(ROUTES, "right")
        reader.stop()  # as a library that goes round in circles: it answers nothing
        halted = reader.ask(one["disk/original"], "disk/original")
        assert list(halted.ended.values()) == ["more than 1 s"]
        assert faults_of(halted)
    finally:
        reader.close()


def test_what_nobody_notices_is_a_fault() -> None:
    assert faults_of(Outcome({"store": "silent", "verify": "right"}))
    assert not faults_of(Outcome({"store": "silent", "verify": "told"}))
    assert faults_of(Outcome({"fast": "raw KeyError"}))
    assert not fuzz_containers.same((np.zeros(3), 1), (np.ones(3), 1))
    assert not fuzz_containers.same((np.zeros(3), 1), (np.zeros(3), 2))
