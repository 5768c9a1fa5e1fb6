"""What the monitor costs: its share of a core, and what it takes from work beside it.

    python -m benchmarks.monitor [--rounds N]

The share is the processor time of the monitor's own thread by its time on the clock, over 6 s, with no, 4 and 16
children of 200 MB each. For the rest one thread of Python, which shares the interpreter lock with the monitor, counts
how often it can sum up 10,000 numbers in a second, in turns with the monitor and without it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from core.measure.monitor import Monitor, read_monitor
from core.measure.statistics import ratio, summarise

SECONDS, TURN = 6.0, 1.0
CHILD = "import sys\nheld = b'x' * 200_000_000\nprint(flush=True)\nsys.stdin.read()\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "monitor.csv"
        print("| processes | share of a core, median row | with its start, over 6 s |\n|---|---|---|")
        for count in (0, 4, 16):
            with children(count), Monitor(path) as monitor:
                time.sleep(SECONDS)
            shares = [row["monitor_pct"] or 0.0 for row in read_monitor(path)]
            print(f"| {count + 1} | {summarise(shares).median:.2f}% | {monitor.cost():.2%} |")
        beside, alone = effect(path, rounds)
    found = ratio(beside, alone)
    print(f"\nPython beside it keeps {found.value:.4f} of its pace (95% interval {found.low:.4f} to {found.high:.4f}).")
    paces = [f"{summarise(values).median:,.0f}" for values in (beside, alone)]
    print(f"Medians of {rounds} turns: {paces[0]} and {paces[1]} sums a second.")


@contextmanager
def children(count: int) -> Iterator[None]:
    """So many processes of 200 MB, ready."""
    started = [
        subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(count)
    ]
    try:
        for child in started:
            assert child.stdout
            child.stdout.readline()
        yield
    finally:
        for child in started:
            child.kill()
            child.communicate()


def effect(path: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Sums a second with the monitor and without, a value for each turn; who begins alternates."""
    found: dict[bool, list[float]] = {True: [], False: []}
    for number in range(rounds):
        for watched in (number % 2 == 0, number % 2 == 1):
            with Monitor(path) if watched else nullcontext():
                found[watched].append(sums_a_second())
    return found[True], found[False]


def sums_a_second() -> float:
    done, began = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - began) < TURN:
        sum(range(10_000))
        done += 1
    return done / elapsed


if __name__ == "__main__":
    main()
