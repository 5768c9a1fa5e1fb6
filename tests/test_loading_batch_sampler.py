"""The batch sampler: every sample once an epoch, reproducible, shared out among ranks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import InputError
from core.loading import block_shuffle
from core.loading.batch_sampler import BatchSampler, shuffle_quality
from core.loading.block_shuffle import BLOCKS, WINDOW, BlockPlan, block_windows


def everything(sampler: BatchSampler, epoch: int = 0) -> np.ndarray:
    return np.concatenate([spec.indices for spec in sampler.specs(epoch)])


@pytest.mark.parametrize("shuffle", [True, "blocks", "shards"])
def test_epochs_differ_and_the_seed_repeats_them(shuffle: bool | str) -> None:
    shards = {"shard_starts": np.arange(0, 5001, 100), "window": 1000}
    sampler, again, other = (BatchSampler(5000, 64, shuffle, seed=seed, **shards) for seed in (7, 7, 8))
    assert not np.array_equal(everything(sampler, 0), everything(sampler, 1))
    assert np.array_equal(everything(sampler, 1), everything(again, 1))
    assert not np.array_equal(everything(sampler, 0), everything(other, 0))


def test_drop_last_gives_every_rank_the_same_number_of_full_batches() -> None:
    samplers = [BatchSampler(103, 10, True, 0, True, rank, 2) for rank in range(2)]
    assert [[len(spec.indices) for spec in sampler.specs(0)] for sampler in samplers] == [[10] * 5] * 2
    assert [len(sampler) for sampler in samplers] == [5, 5]


def test_length_is_the_number_of_batches() -> None:
    assert len(BatchSampler(10, 3)) == 4
    assert [len(spec.indices) for spec in BatchSampler(10, 3).specs(0)] == [3, 3, 3, 1]


@given(samples=st.integers(1, 2000), seed=st.integers(0, 99))
def test_a_block_shuffle_reads_every_block_in_one_window(samples: int, seed: int) -> None:
    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(block_shuffle, "WINDOW", 64)
        smaller.setattr(block_shuffle, "BLOCKS", 8)
        plan, windows = BlockPlan.of(samples), block_windows(samples, np.random.default_rng(seed))
    assert np.array_equal(np.sort(np.concatenate(windows)), np.arange(samples))
    assert len(windows) == plan.windows
    assert max(map(len, windows)) <= plan.strata * plan.block <= 64
    runs = sum(np.count_nonzero(np.diff(np.sort(window)) > 1) + 1 for window in windows)
    assert runs <= plan.blocks + 1  # one block lies at the store's end and at its beginning


def test_epochs_cut_their_blocks_elsewhere() -> None:
    samples = 2 * WINDOW
    orders = [everything(BatchSampler(samples, 64, "blocks", seed=1), epoch) for epoch in (0, 1)]
    sides = [np.isin(np.arange(samples), order[:WINDOW]) for order in orders]
    edges = [set((np.flatnonzero(np.diff(side)) % BlockPlan.of(samples).block).tolist()) for side in sides]
    assert len(edges[0]) == len(edges[1]) == 1
    assert edges[0] != edges[1]


@pytest.mark.parametrize("batch_size", [64, 256])
@pytest.mark.parametrize(
    "counts",
    [[5000] * 10, [50_000] * 2, [30_000, 10_000, 5000, 2000, 1000, 1000, 500, 500], [200] * 10, [100] * 1000],
    ids=["cifar-10", "two classes", "unbalanced", "small", "1,000 classes"],
)
def test_a_block_shuffle_mixes_what_is_sorted_by_class(counts: list[int], batch_size: int) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    sampler = BatchSampler(len(labels), batch_size, "blocks", seed=4)
    qualities = [shuffle_quality(labels, [spec.indices for spec in sampler.specs(epoch)]) for epoch in range(2)]
    assert min(qualities) >= 0.98


def test_a_sampler_says_its_order() -> None:
    def said(samples: int, shuffle: bool | str) -> str:
        return BatchSampler(samples, 64, shuffle).order_text

    assert said(1_300_000, "blocks") == "shuffled within windows of 32,512 samples (2,032 blocks of 16)"
    assert said(50_000, "blocks") == "shuffled within windows of 25,012 samples (1,924 blocks of 13)"
    assert said(WINDOW, "blocks") == "a random order of all samples (one window holds them)"
    assert (said(9, True), said(9, False)) == ("a random order of all samples", "the store's order")
    assert BlockPlan.of(10**9).strata <= BLOCKS


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"batch_size": 0}, "at least one sample"),
        ({"shuffle": "some"}, "choose True, False"),
        ({"rank": 2, "world_size": 2}, "ranks count from 0"),
        ({"seed": -1}, "seed of 0 or more"),
        ({"last": "fill"}, "choose one of pad, drop, uneven"),
        ({"last": "pad", "drop_last": True}, "leave out drop_last"),
        ({"window": 0}, "at least one sample"),
        ({"groups": 2}, "groups=2: 1, or with shuffle"),
        ({"shuffle": "shards", "shard_starts": [0, 5, 11]}, "ascending from 0, and 10 at last"),
        ({"shuffle": "shards", "shard_starts": [0, 7, 5, 10]}, "ascending from 0"),
        ({"shuffle": "shards", "shard_starts": [0.0, 10.0]}, "first sample of each shard"),
    ],
)
def test_nonsense_is_refused(change: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        BatchSampler(**{"samples": 10, "batch_size": 2, **change})


def test_shuffle_quality_tells_sorted_from_shuffled() -> None:
    labels = np.repeat(np.arange(10), 1000)
    full = [spec.indices for spec in BatchSampler(10000, 100, True, 5).specs(0)]
    none = [spec.indices for spec in BatchSampler(10000, 100, False).specs(0)]
    assert shuffle_quality(labels, full) == pytest.approx(1.0, abs=0.02)
    assert shuffle_quality(labels, none) == 0.0


def test_shuffle_quality_of_one_class_is_perfect() -> None:
    assert shuffle_quality(np.zeros(10, np.int64), [np.arange(5), np.arange(5, 10)]) == 1.0
