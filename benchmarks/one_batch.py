"""An epoch of one batch: several threads against one, in turns.

    python -m benchmarks.one_batch STORE [--batch-size 4096] [--transform none] [--threads 2] [--rounds 15]

Epochs hold the first samples of the store, one batch of them. Told are milliseconds per epoch, from asking to having
the batch; those that the busiest thread was on a processor, which is what the epoch takes where nothing else runs
(Linux); and processor time per image.
"""

from __future__ import annotations

import argparse
import os
import statistics
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple

from core.loading.compiling import compile_now
from core.loading.loader import Loader
from core.stores.store import open_store


class Epoch(NamedTuple):
    """Seconds: from begin to end, of the busiest thread, of all threads together."""

    wall: float
    busiest: float
    all_threads: float


def processor_seconds() -> dict[str, float]:
    """Of each thread of this process, as the kernel counts them."""
    return {
        path.parent.name: int(path.read_text().split()[0]) / 1e9 for path in Path("/proc/self/task").glob("*/schedstat")
    }


def epoch(loader: Loader) -> Epoch:
    """The one batch of the next epoch."""
    before, begun, begun_cpu = processor_seconds(), perf_counter(), process_time()
    (batch,) = loader
    del batch
    wall, all_threads = perf_counter() - begun, process_time() - begun_cpu
    busiest = max(spent - before.get(thread, 0.0) for thread, spent in processor_seconds().items())
    return Epoch(wall, busiest, all_threads)


def measured(given: argparse.Namespace) -> dict[int, list[Epoch]]:
    """Epochs by number of threads."""
    store = open_store(given.store)
    found: dict[int, list[Epoch]] = {1: [], given.threads: []}
    loaders = {}
    for count in found:
        loader = store.loader(
            batch_size=given.batch_size, transform=given.transform, workers=f"threads:{count}", verify="never"
        )
        loader.sampler = replace(loader.sampler, samples=min(given.batch_size, len(store)))
        loaders[count] = loader
    for turn in range(given.rounds + 2):
        for count, loader in loaders.items():
            taken = epoch(loader)
            if turn >= 2:  # the first ones compile, and write to new memory
                found[count].append(taken)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("--batch-size", type=int, default=4096)
    parser.add_argument("--transform", default="none")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    compile_now()
    found = measured(given)
    print(
        "| threads | best ms | median ms | busiest thread, median ms | processor µs per image |\n|---|---|---|---|---|"
    )
    for count, epochs in found.items():
        wall, busiest, all_threads = zip(*epochs, strict=True)
        each = 1e6 * statistics.median(all_threads) / given.batch_size
        best, middle, busy = (
            1000 * value for value in (min(wall), statistics.median(wall), statistics.median(busiest))
        )
        print(f"| {count} | {best:.2f} | {middle:.2f} | {busy:.2f} | {each:.2f} |")
    one, several = found.values()
    gains = [
        statistics.median(getattr(epoch, field) for epoch in one)
        / statistics.median(getattr(epoch, field) for epoch in several)
        for field in ("wall", "busiest")
    ]
    print(f"\n{gains[0]:.2f} x as fast, {gains[1]:.2f} x by the busiest thread; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
