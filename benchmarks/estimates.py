"""What jobs said of the time they would still take, against what came: `python -m benchmarks.estimates`.

Each job is started as the pages start it, in a process of its own and in a home of its own, and looked at through
`core.jobs.Watch` ten times a second: what is told here is what a page shows. After 20, 50 and 80% of its time the
estimate is compared with the seconds that were really left: the table has (estimate - truth) / truth, a dash where
nothing was said. "first" is what would have been said at 20% in a home that has seen no job; the other columns know
those before it, as the pages do.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from core.base.events import finish
from core.base.home import Home
from core.jobs import Job, Jobs, State, Watch
from core.loading.compiling import ready_kernels

SHARES = (0.2, 0.5, 0.8)
GOAL = 0.3
"""How far an estimate may be from the truth after a fifth of the work."""

EVERY = 0.1
"""Seconds between two looks at a job."""

LONG = 5.0
"""Seconds from which on a job is held to the goal: of a shorter one, a fifth has passed before its process works."""

DISTINCT = 64
"""Photos that are drawn; the others are the same pixels in files that differ."""


class Said(NamedTuple):
    """At a moment, seconds since the job began: how many more it was said to take, None for nothing."""

    at: float
    left: float | None


class Outcome(NamedTuple):
    """`first`: the error at 20% without what earlier jobs taught; `errors`: with it, one for each of `SHARES`."""

    job: str
    seconds: float
    first: float | None
    errors: list[float | None]


class Made(NamedTuple):
    """In a field: the store that a case has built, and what is meant `below` it."""

    case: str
    below: str = ""


class Case(NamedTuple):
    """A job: its task with fields, in which `Made` stands for a path. `after`: other cases that make what it needs."""

    name: str
    task: str
    fields: Mapping[str, Any]
    after: Sequence[str] = ()

    @property
    def needs(self) -> set[str]:
        """The cases that come before."""
        each = [one for value in self.fields.values() for one in (value if isinstance(value, list) else [value])]
        return {*self.after, *(one.case for one in each if isinstance(one, Made))}


def followed(jobs: Jobs, case: Case, fields: Mapping[str, Any]) -> tuple[Outcome, Job]:
    """Run a job and compare what was said of it with what came. Raises SystemExit where it fails."""
    job = jobs.start(case.task, fields, title=case.name)
    knowing, alone = Watch(job), Watch(job, learns=False)
    said: dict[bool, list[Said]] = {True: [Said(0.0, None)], False: [Said(0.0, None)]}
    while (job := jobs.get(job.id)).active:
        for learns, watch in ((True, knowing), (False, alone)):
            left = watch.refresh().remaining()
            said[learns].append(Said(time.time() - (job.started or time.time()), left))
        time.sleep(EVERY)
    if job.state is not State.DONE:
        raise SystemExit(f"{case.name}: {job.error}")
    seconds = job.seconds
    errors = [error(said[True], seconds, share) for share in SHARES]
    return Outcome(case.name, seconds, error(said[False], seconds, SHARES[0]), errors), job


def with_paths(fields: Mapping[str, Any], stores: Mapping[str, str]) -> dict[str, Any]:
    """The fields with the stores that were built in them."""

    def path(value: object) -> object:
        if isinstance(value, list):
            return [path(one) for one in value]
        return str(Path(stores[value.case], value.below)) if isinstance(value, Made) else value

    return {name: path(value) for name, value in fields.items()}


def error(said: Sequence[Said], seconds: float, share: float) -> float | None:
    """Of what was said last before this share of the time had passed; in between, it counts down."""
    at = share * seconds
    last = [one for one in said if one.at <= at][-1]
    if last.left is None:
        return None
    left = max(last.left - (at - last.at), 0.0)
    return (left - (seconds - at)) / (seconds - at)


def photos(folder: Path, count: int) -> Path:
    """`count` JPEGs of four shapes in ten classes; they differ in a comment at least."""
    random = np.random.default_rng(0)
    noise = [Image.fromarray(random.integers(0, 256, (60, 80, 3), np.uint8)).resize((640, 480)) for _ in range(8)]
    drawn = []
    for number in range(DISTINCT):
        data = BytesIO()
        size = ((500, 375), (640, 480), (375, 500), (600, 400))[number % 4]
        noise[number % 8].rotate(number % 90).resize(size).save(data, "JPEG", quality=88)
        drawn.append(data.getvalue())
    for number in range(count):
        place = folder / f"class-{number % 10}"
        place.mkdir(parents=True, exist_ok=True)
        data, comment = drawn[number % DISTINCT], b"\xff\xfe\x00\x0a" + number.to_bytes(8, "big")
        (place / f"{number}.jpg").write_bytes(data[:2] + comment + data[2:])
    return folder


def packed(folder: Path, archive: Path) -> Path:
    """The folder as a zip file."""
    with zipfile.ZipFile(archive, "w") as made:
        for path in sorted(folder.rglob("*.jpg")):
            made.write(path, path.relative_to(folder))
    return archive


RECIPES: Sequence[tuple[str, str, str, Mapping[str, Any]]] = (
    ("disk", "original", "none", {}),
    ("lmdb", "original", "none", {}),
    ("hdf5", "original", "none", {}),
    ("csv", "original", "none", {"copy": True}),
    ("webdataset", "original", "none", {}),
    ("tfrecord", "original", "none", {}),
    ("parquet", "original", "none", {"shards": 4}),
    ("arrow", "original", "none", {}),
    ("npy", "raw", "none", {"size": 224}),
    ("lmdb", "raw", "none", {"size": 224}),
    ("hdf5", "png", "none", {}),
    ("lmdb", "jpeg", "none", {}),
    ("lmdb", "raw", "zstd", {"size": 224}),
    ("hdf5", "raw", "zstd-dict", {"size": 224}),
)
"""Format, encoding, compression, options."""

COMPILED = {"loader", "train", "train-scaling", "scale", "demo", "suite"}
"""Tasks that wait for the loading kernels."""

VERIFIED = ("build disk/original", "build parquet/original", "build lmdb/raw", "build hdf5/png")


def cases(root: Path, count: int) -> list[Case]:
    """In an order in which each finds what it needs. `count` photos lie in `root / "photos"`; a third of them is
    encoded, which takes longer."""
    folder, archive = str(root / "photos"), str(root / "photos.zip")
    raw = [Made("build npy/raw"), Made("build lmdb/raw")]
    photos = ["import a folder"]
    scaling = {"stores": raw[:1], "batch_sizes": [16, 64], "worker_counts": ["1", "2"], "seconds": 0.5}
    storage = {"dataset": "shapes", "cutoffs": [100, 1000], "minutes": 0.3}
    suite = {"rivals": [], "workloads": ["small-jpeg"], "limit": 500, "rounds": 2, "seconds": 0.5}
    return [
        Case("import a folder", "import", {"source": folder, "name": "photos"}),
        Case("import some of it", "import", {"source": folder, "name": "some", "limit": count // 3}),
        Case("import an archive", "import", {"source": archive, "name": "archived"}),
        Case("import by reference", "import", {"source": folder, "name": "there", "reference": True}),
        Case("recheck", "recheck", {"name": "there"}, ["import by reference"]),
        Case("import shapes", "import", {"source": "shapes", "name": "shapes"}),
        Case("check a dataset", "dataset-check", {"name": "photos", "near": True}, photos),
        Case("convert an archive", "convert", {"source": archive, "to": "webdataset", "name": "converted"}),
        *(build(*recipe) for recipe in RECIPES),
        *(Case(name.replace("build", "verify"), "verify", {"store": Made(name)}) for name in VERIFIED),
        Case("scan LMDB", "scan", {"path": Made("build lmdb/jpeg", "train.lmdb")}),
        Case("scan TFRecord", "scan", {"path": Made("build tfrecord/original", "train")}),
        Case("loader experiment", "loader", {"stores": raw, "seconds": 0.5, "rounds": 3}),
        Case("storage experiment", "storage", storage, ["import shapes"]),
        Case("training", "train", {"stores": raw[:1], "epochs": 2, "limit": 1000}),
        Case("training, scaled", "train-scaling", scaling),
        Case("rates for a plan", "scale", {"dataset": "photos"}, photos),
        Case("demo", "demo", {"home": str(root / "demo")}),
        Case("suite", "suite", suite),
    ]


def build(format: str, encoding: str, compression: str, options: Mapping[str, Any]) -> Case:
    """Of a store of the photos, or of some."""
    dataset, imported = ("photos", "import a folder") if encoding == "original" else ("some", "import some of it")
    recipe = {"dataset": dataset, "format": format, "encoding": encoding, "compression": compression}
    name = f"build {format}/{encoding}" + ("" if compression == "none" else f"-{compression}")
    return Case(name, "build", {**recipe, "options": dict(options)}, [imported])


def chosen(every: Sequence[Case], beginnings: str) -> tuple[list[Case], set[str]]:
    """The cases to run, and the names of those that are told: whose name begins so. The others are needed by them."""
    wanted = {one.name for one in every if one.name.startswith(tuple(beginnings.split(",")))}
    needed = set(wanted)
    for one in reversed(every):
        needed |= one.needs if one.name in needed else set()
    return [one for one in every if one.name in needed], wanted


def table(outcomes: Sequence[Outcome]) -> str:
    """Markdown."""
    heads = [f"at {share:.0%}" for share in SHARES]
    lines = [f"| job | seconds | first at 20% | {' | '.join(heads)} |", f"|---|---:|{'---:|' * (len(SHARES) + 1)}"]
    for one in outcomes:
        told = ["–" if error is None else f"{error:+.0%}" for error in (one.first, *one.errors)]
        lines.append(f"| {one.job} | {one.seconds:.1f} | {' | '.join(told)} |")
    long = [one for one in outcomes if one.seconds >= LONG]
    met, first = sum(_is_near(one.errors[0]) for one in long), sum(_is_near(one.first) for one in long)
    told = f"Of {len(long)} jobs of {LONG:.0f} s and more, {met} were within {GOAL:.0%} of the truth at 20%"
    return "\n".join([*lines, "", f"{told}; {first} in a home that had seen no job."])


def _is_near(error: float | None) -> bool:
    return error is not None and abs(error) <= GOAL


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimates", description=__doc__)
    parser.add_argument("--images", type=int, default=9000, help="photos that the jobs are about (default: 9000)")
    parser.add_argument("--only", default="", help="cases whose name begins so (several: a,b), and what they need")
    parser.add_argument("--keep", type=Path, help="the folder to work in, which stays; for a look at the jobs' events")
    parser.add_argument("--to", type=Path, help="a JSON file for the figures")
    asked = parser.parse_args(arguments)
    with ExitStack() as stack:
        root = asked.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="estimates-")))
        root.mkdir(exist_ok=True)
        packed(photos(root / "photos", asked.images), root / "photos.zip")
        jobs, stores, outcomes = Jobs(Home(root / "home")), {}, []
        run, told = chosen(cases(root, asked.images), asked.only)
        if {one.task for one in run} & COMPILED:
            finish(ready_kernels())  # once on a machine, for a minute or two, and no part of a job that is told here
        print(f"load average before: {os.getloadavg()[0]:.1f}", flush=True)
        for case in run:
            outcome, job = followed(jobs, case, with_paths(case.fields, stores))
            stores[case.name] = job.result.get("store", "")
            outcomes += [outcome] if case.name in told else []
            print(f"{case.name}: {outcome.seconds:.1f} s, {outcome.first}, {outcome.errors}", flush=True)
    print(table(outcomes))
    if asked.to:
        asked.to.write_text(json.dumps([one._asdict() for one in outcomes], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
