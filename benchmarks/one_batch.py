"""An epoch of one batch: several threads against one, in turns.

    python -m benchmarks.one_batch STORE [--batch-size 4096] [--transform none] [--threads 2] [--rounds 15]

Epochs hold the first samples of the store, one batch of them. Told are milliseconds per epoch, the best and the median
of the rounds, from asking to having the batch; processor time per image; and how many times as fast the threads are.
"""

from __future__ import annotations

import argparse
import os
import statistics
from dataclasses import replace
from time import perf_counter, process_time

from core.loading.loader import Loader
from core.stores.store import open_store


def epoch(loader: Loader) -> tuple[float, float]:
    """Seconds, and seconds of all threads, for the one batch of the next epoch."""
    begun, begun_cpu = perf_counter(), process_time()
    (batch,) = loader
    del batch
    return perf_counter() - begun, process_time() - begun_cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("--batch-size", type=int, default=4096)
    parser.add_argument("--transform", default="none")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    store = open_store(given.store)
    loaders = {}
    for count in (1, given.threads):
        loader = store.loader(
            batch_size=given.batch_size, transform=given.transform, workers=f"threads:{count}", verify="never"
        )
        loader.sampler = replace(loader.sampler, samples=min(given.batch_size, len(store)))
        loaders[count] = loader
    times: dict[int, list[tuple[float, float]]] = {count: [] for count in loaders}
    for turn in range(given.rounds + 2):
        for count, loader in loaders.items():
            taken = epoch(loader)
            if turn >= 2:  # the first ones compile, and write to new memory
                times[count].append(taken)
    print("| threads | best ms | median ms | processor µs per image |\n|---|---|---|---|")
    for count, found in times.items():
        wall, busy = zip(*found, strict=True)
        each = 1e6 * min(busy) / loaders[count].sampler.samples
        print(f"| {count} | {1000 * min(wall):.2f} | {1000 * statistics.median(wall):.2f} | {each:.2f} |")
    best = [min(taken for taken, _ in times[count]) for count in loaders]
    middle = [statistics.median(taken for taken, _ in times[count]) for count in loaders]
    load = os.getloadavg()[0]
    print(f"\n{best[0] / best[1]:.2f} x (best), {middle[0] / middle[1]:.2f} x (median); load {load:.1f}")


if __name__ == "__main__":
    main()
