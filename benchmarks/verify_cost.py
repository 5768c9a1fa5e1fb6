"""What it costs a loader to compare payloads with their checksums: `verify` never, sampled and always, interleaved.

    python -m benchmarks.verify_cost STORE... [--rounds 7] [--epochs 4] [--transform train224 --batch-size 64]

In each round every way gets a new loader (for "sampled" checks each sample once, in a loader's first epochs) and takes
a turn of some epochs, in the consumer's thread. Told are processor seconds as ratios to "never" of the same round: of
the first epoch, and of all; medians and quartiles.
"""

from __future__ import annotations

import argparse
import statistics
from time import process_time

from core.loading import compile_now
from core.loading.integrity import VERIFY
from core.stores.store import Store, open_store


def turn(store: Store, verify: str, given: argparse.Namespace) -> list[float]:
    """Processor seconds of each epoch of a new loader."""
    loader = store.loader(
        batch_size=given.batch_size, workers=0, output=given.output, transform=given.transform, verify=verify
    )
    times = []
    for _ in range(given.epochs):
        begun = process_time()
        for _batch in loader:
            pass
        times.append(process_time() - begun)
    return times


def ratios(ways: dict[str, list[float]], verify: str) -> str:
    """Median and quartiles of the ratio to "never"."""
    low, middle, high = statistics.quantiles(
        [one / other for one, other in zip(ways[verify], ways["never"], strict=True)], n=4
    )
    return f"{middle:.3f} ({low:.3f} - {high:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", nargs="+")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--output", default="float32")
    parser.add_argument("--transform", default="none")
    given = parser.parse_args()
    compile_now()
    print("| store | images/s, never | verify | first epoch | all epochs |\n|---|---|---|---|---|")
    for path in given.stores:
        store = open_store(path)
        turn(store, "never", given)  # what is compiled or read for the first time is no part of it
        firsts: dict[str, list[float]] = {verify: [] for verify in VERIFY}
        totals: dict[str, list[float]] = {verify: [] for verify in VERIFY}
        for number in range(given.rounds):
            for verify in VERIFY if number % 2 else reversed(VERIFY):
                times = turn(store, verify, given)
                firsts[verify].append(times[0])
                totals[verify].append(sum(times))
        rate = given.epochs * len(store) / statistics.median(totals["never"])
        for verify in ("sampled", "always"):
            print(
                f"| {path} | {rate:,.0f} | {verify} | {ratios(firsts, verify)} | {ratios(totals, verify)} |", flush=True
            )


if __name__ == "__main__":
    main()
