"""One batch among several threads: where it is cut, and that nobody can tell from its contents."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.base.errors import WorkError
from core.loading import slices
from core.loading.batch_sampler import BatchSpec
from core.loading.collate import BufferPool
from core.loading.loader import make_loader
from core.loading.loaders.fast.engine import fastest
from core.loading.normalise import Normalise
from core.loading.pipeline import staged
from core.loading.slices import LARGE, LEAST, SlicedBatch, parts_of
from tests.loading_fixtures import memory_store

SIZE = (40, 50)
WORKERS = ["threads:3", "processes:2"]


@pytest.mark.parametrize(
    ("size", "idle", "parts"),
    [
        (LEAST - 1, 4, 1),
        (2 * LEAST, 4, 2),
        (LARGE - 1, 1, 1),
        (LARGE - 1, 4, 4),
        (LARGE, 1, 4),
    ],
)
def test_a_batch_is_cut_by_its_size_and_by_who_has_nothing_to_do(size: int, idle: int, parts: int) -> None:
    assert parts_of(size, idle, threads=4) == parts


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_cuts_do_not_show(encoding: str, channels_last: bool) -> None:
    store = memory_store([SIZE] * 7, encoding)
    pipeline = fastest(store, staged(store, "train224", 5, Normalise()))
    pool = BufferPool((7, 224, 224), np.float32, keep=2, channels_last=channels_last)
    spec = BatchSpec(2, 0, np.array([6, 0, 3, 3, 1, 5, 2]))
    whole = pool.take(7)
    pipeline.fill(spec, whole)
    batch = SlicedBatch(spec, 3, pool, pipeline.fill)
    for part in (2, 0, 1):
        batch.do(part)
    made = batch.made()
    assert np.array_equal(made.images, whole)
    assert made.spec is spec
    assert sum(made.laps.values()) > 0


def test_there_are_no_more_parts_than_samples() -> None:
    pool = BufferPool((3, 4, 4), np.uint8, keep=1)
    batch = SlicedBatch(BatchSpec(0, 0, np.arange(2)), 5, pool, lambda spec, out: {"decode": float(len(out))})
    assert batch.parts == 2
    for part in range(2):
        batch.do(part)
    assert batch.made().laps == {"decode": 2.0}


@pytest.mark.parametrize("workers", WORKERS)
def test_a_cut_batch_holds_what_a_whole_one_holds(workers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = memory_store([SIZE] * 30, "png")
    whole = list(make_loader(store, batch_size=30, workers=0))
    monkeypatch.setattr(slices, "LEAST", 1)
    with make_loader(store, batch_size=30, workers=workers, prefetch=1) as loader:
        cut = list(loader)
    for images, wanted in zip(cut[0], whole[0], strict=True):
        assert torch.equal(images, wanted)


@pytest.mark.parametrize("workers", WORKERS)
def test_a_broken_sample_of_a_cut_batch_is_named(workers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = memory_store([SIZE] * 12, "png")
    store.reader.payloads[7] = store.reader.payloads[7][:60]
    monkeypatch.setattr(slices, "LEAST", 1)
    with (
        pytest.raises(WorkError, match=r"^sample 7 of memory/train cannot be decoded: broken image"),
        make_loader(store, batch_size=12, workers=workers) as loader,
    ):
        list(loader)
