"""Loaders that cheat: each is caught before it can score."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.base.checksums import of_bytes
from core.base.errors import WorkError
from core.loading import task
from core.loading.batch_sampler import BatchSampler, BatchSpec
from core.loading.check import check_loader
from core.loading.loader import Loader, make_loader
from core.loading.normalise import Normalise
from core.loading.task import Load
from core.loading.transfer import Batch
from tests.loading_fixtures import MemoryStore, memory_store

Spoil = Callable[[Iterator[Batch]], Iterator[Batch]]


class OpenedStore(MemoryStore):
    def close(self) -> None: ...


class Spoiled:
    """A transfer that hands on something else than what came."""

    host_output = "float32"

    def __init__(self, how: Spoil) -> None:
        self.how = how

    def __call__(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        yield from self.how(batches)


def drops_a_sample(batches: Iterator[Batch]) -> Iterator[Batch]:
    for number, (images, labels) in enumerate(batches):
        short = len(labels) - (number == 3)
        yield Batch(images[:short], labels[:short])


def drops_a_batch(batches: Iterator[Batch]) -> Iterator[Batch]:
    for number, batch in enumerate(batches):
        if number != 3:
            yield batch


def sorts_by_class(batches: Iterator[Batch]) -> Iterator[Batch]:
    everything = list(batches)
    images, labels = (torch.cat([batch[part] for batch in everything]) for part in (0, 1))
    order = torch.argsort(labels, stable=True)
    for few in order.split(len(everything[0].labels)):
        yield Batch(images[few], labels[few])


def repeats_cached_pixels(batches: Iterator[Batch]) -> Iterator[Batch]:
    kept: list[torch.Tensor] = []
    for number, (images, labels) in enumerate(batches):
        if number < 2:
            kept.append(images.clone())
        yield Batch(images if number < 2 else kept[number % 2][: len(labels)], labels)


CHEATS = [
    (drops_a_sample, r"batch 3 of epoch 0 has 7 samples where 8 belong|an epoch had 119 samples where 120"),
    (drops_a_batch, r"does not carry the labels|an epoch had"),
    (sorts_by_class, r"does not carry the labels"),
    (repeats_cached_pixels, r"does not have the pixels"),
]


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenedStore:
    """What `open_store` finds at `tmp_path`: 120 samples of 10 classes."""
    made = memory_store([(8, 8)] * 120)
    store = OpenedStore(made.reader, made.encoding, made.compression, tmp_path)
    (tmp_path / "train.bin").write_bytes(b"x")
    monkeypatch.setattr(task, "open_store", lambda *_: store)
    return store


def let_it_cheat(monkeypatch: pytest.MonkeyPatch, how: Spoil) -> None:
    """From now on every loader of `Load` is spoiled."""

    def made(*arguments: Any, **settings: Any) -> Loader:
        honest = make_loader(*arguments, **settings)
        return Loader(honest.sampler, honest._engine, Spoiled(how))

    monkeypatch.setattr("core.loading.loader.make_loader", made)


@pytest.mark.parametrize(("how", "words"), CHEATS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_cheat_ends_without_a_figure(
    how: Spoil, words: str, stored: OpenedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them behave in the two batches that are compared before the clock starts, or are caught there."""
    let_it_cheat(monkeypatch, how)
    events = Load(str(stored.path), batch_size=8, workers="0", loader="torch", seconds=0.3).run()
    with pytest.raises(WorkError, match=words):
        list(events)


def test_the_same_load_without_the_cheat_scores(stored: OpenedStore) -> None:
    told = list(Load(str(stored.path), batch_size=8, workers="0", loader="torch", seconds=0.1).run())[-1].data
    assert told["samples_per_s"] > 0
    assert told["checked"] > 16, "what was handed out while the clock ran is compared as well"


def test_a_repeat_is_looked_at_too(stored: OpenedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    let_it_cheat(monkeypatch, repeats_cached_pixels)
    again = Load(
        str(stored.path), batch_size=8, workers="0", loader="torch", seconds=0.3, compare=False, stage_limits=False
    )
    with pytest.raises(WorkError, match="does not have the pixels"):
        list(again.run())


class SortedSampler(BatchSampler):
    """One class after the other."""

    def specs(self, epoch: int) -> Iterator[BatchSpec]:
        order = np.argsort(np.arange(self.samples) % 10, kind="stable")
        for number in range(len(self)):
            yield BatchSpec(epoch, number, order[number * self.batch_size : (number + 1) * self.batch_size])


def test_a_plan_that_sorts_by_class_is_caught() -> None:
    store = memory_store([(8, 8)] * 120)
    loader = make_loader(store, batch_size=8, workers=0)
    loader.sampler = SortedSampler(120, 8)
    with pytest.raises(WorkError, match="do not mix the classes"):
        check_loader(store, loader, "none", 0, Normalise())


def test_a_plan_in_the_order_of_the_store_is_left_alone_where_it_was_asked_for() -> None:
    made = memory_store([(8, 8)] * 40)
    made.reader.labels = np.sort(made.reader.labels)
    loader = make_loader(made, batch_size=8, workers=0, shuffle=False)
    assert check_loader(made, loader, "none", 0, Normalise()) == 16


def test_a_plan_that_drops_a_sample_is_caught() -> None:
    store = memory_store([(8, 8)] * 40)
    loader = make_loader(store, batch_size=8, workers=0)

    class Short(BatchSampler):
        def order(self, epoch: int, position: int = 0) -> np.ndarray:
            return np.r_[BatchSampler.order(self, epoch, position)[:-1], 0]

    loader.sampler = Short(40, 8)
    with pytest.raises(WorkError, match="different ones belong"):
        check_loader(store, loader, "none", 0, Normalise())


def test_a_store_that_is_not_what_was_built_is_caught(tmp_path: Path) -> None:
    made = memory_store([(8, 8)] * 16)
    store = MemoryStore(made.reader, made.encoding, made.compression, tmp_path)
    sums = np.array([of_bytes(payload) for payload in made.reader.payloads], "<u8")
    sums.tofile(tmp_path / "train.checksums")
    loader = make_loader(store, batch_size=8, workers=0)
    assert check_loader(store, loader, "none", 0, Normalise()) == 16
    sums[0] += 1
    sums.tofile(tmp_path / "train.checksums")
    with pytest.raises(WorkError, match="sample 0 of the store is not what was built"):
        check_loader(store, loader, "none", 0, Normalise())
