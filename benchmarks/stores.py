"""Every format x encoding x compression of a dataset: built, verified, read back with plain libraries, weighed.

    python -m benchmarks.stores IMAGES [--home DIR] [--limit N]

IMAGES is a folder of images (CIFAR-10's 60,000 JPEGs for the table in RESULTS.md). Prints the table of the four sizes.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.plain import plainly_decompressed, read_plainly
from core.base.events import finish
from core.base.home import Home
from core.building import Build, Verify
from core.datasets.dataset import Dataset
from core.importing.task import Import

FORMATS = ("disk", "lmdb", "hdf5")
ENCODINGS = ("original", "png", "raw")
COMPRESSIONS = ("none", "zstd", "lz4", "zstd-dict")
NAME = "sizes"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--home", type=Path, help="where to build (default: a temporary folder)")
    parser.add_argument("--limit", type=int)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = Home(given.home or Path(temporary))
        if not (home.raw / NAME).exists():
            finish(Import(str(given.images), NAME, limit=given.limit, home=str(home.root)).run())
        dataset = Dataset.open(home, NAME)
        print(f"{dataset.splits}, {dataset.bytes / 1e6:.1f} MB of files\n")
        print("| store | payload MB | used MB | allocated MB | apparent MB | files | build s | verified | plain |")
        print("|---|---|---|---|---|---|---|---|---|")
        for encoding, compression, form in product(ENCODINGS, COMPRESSIONS, FORMATS):
            print(row(home, dataset, form, encoding, compression), flush=True)


def row(home: Home, dataset: Dataset, form: str, encoding: str, compression: str) -> str:
    began = time.perf_counter()
    told = finish(Build(NAME, form, encoding, compression, force=True, home=str(home.root)).run())
    seconds = time.perf_counter() - began
    store = Path(told["store"])
    verified = finish(Verify(str(store), str(home.root)).run())
    plain = all(
        same for split in dataset.splits for same in compared(dataset, store, split, form, encoding, compression)
    )
    sums = {name: total(told, name) for name in ("payload", "used", "allocated", "apparent")}
    cells = [f"{size / 1e6:.1f}" for size in sums.values()]
    files = sum(split["files"] for split in told["splits"].values())
    verdicts = [{True: "yes", False: "NO"}[verified["ok"]], {True: "identical", False: "DIFFERS"}[plain]]
    return "| " + " | ".join([f"{form}/{store.name}", *cells, f"{files:,}", f"{seconds:.1f}", *verdicts]) + " |"


def total(told: dict[str, Any], size: str) -> int:
    return sum(split[f"{size}_bytes"] for split in told["splits"].values())


def compared(dataset: Dataset, store: Path, split: str, form: str, encoding: str, compression: str) -> Iterator[bool]:
    """For each sample whether its label and every pixel are the source's, decoded by Pillow on both sides."""
    payloads, labels, dictionary = read_plainly(store, split, form)
    yield len(payloads) == dataset.splits[split]
    for row, payload, label in zip(dataset.rows(split), payloads, labels, strict=True):
        data = plainly_decompressed(payload, compression, dictionary)
        source = dataset.read(row)
        same = (
            data == source
            if encoding == "original"
            else pixels(source) == (data if encoding == "raw" else pixels(data))
        )
        yield same and label == row.label


def pixels(data: bytes) -> bytes:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).tobytes()


if __name__ == "__main__":
    main()
