"""Does the instrument tell the truth, and does looking at it change what it measures?

    python -m benchmarks.instrument STORE [--rounds 12] [--seconds 2] [--batch-size 256] [--workers auto]
                                          [--only stopwatch|page]

Two comparisons, each in turns, round after round, now the one first and now the other, so that whatever disturbs the
machine disturbs both sides:

- what `python -m core load STORE` reports against a stopwatch of our own around a plain `for` loop over the same
  store's loader, each in a process of its own; they should agree within 5%;
- the throughput of a loader experiment with nobody looking against the same with the Benchmark page open in a
  browser on this machine; they should agree within 3%. With it, the processor time that the server and the browser
  take meanwhile: this is what watching costs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil
from playwright.sync_api import sync_playwright

from core.base.home import Home
from core.jobs import Jobs
from core.loading import compile_now
from core.measure.statistics import ratio
from tests.test_app_browser import QUIET, browser_path, serving

T = TypeVar("T")

STOPWATCH = """
import sys, time
from core import open_store

path, seconds, batch_size, workers = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
count = begun = warm = 0
with open_store(path).loader(batch_size=batch_size, workers=workers) as loader:
    while not begun or time.monotonic() - begun < seconds:
        for images, labels in loader:
            if begun:
                count += images.shape[0]
            else:
                warm += 1
                if warm > 4:  # the batches that were being made while nothing was counted
                    begun = time.monotonic()
            if begun and time.monotonic() - begun >= seconds:
                break
    print(count / (time.monotonic() - begun))
"""
"""A trainer's loop with a clock, and nothing of `core.measure` or `core.loading.task`."""


def main() -> None:
    given = _arguments()
    compile_now()
    print(f"{given.store}: batches of {given.batch_size}, workers {given.workers}, {given.rounds} rounds")
    if given.only != "page":
        pairs = [_in_turn(number, _stopped, _reported, given) for number in range(given.rounds)]
        _compare("own stopwatch", "reported by load", pairs, 0.05)
    if given.only != "stopwatch":
        _compare("page closed", "page open", _watched(given), 0.03)


def _in_turn(
    number: int, one: Callable[[argparse.Namespace], T], other: Callable[[argparse.Namespace], T], given: Any
) -> tuple[T, T]:
    """The results of both, which begin by turns."""
    if number % 2:
        second = other(given)
        return one(given), second
    return one(given), other(given)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path, help="the folder of a store, in a home's data/built")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--workers", default="auto")
    parser.add_argument("--only", choices=("stopwatch", "page"), help="one of the two comparisons")
    return parser.parse_args()


def _reported(given: argparse.Namespace) -> float:
    ways = ["--seconds", given.seconds, "--batch-size", given.batch_size, "--workers", given.workers]
    command = [sys.executable, "-m", "core", "load", given.store, *ways, "--json"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1])["samples_per_s"])


def _stopped(given: argparse.Namespace) -> float:
    arguments = map(str, (given.store, given.seconds, given.batch_size, given.workers))
    done = subprocess.run([sys.executable, "-c", STOPWATCH, *arguments], capture_output=True, text=True, check=True)
    return float(done.stdout)


# ---------------------------------------------------------------- watched or not


def _watched(given: argparse.Namespace) -> list[tuple[float, float]]:
    """Throughput with the page closed and open, a pair a round."""
    home = Home(given.store.resolve().parents[4])
    path = browser_path()
    if path is None:
        raise SystemExit("no Chromium or Chrome here: give --only stopwatch, or name it in the variable CHROMIUM")
    costs: list[dict[str, float]] = []
    with serving(home.root) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))

        def alone(given: argparse.Namespace) -> float:
            return _experiment(home, given)[0]

        def looked_at(given: argparse.Namespace) -> float:
            with _looking(browser, address) as go:
                opened, cost = _experiment(home, given, go)
            costs.append(cost)
            return opened

        pairs = [_in_turn(number, alone, looked_at, given) for number in range(given.rounds)]
        browser.close()
    for who in ("server", "browser"):
        share = statistics.median(cost[who] for cost in costs)
        print(f"  watching costs the {who} {100 * share:.1f}% of one processor (median of {len(costs)})")
    return pairs


@contextmanager
def _looking(browser: Any, address: str) -> Iterator[Any]:
    """A page that opens the Benchmark when it is told to."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    page.get_by_role("heading", level=1).first.wait_for()
    yield lambda: page.goto(f"{address}/benchmark")
    page.close()


def _experiment(home: Home, given: argparse.Namespace, look: Any = None) -> tuple[float, dict[str, float]]:
    """The median of a job's turns but the first, in which the page opens; and what server and browser took meanwhile,
    as shares of one processor."""
    jobs = Jobs(home)
    fields = {
        "stores": [str(given.store)], "batch_sizes": [given.batch_size], "workers": [given.workers],
        "seconds": given.seconds, "rounds": 4, "home": str(home.root),
    }  # fmt: skip
    job = jobs.start("loader", fields, title="Instrument", owner="benchmark")
    if look is not None:
        look()
    time.sleep(given.seconds)  # the page is open by now
    cost = _cost_while(lambda: jobs.get(job.id).active)
    ended = jobs.get(job.id)
    if ended.error:
        raise SystemExit(f"the experiment failed: {ended.error}")
    turns = ended.result["turns"][1:]
    return statistics.median(turn["samples_per_s"] for turn in turns), cost


def _cost_while(active: Any) -> dict[str, float]:
    before, began = _used(), time.monotonic()
    while active():
        time.sleep(0.5)
    after, seconds = _used(), time.monotonic() - began
    return {who: max(after[who] - before[who], 0.0) / seconds for who in before}


def _used() -> dict[str, float]:
    """Processor seconds so far of our server and our browser."""
    used = {"server": 0.0, "browser": 0.0}
    for process in psutil.Process().children(recursive=True):
        try:
            command, times = " ".join(process.cmdline()), process.cpu_times()
        except psutil.Error:
            continue
        if "streamlit run" in command:
            used["server"] += times.user + times.system
        elif "chrom" in command:
            used["browser"] += times.user + times.system
    return used


def _compare(one: str, other: str, pairs: Sequence[tuple[float, float]], allowed: float) -> None:
    """The medians side by side, and the median of the rounds' own ratios with the interval that they allow."""
    medians = [statistics.median(column) for column in zip(*pairs, strict=True)]
    found = ratio([second / first for first, second in pairs], [1.0] * len(pairs))
    said = "as it should be" if abs(found.value - 1) <= allowed else "MORE than it should be"
    print(f"{one}: {medians[0]:,.0f} images/s   {other}: {medians[1]:,.0f} images/s")
    bounds = [f"{bound - 1:+.1%}" for bound in (found.low, found.high) if bound is not None]
    interval = f"; 95% interval {' to '.join(bounds)}" if bounds else ""
    print(f"  difference {found.value - 1:+.1%} of {len(pairs)} rounds, {said} (within {allowed:.0%}){interval}")


if __name__ == "__main__":
    main()
