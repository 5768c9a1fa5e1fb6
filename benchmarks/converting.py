"""From every container to every other one, verified: images per second of the whole way.

    python -m benchmarks.converting IMAGES [--count N] [--encodings original raw] [--formats F ...] [--folder DIR]

IMAGES is a folder of class folders. It is built once in each format; then each container alone, without the manifest of
its store, is converted to each format: recognised, imported by reference, built, read back. After each the classes
and the pixels' checksums of all samples are compared with those of the images. A cell is the samples divided by the
seconds of all that. Rows are what is read, columns what is written.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from core.base.errors import FormatMattersError
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.datasets.dataset import Dataset, delete_dataset
from core.formats import FORMATS
from core.importing.convert import Convert
from core.importing.task import Import
from core.stores.store import delete_store, open_store

NAME, CONVERTED = "images", "converted"

Samples = Counter[tuple[str, int]]
"""How often each (class name, checksum of pixels) occurs."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--encodings", nargs="+", default=["original"])
    parser.add_argument("--formats", nargs="+", default=list(FORMATS))
    parser.add_argument("--folder", type=Path, help="where all is made; else a folder that is removed again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="converting-", dir=given.folder) as folder:
        home = Home(Path(folder) / "home")
        finish(Import(str(given.images), NAME, given.count, {"val_fraction": "0"}, str(home.root)).run())
        for encoding in given.encodings:
            print(f"\n{encoding}, {given.count:,} images, images per second\n")
            print(matrix(home, encoding, given.formats))


def matrix(home: Home, encoding: str, formats: Sequence[str]) -> str:
    """All conversions of one encoding, as Markdown."""
    wanted = samples_of(Dataset.open(home, NAME))
    lines = ["| from \\ to | " + " | ".join(formats) + " |", "|---" * (len(formats) + 1) + "|"]
    for source in formats:
        container = built(home, source, encoding)
        cells = [cell(home, container, form, encoding, wanted) for form in formats]
        lines.append(f"| {source} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    return "\n".join(lines)


def built(home: Home, form: str, encoding: str) -> Path:
    """The container of the training split in this format, without its store's manifest."""
    options = {"copy": True} if FORMATS[form].refers and encoding != "original" else {}
    told = finish(Build(NAME, form, encoding, options=options, force=True, home=str(home.root)).run())
    return open_store(told["store"]).container


def cell(home: Home, container: Path, form: str, encoding: str, wanted: Samples) -> str:
    """Images per second of one conversion; what went wrong, where something did."""
    options = {"val_fraction": "0", **({"copy": True} if FORMATS[form].refers else {})}
    began = time.perf_counter()
    task = Convert(str(container), form, encoding, options=options, name=CONVERTED, home=str(home.root))
    try:
        told = finish(task.run())
        seconds = time.perf_counter() - began
        same = samples_of(Dataset.open(home, CONVERTED)) == wanted
        delete_store(home, Path(told["store"]))
    except FormatMattersError as error:
        return f"failed: {error}"[:120].replace("|", "/")
    finally:
        if (home.raw / CONVERTED).exists():
            delete_dataset(home, CONVERTED)
    return f"{sum(wanted.values()) / seconds:,.0f}" if same else "DIFFERENT"


def samples_of(dataset: Dataset) -> Samples:
    rows = (row for split in dataset.splits for row in dataset.rows(split))
    return Counter((dataset.classes[row.label], row.pixel_checksum) for row in rows)


if __name__ == "__main__":
    main()
