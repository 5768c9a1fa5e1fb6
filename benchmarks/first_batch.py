"""How long a training script waits for its first batch: each time in a process of its own, compiled kernels at hand.

    python -m benchmarks.first_batch STORE... [--transform T] [--batch-size N] [--rounds N]

The clock runs from `open_store` to the first batch: opening, importing and starting the compiler, loading what it
compiled before, choosing the workers, the batch itself. PyTorch is imported before, as a training script does anyway.
The stores take turns; the first round is left out (it compiles where that was never done).
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys, time
import torch
begin = time.perf_counter()
from core import open_store
loader = open_store(sys.argv[1]).loader(batch_size=int(sys.argv[2]), transform=sys.argv[3])
for images, labels in loader:
    print(time.perf_counter() - begin)
    break
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", nargs="+")
    parser.add_argument("--transform", default="none")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    seconds: dict[str, list[float]] = {store: [] for store in given.stores}
    for turn in range(given.rounds + 1):
        for store, found in seconds.items():
            taken = first_batch(store, given.batch_size, given.transform)
            if turn:
                found.append(taken)
    print("| store | first batch, s | lowest - highest |")
    print("|---|---|---|")
    for store, found in seconds.items():
        name = "/".join(store.split("/")[-2:])
        print(f"| {name} | {statistics.median(found):.2f} | {min(found):.2f} - {max(found):.2f} |")


def first_batch(store: str, batch_size: int, transform: str) -> float:
    """Seconds, as the process itself says."""
    command = [sys.executable, "-c", SCRIPT, store, str(batch_size), transform]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent)
    return float(done.stdout)


if __name__ == "__main__":
    main()
