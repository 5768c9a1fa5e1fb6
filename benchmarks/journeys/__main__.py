"""Record a journey: `python -m benchmarks.journeys NAME [--runs N] [--to FOLDER]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import JOURNEYS, journey
from .ground import grounds
from .page import FOLDER, write
from .recording import TravelLog, timings


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journeys", description=__doc__)
    parser.add_argument("name", choices=JOURNEYS)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder of the page and its pictures")
    asked = parser.parse_args()
    told, logs = journey(asked.name), []
    with grounds() as clean_ground:
        for number in range(asked.runs):
            print(f"{told.name}, run {number + 1} of {asked.runs}", flush=True)
            log = TravelLog(pictures=number == asked.runs - 1)
            with clean_ground() as ground:
                told.run(ground, log)
            logs.append(log)
    for one in timings(logs):
        goal = "" if one.goal is None else f" (goal {one.goal:g})"
        print(f"{one.title}: median {one.median:.1f} s, worst {one.worst:.1f} s{goal}")
    print(write(told, logs, asked.to))


if __name__ == "__main__":
    main()
