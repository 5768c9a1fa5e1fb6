"""How well does the shard shuffle mix a store that holds one class after the other, and what is open for it at a time?

    python -m benchmarks.shard_shuffle [--seeds 3]

Label sets sorted by class, cut into shards, in batches of 64 and 256: the shuffle quality (1: like a full shuffle, 0:
like the sort) of the first epoch, mean over seeds; the shards that a first batch needs; and the CPU time of an order.
"""

from __future__ import annotations

import argparse
import statistics
from time import process_time

import numpy as np

from benchmarks.block_shuffle import qualities
from core.loading.batch_sampler import Indices
from core.loading.shard_shuffle import ShardPlan, shard_order

CASES = {
    "CIFAR-10: 10 classes x 5,000": ([5000] * 10, ((1000, 10_000), (1000, 32_768), (5000, 32_768))),
    "2 classes x 50,000": ([50_000] * 2, ((500, 32_768),)),
    "ImageNet: 1,000 classes x 1,300": ([1300] * 1000, ((100, 32_768), (600, 20_000), (600, 32_768), (5000, 32_768))),
}
"""Labels -> samples of each class, and (samples of a shard, samples of a window at most)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    print("| labels, sorted | shard | window | batches of 64 | of 256 | shards of a first batch | order |")
    print("|---|---|---|---|---|---|---|")
    for name, (counts, cuts) in CASES.items():
        labels = np.repeat(np.arange(len(counts)), counts)
        for shard, window in cuts:
            print(f"| {name} | {told(labels, shard, window, given.seeds)} |", flush=True)


def told(labels: Indices, shard: int, window: int, seeds: int) -> str:
    """The cells of one row."""
    starts = np.append(np.arange(0, len(labels), shard), len(labels))

    def order(samples: int, random: np.random.Generator) -> Indices:
        return shard_order(starts, window, random)

    small, large = (statistics.mean(qualities(labels, size, order, seeds)) for size in (64, 256))
    begun = process_time()
    first = shard_order(starts, window, np.random.default_rng((0, 0)))[:256] // shard
    spent = process_time() - begun
    plan = ShardPlan.of(starts, window)
    return (
        f"{shard:,} | {plan.window:,} ({plan.together} of {plan.shards:,} shards) | {small:.2f} | {large:.2f} | "
        f"{len(np.unique(first))} | {spent * 1e3:.0f} ms"
    )


if __name__ == "__main__":
    main()
