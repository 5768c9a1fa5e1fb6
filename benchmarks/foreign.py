"""Files that others made, loaded where they lie: beside a store of ours with the same payloads, and beside the file's
usual loader, all in turns.

    python -m benchmarks.foreign IMAGES [--limit N] [--rounds N] [--seconds S] [--folder F] [--layouts NAME ...]

IMAGES has class folders of JPEGs of one size, as CIFAR-10's. Each file is opened twice: how long it takes to find out
where its images lie, and to open it again.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.container_builds import place_of
from benchmarks.container_goals import Reached, rows, table_of
from benchmarks.foreign_files import LAYOUTS, Layout, samples_in
from benchmarks.foreign_usual import WORKERS, loader_of
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.importing.task import Import
from core.inspect.opened_store import ForeignStore
from core.measure.statistics import ratio
from core.stores.store import open_store

NAME = "images"
BATCH = 256
LEAST = 0.8
"""Of the rate of a store of ours."""


@dataclass
class Contestant:
    """A loader and its rates, images per second."""

    batches: Iterable[Any]
    rates: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    """Processor time an image of this process alone, µs: what other work on the machine changes least."""

    def run(self, seconds: float) -> None:
        """Load for about so long, an epoch at most, counted from the first batch on."""
        began, used, samples = 0.0, 0.0, 0
        for images, _ in self.batches:
            if not began:
                began, used = time.perf_counter(), time.process_time()
                continue
            samples += len(images)
            if time.perf_counter() - began > seconds:
                break
        self.rates.append(samples / max(time.perf_counter() - began, 1e-9))
        self.processor.append(1e6 * (time.process_time() - used) / max(samples, 1))

    @property
    def told(self) -> str:
        return f"{statistics.median(self.rates):,.0f}"


@dataclass
class Compared:
    """One layout: the file's loader, ours over a store of our own, the usual one; seconds of opening it, twice."""

    layout: Layout
    there: Contestant
    own: Contestant
    usual: Contestant
    opened: tuple[float, float]

    def cells(self) -> list[str]:
        beside, factor = ratio(self.there.rates, self.own.rates), ratio(self.there.rates, self.usual.rates)
        spread = "-" if beside.low is None else f"{beside.low:.2f} to {beside.high:.2f}"
        times = [f"{seconds:.2f}" for seconds in self.opened]
        processor = [f"{statistics.median(one.processor):.2f}" for one in (self.there, self.own)]
        return [
            self.layout.title, self.there.told, self.own.told, f"{beside.value:.2f}", spread, self.usual.told,
            f"{factor.value:.1f}", *processor, *times,
        ]  # fmt: skip


HEAD = (
    "file", "loaded where it lies, images/s", "a store of ours", "ratio", "95% interval", "its usual loader", "factor",
    "processor µs/image", "a store's",
    "first opening, s", "second, s",
)  # fmt: skip


def made(layout: Layout, images: Path, folder: Path, limit: int) -> Path:
    """The file, written if it is not there."""
    path = folder / layout.file
    if not path.exists():
        layout.make(path, samples_in(images, limit))
    return path


def own_store(home: Home, images: Path, encoding: str, limit: int) -> Path:
    """A store of ours of the same images, built if it is not there."""
    if not (home.raw / NAME).exists():
        options = {"val_fraction": "0"}
        finish(Import(str(images), NAME, limit=limit, options=options, home=str(home.root)).run())
    found = place_of(home, "lmdb", encoding)
    return found or Path(finish(Build(NAME, "lmdb", encoding, home=str(home.root)).run())["store"])


def opened(path: Path, home: Home) -> tuple[ForeignStore, tuple[float, float]]:
    """The file, with the seconds until its images' places are known, and those of opening it again."""
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        store = ForeignStore(path, home=home)
        assert len(store.table) == len(store)
        seconds.append(time.perf_counter() - began)
    return store, (seconds[0], seconds[1])


def compare(layout: Layout, given: argparse.Namespace) -> Compared:
    """Rounds of all three in turns."""
    home, workers = Home(given.folder / "home"), f"threads:{WORKERS}" if WORKERS else 0
    path = made(layout, given.images, given.folder, given.limit)
    store, seconds = opened(path, home)
    own = open_store(own_store(home, given.images, layout.own, given.limit))
    settings: dict[str, Any] = {"batch_size": BATCH, "workers": workers}
    with ExitStack() as held:
        there, ours = (Contestant(held.enter_context(one.loader(**settings))) for one in (store, own))
        usual = Contestant(loader_of(layout.usual, path, len(store), WORKERS, BATCH))
        for number in range(given.rounds + 1):
            for one in (there, ours, usual) if number % 2 else (ours, there, usual):
                one.run(given.seconds)
    for one in (there, ours, usual):
        one.processor = one.processor[1:]
        one.rates = one.rates[1:]  # the first round starts workers and fills caches
    store.close()
    own.close()
    return Compared(layout, there, ours, usual, seconds)


def run(given: argparse.Namespace) -> list[Compared]:
    """The comparisons of all layouts asked for, printed as they come."""
    given.folder.mkdir(parents=True, exist_ok=True)
    found = []
    for layout in LAYOUTS:
        if not given.layouts or layout.file in given.layouts:
            found.append(compare(layout, given))
            print(" | ".join(found[-1].cells()), flush=True)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--limit", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--folder", type=Path, default=Path("benchmarks/data/foreign"))
    parser.add_argument("--layouts", nargs="*", default=[], help=", ".join(layout.file for layout in LAYOUTS))
    found = run(parser.parse_args(arguments))
    print("\n" + rows(list(HEAD), [one.cells() for one in found]))
    goals = [
        Reached.by_ratio("loaded where it lies, x a store of ours", one.layout.title, LEAST,
                         ratio(one.there.rates, one.own.rates))
        for one in found
    ]  # fmt: skip
    print("\n" + table_of(goals), flush=True)


if __name__ == "__main__":
    main()
