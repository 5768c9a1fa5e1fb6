"""All containers of the same images: sizes, build rates, what their own tools read of them, and how fast they load.

    python -m benchmarks.containers CIFAR [--peers-python PYTHON] [--folder FOLDER] [--limit N] [--rounds N]
                                    [--only sizes read rates rivals batches] [--formats ...] [--encodings ...]

CIFAR is a folder of class folders of JPEGs (the 60,000 of CIFAR-10 for the tables in RESULTS.md). The parts, in turn:

- sizes: every format x original, png, raw is built (and verified, as every build is): the four sizes, images per second
  beside LMDB's.
- read: each store is read with the format's own tools, pixel for pixel and label for label against the images: tarfile
  and webdataset, pyarrow, datasets, DuckDB, pandas, NumPy, zarr, the package tfrecord, csv. Tools that this Python has
  not run with `--peers-python`; those that neither has are named.
- rates: the fast loader on every mapped format beside LMDB's, in one interleaved run of `--rounds`.
- rivals: the same beside the ecosystems' own loaders (webdataset with torch's DataLoader, datasets with_format torch),
  each as its tutorials have it and as fast as it goes, with the best of 0, 1, 2 and 4 workers, on 3,000 of the images,
  with 3 rounds at most.
- batches: each store through ours, the page cache warm and cold; those of original bytes through the tutorials' loop
  as well.

The last table is of what should be reached. What is built stays in `--folder`, if one is given: with it `--only` makes
one part after the other.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import container_builds, container_rates, container_reads
from benchmarks.container_builds import FORMATS, Built, place_of
from benchmarks.container_goals import Reached, table_of
from benchmarks.loader_tables import conditions
from benchmarks.peers.parts import part_of

PARTS = ("sizes", "read", "rates", "rivals", "batches")
ENCODINGS = ("original", "png", "raw")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cifar", type=Path)
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--folder", type=Path, help="where everything is written (default: a temporary folder)")
    parser.add_argument("--limit", type=int, help="so many of the images only")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS), metavar="FORMAT")
    parser.add_argument("--encodings", nargs="+", choices=ENCODINGS, default=list(ENCODINGS), metavar="ENCODING")
    return parser.parse_args()


def run(given: argparse.Namespace) -> None:
    """The parts that were asked for. Stores that a part needs are built, if they are not there."""
    began = time.monotonic()
    if given.limit is not None:
        given.cifar = part_of(given.cifar, given.folder / f"images-{given.limit}", given.limit)
    given.photos, given.workers, given.against = given.cifar, None, None  # as the comparison of loaders has them
    print(conditions(0, given.rounds), flush=True)
    print(f"Goals need a machine that does nothing else: load average {os.getloadavg()[0]:.2f}.\n", flush=True)
    home = container_builds.imported(given.cifar, given.folder)
    goals: list[Reached] = []
    stores: list[Built] = []
    for encoding in given.encodings:
        for form in given.formats:
            if "sizes" in given.only or (place_of(home, form, encoding) is None and _needed(form, encoding, given)):
                stores += container_builds.built(home, form, encoding)
    if "sizes" in given.only:
        print(container_builds.table(stores), flush=True)
        goals += container_builds.goals(stores)
    parts = {
        "read": lambda: container_reads.run(home, given),
        "rates": lambda: container_rates.run(home, given),
        "rivals": lambda: container_rates.run_rivals(home, given),
        "batches": lambda: container_rates.run_batches(home, given),
    }
    for name, part in parts.items():
        if name in given.only:
            goals += part()
            print(f"({name} ended {time.monotonic() - began:.0f} s after the beginning)\n", flush=True)
    print(table_of(goals), flush=True)


def _needed(form: str, encoding: str, given: argparse.Namespace) -> bool:
    """Whether a part that was asked for reads this store."""
    loaded = encoding != "png" and form in container_rates.MAPPED
    return "read" in given.only or (loaded and not {"rates", "rivals", "batches"}.isdisjoint(given.only))


def main() -> None:
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="containers-") as temporary:
        given.folder = (given.folder or Path(temporary)).absolute()
        given.folder.mkdir(parents=True, exist_ok=True)
        run(given)


if __name__ == "__main__":
    main()
