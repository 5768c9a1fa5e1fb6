"""What an output costs: a store loaded as float32, float16, bfloat16 and uint8, epoch by epoch in turns.

    python -m benchmarks.outputs STORE [--batch-size N] [--workers W] [--rounds N]

The least time of an epoch and the least processor time, each in microseconds per image: what else runs on the machine
only ever adds to them.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from time import perf_counter, process_time

from core.loading.loader import make_loader
from core.loading.normalise import OUTPUTS
from core.stores.store import open_store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--workers", default="threads:2")
    parser.add_argument("--rounds", type=int, default=25)
    given = parser.parse_args()
    least: dict[str, tuple[float, float]] = {}
    with ExitStack() as opened:
        store = open_store(given.store)
        loaders = {
            output: opened.enter_context(
                make_loader(store, batch_size=given.batch_size, workers=given.workers, output=output, verify="never")
            )
            for output in OUTPUTS
        }
        for _ in range(given.rounds):
            for output, loader in loaders.items():
                begun, used = perf_counter(), process_time()
                samples = sum(len(labels) for _, labels in loader)
                times = (perf_counter() - begun) / samples, (process_time() - used) / samples
                before = least.get(output, times)
                least[output] = min(before[0], times[0]), min(before[1], times[1])
    print("| output | images/s | us of time per image | us of processor time per image |")
    print("|---|---|---|---|")
    for output, (time, processor) in least.items():
        print(f"| {output} | {1 / time:,.0f} | {1e6 * time:.3f} | {1e6 * processor:.3f} |")


if __name__ == "__main__":
    main()
