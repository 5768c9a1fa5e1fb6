"""Ranks: one global order whatever their number, every sample once, stopped in the middle and gone on with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.loading import block_shuffle
from core.loading.batch_sampler import LASTS, BatchSampler, shuffle_quality
from core.loading.shard_shuffle import ShardPlan, check_starts, shard_order


def samplers_of(world_size: int, samples: int, batch_size: int, **settings: Any) -> list[BatchSampler]:
    return [
        BatchSampler(samples, batch_size, rank=rank, world_size=world_size, **settings) for rank in range(world_size)
    ]


def steps_of(samplers: list[BatchSampler], epoch: int, position: int = 0) -> list[np.ndarray]:
    """What all ranks are handed in each step, by position: of each rank one sample in turn."""
    assert sorted(sampler.place for sampler in samplers) == list(range(len(samplers)))
    samplers = sorted(samplers, key=lambda sampler: sampler.place)
    every = [list(sampler.specs(epoch, position)) for sampler in samplers]
    assert [len(specs) for specs in every] == [sampler.steps(position) for sampler in samplers]
    steps = []
    for number in range(max(map(len, every))):
        given = [specs[number].indices for specs in every if number < len(specs)]
        turns = range(max(map(len, given)))
        steps.append(np.array([one[turn] for turn in turns for one in given if turn < len(one)]))
    return steps


@st.composite
def stores(draw: st.DrawFn) -> dict[str, Any]:
    """Samples in shards, some of them empty, and an order of them."""
    sizes = draw(st.lists(st.integers(0, 60), min_size=1, max_size=12).filter(any))
    shuffle = draw(st.sampled_from([True, False, "blocks", "shards", "shards"]))
    return {
        "samples": sum(sizes),
        "shard_starts": np.cumsum([0, *sizes]),
        "window": draw(st.integers(1, 200)),
        "groups": draw(st.integers(1, 4)) if shuffle == "shards" else 1,
        "shuffle": shuffle,
        "seed": draw(st.integers(0, 99)),
    }


@settings(max_examples=100, deadline=None)
@given(
    store=stores(),
    ranks=st.integers(1, 8),
    later=st.integers(1, 8),
    batch_size=st.integers(1, 20),
    other=st.integers(0, 20),
    last=st.sampled_from(LASTS),
    stopped=st.floats(0, 1),
)
def test_ranks_stop_and_others_go_on_with_the_same_order(
    store: dict[str, Any], ranks: int, later: int, batch_size: int, other: int, last: str, stopped: float
) -> None:
    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(block_shuffle, "WINDOW", 64)
        smaller.setattr(block_shuffle, "BLOCKS", 8)
        before = samplers_of(ranks, batch_size=batch_size, last=last, **store)
        after = samplers_of(later, batch_size=other or -(-batch_size * ranks // later), last=last, **store)
        order, whole = before[0].global_order(3), steps_of(before, 3)
        at = int(stopped * len(whole))
        position = min(at * before[0].global_batch, len(order))
        rest = steps_of(after, 3, position) if not after[0].is_over(position) else []
        whole_after = steps_of(after, 3)
        assert all(np.array_equal(one.global_order(3), order) for one in after)

    assert np.array_equal(np.sort(order), np.arange(len(order)))
    handed = np.concatenate([*whole, order[:0]])
    assert len(handed) == len(order) + before[0].padded - before[0].dropped
    assert np.array_equal(handed[: len(order)], order[: len(handed)])
    both = np.concatenate([order[:0], *whole[:at], *rest])[: len(order)]
    assert np.array_equal(both, order[: len(both)])
    assert len(both) == len(order) or last == "drop"
    if after[0].global_batch == before[0].global_batch:
        kept = slice(at, None if last == "drop" else -1)  # the last step may be padded otherwise
        assert all(map(np.array_equal, rest[slice(0, kept.stop)], whole_after[kept]))


@given(samples=st.integers(1, 500), ranks=st.integers(1, 9), batch_size=st.integers(1, 40))
def test_all_ranks_take_as_many_steps_with_as_many_samples(samples: int, ranks: int, batch_size: int) -> None:
    for last in ("pad", "drop"):
        sizes = [
            [len(spec.indices) for spec in one.specs(0)] for one in samplers_of(ranks, samples, batch_size, last=last)
        ]
        assert all(one == sizes[0] for one in sizes)
    shares = [one.share for one in samplers_of(ranks, samples, batch_size, last="uneven")]
    assert (sum(shares), max(shares) - min(shares) <= 1) == (samples, True)
    (alone,) = samplers_of(1, samples, batch_size)
    assert (alone.padded, alone.dropped, alone.share) == (0, 0, samples)


def test_fewer_shards_than_ranks_and_workers_hang_nobody() -> None:
    ranks = samplers_of(4, 31, 4, shuffle="shards", shard_starts=np.array([0, 11, 13, 31]), window=1)
    assert [len(one) for one in ranks] == [2] * 4
    handed = np.concatenate(steps_of(ranks, 0))
    assert np.array_equal(np.sort(handed[:31]), np.arange(31))
    assert (len(handed), handed[31]) == (32, handed[0])
    assert ranks[0].order_text.endswith("; 1 sample handed out twice, so that 4 ranks have as many")


@given(
    sizes=st.lists(st.integers(0, 300), min_size=1, max_size=60).filter(any),
    window=st.integers(1, 4000),
    groups=st.integers(1, 5),
)
def test_a_window_bounds_the_shards_that_are_open_at_a_time(sizes: list[int], window: int, groups: int) -> None:
    starts = np.cumsum([0, *sizes])
    plan, order = ShardPlan.of(starts, window, groups), shard_order(starts, window, np.random.default_rng(1), groups)
    assert np.array_equal(np.sort(order), np.arange(starts[-1]))
    assert plan.window <= max(window, 4 * max(sizes))
    shared = 0
    for group in range(groups):
        mine, opened = order[group::groups], np.zeros(len(order) + 1, np.int64)
        shard_of = np.searchsorted(starts, mine, "right") - 1
        for shard in np.unique(shard_of):
            moments = np.flatnonzero(shard_of == shard)
            opened[moments[0]] += len(moments)
            opened[moments[-1] + 1] -= len(moments)
        assert np.cumsum(opened).max() <= plan.window
        shared += len(np.unique(shard_of))
    assert shared - np.count_nonzero(sizes) < groups


@pytest.mark.parametrize("position", [0, 480])
def test_a_group_of_neighbouring_ranks_has_shards_of_its_own(position: int) -> None:
    starts = np.arange(0, 6001, 100)
    ranks = samplers_of(4, 6000, 12, shuffle="shards", shard_starts=starts, window=500, groups=2)
    assert [one.place for one in ranks] == [0, 2, 1, 3]
    first, second = (
        {index // 100 for one in pair for index in one.order(0, position).tolist()} for pair in (ranks[:2], ranks[2:])
    )
    assert len(first & second) <= 1
    assert len(first | second) == 60 if position == 0 else 40 < len(first | second) <= 60
    assert ranks[0].order_text.endswith("(about 5 shards), one for each of 2 groups of ranks")
    assert [one.place for one in samplers_of(3, 6000, 12, shuffle="shards", groups=2)] == [0, 1, 2]


def test_shards_in_the_order_of_their_turns_are_from_all_over_the_store() -> None:
    labels = np.repeat(np.arange(10), 5000)
    for per_shard, least in ((1000, 0.75), (250, 0.9)):
        starts = check_starts(np.arange(0, 50_001, per_shard), 50_000)
        sampler = BatchSampler(50_000, 256, "shards", 4, shard_starts=starts, window=12_000)
        assert shuffle_quality(labels, [spec.indices for spec in sampler.specs(0)]) > least
    assert sampler.order_text == (
        "200 shards in random order, shuffled within a moving window of 12,000 samples (about 48 shards)"
    )


def test_endings_are_told() -> None:
    def said(**settings: Any) -> str:
        return BatchSampler(103, 10, False, world_size=2, **settings).order_text

    assert said() == "the store's order; 1 sample handed out twice, so that 2 ranks have as many"
    assert (
        said(last="drop")
        == said(drop_last=True)
        == "the store's order; 3 samples left out, so that all batches are full"
    )
    assert said(last="uneven") == "the store's order; some of the 2 ranks have a sample more than others"
    assert BatchSampler(103, 10, False).order_text == "the store's order"
