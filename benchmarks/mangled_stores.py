"""Mangled stores, seeded and reproducible: does a loader ever hand out something else than what was built?

    python -m benchmarks.mangled_stores --stores 600 [--first SEED]

Small stores of every format (`STORES`), one file of each changed in one of the ways of `benchmarks.mangled`: cut short,
bytes changed, holes, pieces in the wrong place. Each of the three loaders reads two epochs; every pixel and label is
compared with those of the whole store. Told are how the epochs ended: `right` (what was changed does not matter),
`refused` (one sentence), `wrong` (other pixels or labels, without a word), `raw` (a library's own error), `died`,
`hung` (30 s). The exit status is 1 where there are any of the last four.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.mangled import REPOSITORY, mangled
from core.base.errors import FormatMattersError
from core.base.events import finish
from core.building import Build
from core.importing.task import Import
from core.loading import compile_now
from core.stores.store import open_store

STORES = (
    ("disk", "original", "none", {}), ("disk", "raw", "zstd", {}), ("lmdb", "raw", "none", {}),
    ("lmdb", "jpeg", "none", {}), ("lmdb", "png", "zstd-dict", {}), ("lmdb", "raw", "none", {"group": 4}),
    ("hdf5", "raw", "none", {}), ("hdf5", "jpeg", "lz4", {}), ("hdf5", "raw", "none", {"filter": "gzip"}),
    ("hdf5", "jpeg", "none", {"layout": "vlen"}), ("webdataset", "raw", "none", {"shards": 2}),
    ("webdataset", "jpeg", "none", {}), ("webdataset", "png", "none", {"compress": "zst"}),
)  # fmt: skip
LOADERS = ("fast", "torch", "naive")
SECONDS = 30


def build_all(home: Path) -> list[Path]:
    """The whole stores."""
    finish(Import("shapes", "shapes", options={"size": 20, "train": 60, "val": 5}, home=str(home)).run())
    made = []
    for format, encoding, compression, options in STORES:
        build = Build("shapes", format, encoding, compression, options, workers=1, home=str(home))
        made.append(Path(finish(build.run())["store"]))
    return made


def spoil(store: Path, seed: int) -> str:
    """Mangle one file of the store (not its manifest, which has a checksum of its own); returns its name."""
    draw = random.Random(seed)
    files = sorted(path for path in store.rglob("*") if path.is_file() and path.name != "manifest.json")
    files = [path for path in files if path.relative_to(store).parts[0].startswith("train") and path.stat().st_size]
    special = [path for path in files if path.suffix not in (".jpg", ".png", ".bin", ".zst", ".img")]
    file = draw.choice(special if draw.random() < 0.5 else files)
    file.write_bytes(mangled(file.read_bytes(), seed))
    return file.relative_to(store).as_posix()


def contents(store: Path, loader: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pixels and labels of two epochs in the store's order."""
    opened = open_store(store)
    made = opened.loader(batch_size=16, workers=0, output="uint8", shuffle=False, loader=loader)
    return [(images.numpy().copy(), labels.numpy().copy()) for _ in range(2) for images, labels in made]


def ending(store: Path, whole: Path, loader: str) -> str:
    wanted = contents(whole, "naive")
    try:
        given = contents(store, loader)
    except FormatMattersError as error:
        return "refused" if "\n" not in str(error) else "raw: several lines"
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return f"raw: {type(error).__name__}: {error}"[:300]
    same = len(given) == len(wanted) and all(
        np.array_equal(one, other)
        for pair, expected in zip(given, wanted, strict=True)
        for one, other in zip(pair, expected, strict=True)
    )
    return "right" if same else "wrong"


def _child(home: Path, first: int, count: int) -> None:
    """Print a line before and after each loader, so that whoever reads them knows what was in hand at the end."""
    wholes = sorted(path.parent for path in home.glob("data/built/shapes/*/*/manifest.json"))
    for seed in range(first, first + count):
        whole = wholes[seed // 7 % len(wholes)]
        with tempfile.TemporaryDirectory() as folder:
            store = Path(folder) / whole.parent.name / whole.name
            shutil.copytree(whole, store)
            file = spoil(store, seed)
            for loader in LOADERS:
                told = {"seed": seed, "store": f"{whole.parent.name}/{whole.name}", "file": file, "loader": loader}
                print(json.dumps(told), flush=True)
                print(json.dumps({**told, "ending": ending(store, whole, loader)}), flush=True)


def endings(home: Path, first: int, count: int) -> list[dict[str, str]]:
    """How each seed and loader ended; a process that dies or hangs costs its seed."""
    told: list[dict[str, str]] = []
    end = first + count
    while first < end:
        slice_ = min(25, end - first)
        arguments = ["--child", str(home), "--first", str(first), "--stores", str(slice_)]
        command = [sys.executable, "-m", "benchmarks.mangled_stores", *arguments]
        with tempfile.TemporaryFile("w+") as output:
            try:
                status = subprocess.run(
                    command, stdout=output, stderr=subprocess.DEVNULL, cwd=REPOSITORY, timeout=SECONDS + 10 * slice_
                ).returncode
                why = "died"
            except subprocess.TimeoutExpired:
                status, why = 1, "hung"
            output.seek(0)
            lines = [json.loads(line) for line in output if line.startswith("{")]
        told += [line for line in lines if "ending" in line]
        if status == 0:
            first += slice_
            continue
        if not lines:
            raise SystemExit("the child did not begin")
        if "ending" not in lines[-1]:
            told.append({**lines[-1], "ending": f"{why}: status {status}"})
        first = int(lines[-1]["seed"]) + 1
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        _child(given.child, given.first, given.stores)
        return
    compile_now()  # the kernels are what is to be tried
    with tempfile.TemporaryDirectory() as folder:
        build_all(Path(folder))
        told = endings(Path(folder), given.first, given.stores)
    counts = Counter((line["loader"], line["ending"].partition(":")[0]) for line in told)
    for line in told:
        if line["ending"] not in ("right", "refused"):
            print(json.dumps(line))
    for (loader, how), number in sorted(counts.items()):
        print(f"{loader}: {how} {number:,}")
    sys.exit(1 if any(how not in ("right", "refused") for _, how in counts) else 0)


if __name__ == "__main__":
    main()
