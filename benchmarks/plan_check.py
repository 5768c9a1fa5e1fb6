"""`plan` against real builds and epochs: what it predicts from a trial of 5,000 images at most, and what is measured.

    python -m benchmarks.plan_check --home HOME DATASET [DATASET ...]

The datasets are imported ones of different sizes with images of one kind; `--sizes 10000,100000` makes smaller ones of
the last one, by reference. Rates come from a trial on the first. Each dataset is built by one process and by one for
each CPU, then loaded in a process of its own: its first epoch, from opening the store on, and a later one. All in the
page cache, so that home should lie where it fits (/dev/shm). Builds are repeated up to `REPEATS` times while they take
less than `SHORT` seconds; the median counts.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.datasets.dataset import Dataset
from core.importing.task import Import
from core.processes.cpus import usable_cpus
from core.processes.isolated import stream
from core.scale.answer import ScaleQuestion, scale_plan
from core.scale.kept_rates import KeptRates, find_rates
from core.scale.load_trial import LoaderChoice, choose
from core.scale.measuring import MeasureScale
from core.stores.store import open_store

GOAL = 0.2
REPEATS, SHORT = 3, 8.0


class Checked(NamedTuple):
    """One prediction, and what was measured, in seconds."""

    what: str
    images: int
    predicted: float
    measured: float

    @property
    def off(self) -> float:
        return self.predicted / self.measured - 1.0


def main() -> None:
    given = arguments()
    home = Home.find(given.home)
    names = [*smaller(home, given.datasets[-1], given.sizes), *given.datasets]
    recipe = {"format": given.format, "encoding": given.encoding, "compression": given.compression}
    measure = MeasureScale(names[0], **recipe, home=given.home)
    began = time.perf_counter()
    finish(measure.run())
    kept = find_rates(home, measure.subject(home))
    assert kept is not None
    print(f"rates of {given.format}/{given.encoding}: {kept.where}, in {time.perf_counter() - began:.0f} s", flush=True)
    print(f"| images | what | predicted (s) | measured (s) | off |\n|{'---|' * 5}", flush=True)
    rows = [row for name in names for row in checked(home, name, recipe, given.shards, kept)]
    good = sum(abs(row.off) <= GOAL for row in rows)
    print(f"{good} of {len(rows)} within {GOAL:.0%}; the furthest is {max(abs(row.off) for row in rows):.0%} off")
    for name in names[: len(names) - len(given.datasets)]:
        shutil.rmtree(home.raw / name)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", nargs="+")
    parser.add_argument("--home", required=True)
    parser.add_argument("--sizes", default="", help="also with so many images of the last dataset")
    parser.add_argument("--format", default="webdataset")
    parser.add_argument("--encoding", default="original")
    parser.add_argument("--compression", default="none")
    parser.add_argument("--shards", type=int, default=8)
    return parser.parse_args()


def smaller(home: Home, dataset: str, sizes: str) -> Iterator[str]:
    """Datasets of so many images of this one, which they refer to."""
    for count in map(int, filter(None, sizes.split(","))):
        name = f"plancheck{count}"
        if not (home.raw / name).exists():
            source, root = home.raw / dataset, str(home.root)
            options = {"val_fraction": 0.0}
            finish(Import(str(source), name, count, options, root, reference=True, check="header").run())
        yield name


def checked(home: Home, name: str, recipe: Mapping[str, str], shards: int, kept: KeptRates) -> Iterator[Checked]:
    """Every prediction about a dataset, as soon as it was checked."""
    splits = Dataset.open(home, name).splits
    counts = {"images": [sum(splits.values())], "shards": shards * len(splits)}
    store = ""
    for processes in dict.fromkeys((1, usable_cpus())):
        told = scale_plan(ScaleQuestion(**counts, build_workers=processes), kept, home.root)
        store, took = built(home, name, recipe, shards, 0 if processes == 1 else processes)
        what = f"build, {processes} process" + ("es" if processes > 1 else "")
        yield shown(Checked(what, sum(splits.values()), told["build"]["seconds"], took))
    split = next(iter(splits))
    question = ScaleQuestion([splits[split]], shards=shards)
    told = scale_plan(question, kept, home.root)["epoch"]
    workers = next(stream(chosen, store, split))  # once for a store, and kept
    first, later = next(stream(epochs, store, split, workers))
    yield shown(Checked("first epoch", splits[split], told["first"]["seconds"], first))
    yield shown(Checked("later epoch", splits[split], told["seconds"], later))
    shutil.rmtree(store)


def built(home: Home, name: str, recipe: Mapping[str, str], shards: int, workers: int) -> tuple[str, float]:
    """The store, and the seconds that building it took."""
    seconds: list[float] = []
    while not seconds or (len(seconds) < REPEATS and sum(seconds) < SHORT):
        options = {"shards": shards}
        task = Build(name, **recipe, options=options, workers=workers, force=True, home=str(home.root))
        began = time.perf_counter()
        told = finish(task.run())
        seconds.append(time.perf_counter() - began)
    return told["store"], median(seconds)


def chosen(store: str, split: str) -> Iterator[str]:
    """In a process of its own: the workers that the loader chooses."""
    yield choose(store, split, LoaderChoice())


def epochs(store: str, split: str, workers: str) -> Iterator[tuple[float, float]]:
    """In a process of its own: seconds of the first epoch from opening the store on, and the median of later ones."""
    began = time.perf_counter()
    from core.loading import make_loader

    opened = open_store(Path(store), split)
    with make_loader(opened, workers=workers, **LoaderChoice().settings()) as loader:
        count(loader, len(opened))
        first = time.perf_counter() - began
        later: list[float] = []
        while len(later) < REPEATS and sum(later) < SHORT:
            since = time.perf_counter()
            count(loader, len(opened))
            later.append(time.perf_counter() - since)
    yield first, median(later)


def count(loader: Any, expected: int) -> None:
    seen = sum(len(batch.labels) for batch in loader)
    assert seen == expected, f"{seen:,} samples of {expected:,}"


def shown(row: Checked) -> Checked:
    print(f"| {row.images:,} | {row.what} | {row.predicted:.2f} | {row.measured:.2f} | {row.off:+.0%} |", flush=True)
    return row


if __name__ == "__main__":
    main()
