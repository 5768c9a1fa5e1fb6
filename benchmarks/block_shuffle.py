"""How well does the block shuffle mix a store that holds one class after the other?

    python -m benchmarks.block_shuffle [--seeds 3]

Label sets sorted by class, in batches of 64, 256 and 1,024: the shuffle quality (1: like a full shuffle, 0: like the
sort) of the first epoch, mean over seeds and the worst one. Beside it that of windows as large whose blocks are drawn
from anywhere, not one from each stratum.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from time import process_time

import numpy as np

from core.loading.batch_sampler import Indices, shuffle_quality
from core.loading.block_shuffle import BlockPlan, block_order

SETS = {
    "CIFAR-10: 10 classes x 5,000": [5000] * 10,
    "2 classes x 50,000": [50_000] * 2,
    "unbalanced: 30,000 down to 200": [30_000, 10_000, 5000, 2000, 1000, 500, 500, 500, 300, 200],
    "2,000 samples: 10 classes x 200": [200] * 10,
    "just more than a window: 10 x 3,300": [3300] * 10,
    "Tiny ImageNet: 200 classes x 500": [500] * 200,
    "1,000 classes x 100": [100] * 1000,
    "ImageNet: 1,000 classes x 1,300": [1300] * 1000,
    "5,000 classes x 100": [100] * 5000,
}
BATCH_SIZES = (64, 256, 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    print("| labels, sorted | batch size | quality, mean | worst | blocks from anywhere, mean |\n|---|---|---|---|---|")
    for name, counts in SETS.items():
        labels = np.repeat(np.arange(len(counts)), counts)
        for size in BATCH_SIZES:
            ours = qualities(labels, size, block_order, given.seeds)
            anywhere = qualities(labels, size, drawn_anywhere, given.seeds)
            told = f"{statistics.mean(ours):.3f} | {min(ours):.3f} | {statistics.mean(anywhere):.3f}"
            print(f"| {name} | {size:,} | {told} |", flush=True)
        print(f"{name}: {BlockPlan.of(len(labels))}, {seconds(len(labels)) * 1e3:.1f} ms of CPU per epoch", flush=True)


def qualities(
    labels: Indices, size: int, order: Callable[[int, np.random.Generator], Indices], seeds: int
) -> list[float]:
    """The shuffle quality of one epoch, for each seed."""
    orders = [order(len(labels), np.random.default_rng((seed, 0))) for seed in range(seeds)]
    return [shuffle_quality(labels, [one[at : at + size] for at in range(0, len(one), size)]) for one in orders]


def drawn_anywhere(samples: int, random: np.random.Generator) -> Indices:
    """Blocks in random order, shuffled within windows of as many: every sample once, int64 (samples,)."""
    plan = BlockPlan.of(samples)
    blocks = random.permutation(plan.blocks)
    order = (blocks[:, None] * plan.block + np.arange(plan.block)).ravel()
    order = order[order < samples]
    for first in range(0, samples, plan.strata * plan.block):
        random.shuffle(order[first : first + plan.strata * plan.block])
    return order


def seconds(samples: int) -> float:
    """Processor time of making one epoch's order, the least of five."""
    times = []
    for seed in range(5):
        began = process_time()
        block_order(samples, np.random.default_rng(seed))
        times.append(process_time() - began)
    return min(times)


if __name__ == "__main__":
    main()
