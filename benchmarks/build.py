"""How fast stores are built from an imported folder, and what memory that takes.

    python -m benchmarks.build IMAGES [--rounds N] [--formats lmdb hdf5 disk ...]
                                                          images a second, in interleaved rounds, page cache warm
    python -m benchmarks.build IMAGES --memory 20000 --memory 1000000      peak memory of builds of so many images

The rival is the way of the tutorials: one process, one `put` a file, in one transaction of an LMDB (no checksums, no
verification, no manifest). For `--memory`, hard links of the images are repeated until there are enough.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import lmdb

from core.base.events import finish
from core.base.home import REPOSITORY, Home
from core.building import Build
from core.datasets.dataset import Dataset
from core.formats import FORMATS
from core.importing.task import Import

NAME = "speed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--formats", nargs="+", choices=list(FORMATS), default=["lmdb", "hdf5", "disk"], metavar="F")
    parser.add_argument("--memory", type=int, action="append", metavar="N")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        if given.memory:
            memory(given.images, given.memory, Path(temporary))
        else:
            speed(given.images, given.rounds, given.formats, Home(Path(temporary)))


# ---------------------------------------------------------------- speed


def speed(images: Path, rounds: int, formats: Sequence[str], home: Home) -> None:
    finish(Import(str(images), NAME, home=str(home.root)).run())
    dataset = Dataset.open(home, NAME)
    count = sum(dataset.splits.values())
    ways: dict[str, Callable[[], float]] = {
        **{f"{form}, original bytes": partial(ours, home, form) for form in formats},
        "the tutorials' LMDB": lambda: tutorial(dataset, home),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            taken = way()
            if turn:  # the first round warms the page cache
                seconds[name].append(taken)
    print(f"{count:,} images, {rounds} interleaved rounds, whole builds with verification\n")
    print("| build | median images/s | lowest | highest |")
    print("|---|---|---|---|")
    for name, taken_each in seconds.items():
        rates = [count / taken for taken in taken_each]
        print(f"| {name} | {statistics.median(rates):,.0f} | {min(rates):,.0f} | {max(rates):,.0f} |")


def ours(home: Home, form: str) -> float:
    """Seconds of a whole build: read, write, read back, sync, publish."""
    began = time.perf_counter()
    finish(Build(NAME, form, force=True, home=str(home.root)).run())
    return time.perf_counter() - began


def tutorial(dataset: Dataset, home: Home) -> float:
    """Seconds of a loop over the files with one put each."""
    path = home.root / "tutorial.lmdb"
    began = time.perf_counter()
    with lmdb.open(str(path), map_size=1 << 40) as environment, environment.begin(write=True) as transaction:
        for split in dataset.splits:
            folder = dataset.root / split
            for number, file in enumerate(sorted(folder.glob("*/*"))):
                transaction.put(f"{split}-{number:08d}".encode(), file.read_bytes())
    seconds = time.perf_counter() - began
    for file in path.iterdir():
        file.unlink()
    path.rmdir()
    return seconds


# ---------------------------------------------------------------- memory

_PEAK = """
import json, resource, sys
from core.__main__ import main
sys.stdout = open('/dev/null', 'w')
status = main(json.loads(sys.argv[1]))
peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(peak * 1024, file=sys.stderr)
sys.exit(status)
"""


def memory(images: Path, counts: list[int], folder: Path) -> None:
    print("| images | import MB | LMDB MB | HDF5 MB | HDF5 raw MB | files on disk MB |")
    print("|---|---|---|---|---|---|")
    for count in counts:
        many = folder / f"{count}"
        repeat(images, many, count)
        home = folder / f"home{count}"
        cells = [peak(home, "import", str(many), "--name", NAME, "--option", "val_fraction=0")]
        for arguments in (["lmdb"], ["hdf5"], ["hdf5", "--encoding", "raw"], ["disk"]):
            cells.append(peak(home, "build", NAME, "--format", *arguments))
        print("| " + " | ".join([f"{count:,}", *(f"{cell / 1e6:.0f}" for cell in cells)]) + " |", flush=True)


def repeat(images: Path, folder: Path, count: int) -> None:
    """Hard links to the images, class by class, over and over, until there are `count`."""
    classes = sorted(
        path for path in images.rglob("*") if path.is_dir() and any(one.is_file() for one in path.iterdir())
    )
    each = -(-count // len(classes))
    for number, place in enumerate(classes):
        target = folder / f"class{number:02d}"
        target.mkdir(parents=True)
        files = sorted(place.iterdir())
        for link in range(min(each, count - number * each)):
            os.link(files[link % len(files)], target / f"{link:07d}{files[0].suffix}")


def peak(home: Path, *arguments: str) -> int:
    """Peak resident memory in bytes of one verb (the largest of its processes)."""
    command = [sys.executable, "-c", _PEAK, json.dumps([*arguments, "--home", str(home)])]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return int(done.stderr.splitlines()[-1])


if __name__ == "__main__":
    main()
