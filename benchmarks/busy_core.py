"""Raw pixels with a core busy with other work: this loader against itself in another checkout, in turns.

    python -m benchmarks.busy_core STORE... --against CHECKOUT [--busy 1] [--workers threads:2] [--rounds 5]

Each turn is a process of its own that loads whole shuffled epochs, two of them before the clock starts. Told are
medians over the rounds: microseconds per image, from begin to end and of processors, of each checkout, and both ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.other_work import OtherWork

HERE = Path(__file__).parent.parent

SCRIPT = """
import json, sys
from statistics import median
from time import perf_counter, process_time
from core import open_store
path, workers, batch_size, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
store = open_store(path)
times = []
with store.loader(batch_size=batch_size, workers=workers) as loader:
    for epoch in range(epochs + 2):
        begun, begun_cpu, count = perf_counter(), process_time(), 0
        for images, labels in loader:
            count += len(labels)
        if epoch >= 2:
            times.append(((perf_counter() - begun) / count, (process_time() - begun_cpu) / count))
print(json.dumps([median(wall for wall, _ in times), median(cpu for _, cpu in times)]))
"""


def turn(checkout: Path, store: str, given: argparse.Namespace) -> tuple[float, float]:
    """Seconds per image: from begin to end, and of processors; the medians of some epochs."""
    command = [sys.executable, "-c", SCRIPT, store, given.workers, str(given.batch_size), str(given.epochs)]
    environment = os.environ | {"FORMAT_MATTERS_KERNELS": "wait"}
    ended = subprocess.run(command, cwd=checkout, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    wall, busy = json.loads(ended.stdout)
    return wall, busy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", nargs="+")
    parser.add_argument("--against", type=Path, required=True)
    parser.add_argument("--busy", type=int, default=1)
    parser.add_argument("--workers", default="threads:2")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=8)
    given = parser.parse_args()
    print("| store | before, µs | now, µs | ratio | before, processor µs | now, processor µs | ratio |")
    print("|---|---|---|---|---|---|---|")
    with OtherWork(given.busy) as other:
        for store in (str(Path(path).absolute()) for path in given.stores):
            found: dict[Path, list[tuple[float, float]]] = {given.against: [], HERE: []}
            for number in range(given.rounds):
                for checkout in found if number % 2 else reversed(found):
                    with other.going():
                        found[checkout].append(turn(checkout, store, given))
            columns = []
            for field in (0, 1):
                before, now = (1e6 * statistics.median(times[field] for times in found[key]) for key in found)
                columns += [f"{before:.2f}", f"{now:.2f}", f"{now / before:.2f}"]
            print(f"| {store} | {' | '.join(columns)} |", flush=True)
    print(f"\nload {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
