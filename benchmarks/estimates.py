"""What jobs said of the time they would still take, against what came: `python -m benchmarks.estimates`.

Each job runs in this process, in a home of its own, and its events go through what the pages show
(`core.jobs.estimate`). After 20, 50 and 80% of its time the estimate is compared with the seconds that were really
left: the table has (estimate - truth) / truth. A job that has told nothing by then has a dash.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from core.base.events import Event, Progress
from core.jobs.estimate import TimeLeftEstimate

SHARES = (0.2, 0.5, 0.8)
GOAL = 0.3
"""How far an estimate may be from the truth after a fifth of the work."""

EVERY = 0.1
"""Seconds between two looks at the estimate, as events come."""


class Said(NamedTuple):
    """At a moment, seconds since the job began: how many more it was said to take, None for nothing."""

    at: float
    left: float | None


class Outcome(NamedTuple):
    """`errors`: one for each of `SHARES`."""

    job: str
    seconds: float
    errors: list[float | None]


def followed(job: str, events: Iterator[Event]) -> Outcome:
    """Run a job and compare what was said of it with what came."""
    estimate, begun, said = TimeLeftEstimate(), time.time(), [Said(0.0, None)]
    for event in events:
        now = time.time()
        if isinstance(event, Progress):
            estimate.add(now, event)
        if now - begun >= said[-1].at + EVERY:
            said.append(Said(now - begun, estimate.remaining(now)))
    seconds = time.time() - begun
    return Outcome(job, seconds, [error(said, seconds, share) for share in SHARES])


def error(said: Sequence[Said], seconds: float, share: float) -> float | None:
    """Of what was said last before this share of the time had passed; in between, it counts down."""
    at = share * seconds
    last = [one for one in said if one.at <= at][-1]
    if last.left is None:
        return None
    left = max(last.left - (at - last.at), 0.0)
    return (left - (seconds - at)) / (seconds - at)


def photos(folder: Path, count: int) -> Path:
    """`count` JPEGs of four shapes in ten classes."""
    random = np.random.default_rng(0)
    noise = [Image.fromarray(random.integers(0, 256, (60, 80, 3), np.uint8)).resize((640, 480)) for _ in range(8)]
    for number in range(count):
        place = folder / f"class-{number % 10}"
        place.mkdir(parents=True, exist_ok=True)
        size = ((500, 375), (640, 480), (375, 500), (600, 400))[number % 4]
        noise[number % 8].rotate(number % 90).resize(size).save(place / f"{number}.jpg", quality=88)
    return folder


def packed(folder: Path, archive: Path) -> Path:
    """The folder as a zip file."""
    with zipfile.ZipFile(archive, "w") as made:
        for path in sorted(folder.rglob("*.jpg")):
            made.write(path, path.relative_to(folder))
    return archive


def jobs(root: Path, count: int) -> Iterator[tuple[str, Callable[[], Iterator[Event]]]]:
    """Name and run of each job, in an order in which each finds what it needs."""
    # Here, since a process that is spawned imports this module anew: it is to start as fast as one of a job's.
    from core.building import Build, Verify
    from core.datasets.quality.task import DatasetCheck
    from core.importing.task import Import
    from core.jobs.demo import Demo
    from core.measure.loaders import LoaderExperiment
    from core.measure.storage import StorageExperiment
    from core.training.task import Train

    home = str(root / "home")
    folder = photos(root / "photos", count)
    archive = packed(folder, root / "photos.zip")
    yield "import a folder", Import(str(folder), "photos", home=home).run
    yield "import an archive", Import(str(archive), "archived", home=home).run
    yield "import shapes", Import("shapes", "shapes", home=home).run
    yield "check a dataset", DatasetCheck("photos", home=home).run
    parts = [("disk", "original", {}), ("lmdb", "original", {}), ("hdf5", "original", {}), ("tfrecord", "original", {})]
    parts += [("npy", "raw", {"size": 224}), ("lmdb", "raw", {"size": 224}), ("lmdb", "png", {"size": 224})]
    parts += [("parquet", "original", {"shards": 4})]
    stores = []
    for format, encoding, options in parts:
        build = Build("photos", format, encoding, options=options, home=home)
        yield f"build {format}/{encoding}{'-shards4' if 'shards' in options else ''}", build.run
        stores = sorted(str(path.parent) for path in (root / "home").glob("data/built/photos/*/*/manifest.json"))
        yield f"verify {format}/{encoding}", Verify(_newest(stores), home=home).run
    raw = [store for store in stores if "/raw" in store]
    yield "experiment of loaders", LoaderExperiment(raw, seconds=0.5, rounds=3, home=home).run
    yield "experiment of storage", StorageExperiment("shapes", cutoffs=[1000], minutes=1, home=home).run
    yield "training", Train(raw, epochs=2, home=home).run
    yield "demo", Demo(home=str(root / "demo")).run


def _newest(stores: list[str]) -> str:
    return max(stores, key=lambda store: Path(store, "manifest.json").stat().st_mtime_ns)


def table(outcomes: Sequence[Outcome]) -> str:
    """Markdown."""
    heads = [f"at {share:.0%}" for share in SHARES]
    lines = [f"| job | seconds | {' | '.join(heads)} |", f"|---|---:|{'---:|' * len(SHARES)}"]
    for one in outcomes:
        told = ["–" if error is None else f"{error:+.0%}" for error in one.errors]
        lines.append(f"| {one.job} | {one.seconds:.1f} | {' | '.join(told)} |")
    met = [one for one in outcomes if one.errors[0] is not None and abs(one.errors[0]) <= GOAL]
    return "\n".join([*lines, "", f"Within {GOAL:.0%} of the truth at 20%: {len(met)} of {len(outcomes)}."])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimates", description=__doc__)
    parser.add_argument("--images", type=int, default=6000, help="photos that the jobs are about (default: 6000)")
    parser.add_argument("--only", default="", help="jobs whose name begins so are told; the others are run before them")
    parser.add_argument("--to", type=Path, help="a JSON file for the figures")
    asked = parser.parse_args(arguments)
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="estimates-") as name:
        for job, run in jobs(Path(name), asked.images):
            outcome = followed(job, run())
            print(f"{job}: {outcome.seconds:.1f} s, {outcome.errors}", flush=True)
            outcomes += [outcome] if job.startswith(asked.only) else []
    print(table(outcomes))
    if asked.to:
        asked.to.write_text(json.dumps([one._asdict() for one in outcomes], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
