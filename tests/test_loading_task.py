"""`Load`: the figures it ends with, live samples, honesty, the page cache."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.base.errors import InputError, WorkError
from core.base.events import Message, Result, Sample
from core.loading import block_shuffle, cache, task
from core.loading.cache import prepare_cache, resident_share
from core.loading.check import check_loader
from core.loading.consumer import Consumer
from core.loading.loader import Loader, make_loader
from core.loading.normalise import Normalise
from core.loading.task import Load
from core.loading.transfer import Batch
from tests.loading_fixtures import MemoryStore, memory_store


class OpenedStore(MemoryStore):
    def close(self) -> None: ...


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenedStore:
    """What `open_store` finds at `tmp_path`."""
    made = memory_store([(8, 8)] * 40)
    store = OpenedStore(made.reader, made.encoding, made.compression, tmp_path)
    (tmp_path / "train.bin").write_bytes(b"x" * 10_000)
    monkeypatch.setattr(task, "open_store", lambda *_: store)
    return store


@pytest.mark.parametrize("loader", ["fast", "torch", "naive"])
@pytest.mark.parametrize("state", ["warm", "cold"])
def test_the_result_has_every_figure(stored: OpenedStore, loader: str, state: str) -> None:
    events = list(Load(str(stored.path), batch_size=8, loader=loader, workers="0", seconds=0.05, cache=state).run())
    result = events[-1]
    assert isinstance(result, Result)
    told = result.data
    assert told["samples"] > 0
    assert told["samples_per_s"] == pytest.approx(told["samples"] / told["seconds"])
    assert told["first_batch_s"] > 0
    assert all(rate > 0 for rate in told["epochs"])
    assert list(told["ceilings"])[:3] == ["read", "collate", "memory"]
    assert all(rate > 0 for rate in told["ceilings"].values())
    assert told["cache"] in (state, "uncontrolled")
    assert told["checked"] > 16
    assert 0 <= told["shuffle_quality"] <= 1
    assert told["workers"] == "inline"
    assert "fetch" in told["stages"] or loader != "fast"
    assert told["loader"] == loader


def test_compiling_is_announced(stored: OpenedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    said = Message("compiling")
    monkeypatch.setattr(task, "ready_kernels", lambda wanted: iter([said]))
    assert next(Load(str(stored.path)).run()) is said


def test_a_cold_run_is_one_epoch(stored: OpenedStore) -> None:
    told = list(Load(str(stored.path), batch_size=8, workers="0", cache="cold", seconds=60).run())[-1].data
    assert told["samples"] == 32  # 40 without the first batch
    assert len(told["epochs"]) == 1


def test_the_result_says_the_order(stored: OpenedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_shuffle, "WINDOW", 16)
    monkeypatch.setattr(block_shuffle, "BLOCKS", 4)
    run = {"batch_size": 8, "workers": "0", "seconds": 0.01, "stage_limits": False}
    told = [list(Load(str(stored.path), order=order, **run).run())[-1].data for order in ("shuffled", "blocks")]
    assert [result["order_text"] for result in told] == [
        "a random order of all samples",
        "shuffled within windows of 16 samples (4 blocks of 4)",
    ]


def test_a_store_of_one_batch_has_figures(stored: OpenedStore) -> None:
    told = list(Load(str(stored.path), batch_size=64, cache="cold").run())[-1].data
    assert told["samples"] == 40
    assert told["samples_per_s"] > 0


def test_live_figures_come_while_it_runs(stored: OpenedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task, "INTERVAL", 0.01)
    samples = [event for event in Load(str(stored.path), seconds=0.2).run() if isinstance(event, Sample)]
    assert len(samples) >= 3
    assert {sample.series for sample in samples} == {"throughput"}
    assert all(set(sample.values) == {"samples_per_s", "samples", "seconds"} for sample in samples)
    counts = [sample.values["samples"] for sample in samples]
    assert counts == sorted(counts)


def test_closing_it_ends_the_loading(stored: OpenedStore) -> None:
    events = Load(str(stored.path), seconds=3600).run()
    while not isinstance(next(events), Sample):
        pass
    events.close()
    assert not any(isinstance(thread, Consumer) for thread in threading.enumerate())


def test_bad_settings_are_sentences(stored: OpenedStore) -> None:
    for wrong, words in [({"seconds": 0}, "more than 0"), ({"cache": "tepid"}, "tepid"), ({"loader": "x"}, "unknown"),
                         ({"order": "class-sorted"}, "shuffled, blocks")]:  # fmt: skip
        with pytest.raises(InputError, match=words):
            list(Load(str(stored.path), **wrong).run())


def test_a_broken_store_fails_the_load(stored: OpenedStore) -> None:
    stored.reader.payloads[:] = [payload[:-1] for payload in stored.reader.payloads]
    with pytest.raises(WorkError, match=r"^sample \d+ of .* cannot be decoded"):
        list(Load(str(stored.path)).run())


class Cheat:
    """A transfer that spoils what passes."""

    host_output = "float32"

    def __init__(self, how: Any) -> None:
        self.how = how

    def __call__(self, batches: Any) -> Any:
        return (Batch(*self.how(images.clone(), labels.clone())) for images, labels in batches)


def _one_wrong_pixel(images: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    images[0, 0, 0, 0] += 0.02  # about one step of 255
    return images, labels


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (lambda images, labels: (images, labels + 1), "labels"),
        (lambda images, labels: (images.flip(0), labels), "does not have the pixels"),
        (_one_wrong_pixel, "does not have the pixels"),
    ],
)
def test_fast_and_wrong_is_found_before_it_is_timed(how: Any, words: str) -> None:
    store = memory_store([(8, 8)] * 40)
    honest = make_loader(store, batch_size=8, workers=0)
    assert check_loader(store, honest, "none", 0, Normalise()) == 16
    with pytest.raises(WorkError, match=words):
        check_loader(store, Loader(honest.sampler, honest._engine, Cheat(how)), "none", 0, Normalise())


def test_a_wrong_crop_is_found() -> None:
    store = memory_store([(300, 400)] * 8)
    loader = make_loader(store, batch_size=4, transform="eval224", workers=0)
    with pytest.raises(WorkError, match="less than 40 dB"):
        check_loader(store, loader, "train224", 0, Normalise())


def test_a_short_epoch_is_an_error() -> None:
    loader = make_loader(memory_store([(8, 8)] * 40), batch_size=8, workers=0)
    loader._transfer = lambda batches: list(batches)[:-1]  # type: ignore[assignment]

    @contextmanager
    def opened() -> Any:
        yield loader

    consumer = Consumer(opened, seconds=10)
    consumer.start()
    with pytest.raises(WorkError, match="an epoch had 32 samples where 40 belong"):
        consumer.finish()


def test_cold_and_warm_are_confirmed_by_looking(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_bytes(np.random.default_rng(0).bytes(1 << 20))
    if resident_share(file) is None:
        pytest.skip("this system does not tell what is in the page cache")
    assert prepare_cache(tmp_path, "warm") == "warm"
    assert resident_share(tmp_path) == 1.0
    cold = prepare_cache(tmp_path, "cold")
    assert (cold == "cold") == (resident_share(tmp_path) == 0.0)


def test_a_map_that_only_a_cycle_holds_does_not_keep_pages_warm(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_bytes(np.random.default_rng(0).bytes(1 << 20))
    if prepare_cache(tmp_path, "cold") != "cold":
        pytest.skip("this system cannot make its page cache cold")
    cycle: list[object] = [memory := np.memmap(file, np.uint8, "r")]
    cycle.append(cycle)
    assert memory.sum() > 0
    del memory, cycle
    assert prepare_cache(tmp_path, "cold") == "cold"


def test_a_cache_that_cannot_be_looked_at_is_uncontrolled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").write_bytes(b"x")
    monkeypatch.setattr(cache, "resident_share", lambda path: None)
    assert prepare_cache(tmp_path, "cold") == "uncontrolled"
