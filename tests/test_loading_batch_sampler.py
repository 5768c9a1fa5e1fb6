"""The batch sampler: every sample once an epoch, reproducible, shared out among ranks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import InputError
from core.loading.batch_sampler import BLOCK, BatchSampler, shuffle_quality


def everything(sampler: BatchSampler, epoch: int = 0) -> np.ndarray:
    return np.concatenate([spec.indices for spec in sampler.specs(epoch)])


@given(
    samples=st.integers(1, 9000),
    batch_size=st.integers(1, 700),
    shuffle=st.sampled_from([True, False, "blocks"]),
    world_size=st.integers(1, 5),
)
def test_ranks_together_read_every_sample_once(
    samples: int, batch_size: int, shuffle: bool | str, world_size: int
) -> None:
    samplers = [BatchSampler(samples, batch_size, shuffle, 3, False, rank, world_size) for rank in range(world_size)]
    shares = [everything(sampler) for sampler in samplers if len(sampler)]
    assert np.array_equal(np.sort(np.concatenate(shares)), np.arange(samples))
    assert max(sampler.share for sampler in samplers) - min(sampler.share for sampler in samplers) <= 1


@pytest.mark.parametrize("shuffle", [True, "blocks"])
def test_epochs_differ_and_the_seed_repeats_them(shuffle: bool | str) -> None:
    sampler, again = BatchSampler(5000, 64, shuffle, seed=7), BatchSampler(5000, 64, shuffle, seed=7)
    assert not np.array_equal(everything(sampler, 0), everything(sampler, 1))
    assert np.array_equal(everything(sampler, 1), everything(again, 1))
    assert not np.array_equal(everything(sampler, 0), everything(BatchSampler(5000, 64, shuffle, seed=8), 0))


def test_drop_last_gives_every_rank_the_same_number_of_full_batches() -> None:
    samplers = [BatchSampler(103, 10, True, 0, True, rank, 2) for rank in range(2)]
    assert [[len(spec.indices) for spec in sampler.specs(0)] for sampler in samplers] == [[10] * 5] * 2
    assert [len(sampler) for sampler in samplers] == [5, 5]


def test_length_is_the_number_of_batches() -> None:
    assert len(BatchSampler(10, 3)) == 4
    assert [len(spec.indices) for spec in BatchSampler(10, 3).specs(0)] == [3, 3, 3, 1]


def test_blocks_keep_neighbours_near() -> None:
    order = everything(BatchSampler(BLOCK * 64, 64, "blocks", seed=1))
    blocks_a_window = [len(np.unique(window // BLOCK)) for window in np.split(order, 4)]
    assert blocks_a_window == [16] * 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"batch_size": 0}, "at least one sample"),
        ({"shuffle": "some"}, "choose True, False"),
        ({"rank": 2, "world_size": 2}, "ranks count from 0"),
        ({"seed": -1}, "seed of 0 or more"),
    ],
)
def test_nonsense_is_refused(change: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        BatchSampler(**{"samples": 10, "batch_size": 2, **change})


def test_shuffle_quality_tells_sorted_from_shuffled() -> None:
    labels = np.repeat(np.arange(10), 1000)
    full = [spec.indices for spec in BatchSampler(10000, 100, True, 5).specs(0)]
    none = [spec.indices for spec in BatchSampler(10000, 100, False).specs(0)]
    blocks = [spec.indices for spec in BatchSampler(10000, 100, "blocks", 5).specs(0)]
    assert shuffle_quality(labels, full) == pytest.approx(1.0, abs=0.02)
    assert shuffle_quality(labels, none) == 0.0
    assert 0.5 < shuffle_quality(labels, blocks) < 0.99


def test_shuffle_quality_of_one_class_is_perfect() -> None:
    assert shuffle_quality(np.zeros(10, np.int64), [np.arange(5), np.arange(5, 10)]) == 1.0
