"""Every format x encoding of a folder of images, built and verified: the four sizes, and images per second."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.container_goals import Reached, rows
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.importing.task import Import

FORMATS = ("lmdb", "csv", "webdataset", "tfrecord", "parquet", "arrow", "npy", "zarr")
"""The first is what the others are compared with."""

NAME = "images"
LIBRARIES = ("lmdb", "pyarrow.parquet", "zarr")
"""What is imported before the first build: the first use of a library is no part of a format's rate."""

SIZES = ("payload", "used", "allocated", "apparent")
RATES = {"webdataset": 60_000, "tfrecord": 60_000, "parquet": 50_000, "arrow": 50_000}
"""Images per second that a build of original bytes should reach."""


@dataclass(frozen=True, slots=True)
class Built:
    """A store, what its build told, and the seconds that it took."""

    form: str
    encoding: str
    path: Path
    told: dict[str, Any]
    seconds: float

    @property
    def samples(self) -> int:
        return sum(split["samples"] for split in self.told["splits"].values())

    @property
    def rate(self) -> float:
        """Images per second of writing and reading back, as the build itself tells; starting is left out."""
        return self.samples / sum(split["seconds"] for split in self.told["splits"].values())


def imported(images: Path, folder: Path) -> Home:
    """The home with the images as one split; and all libraries that builds need."""
    for library in LIBRARIES:
        import_module(library)
    home = Home(folder / "home")
    if not (home.raw / NAME).exists():
        print(f"importing {images}", flush=True)
        finish(Import(str(images), NAME, options={"val_fraction": "0"}, home=str(home.root)).run())
    return home


def place_of(home: Home, form: str, encoding: str) -> Path | None:
    """The store's folder, if it is there."""
    found = sorted((home.built / NAME / form).glob(f"{encoding}*/manifest.json"))
    return found[0].parent if found else None


def built(home: Home, form: str, encoding: str) -> list[Built]:
    """The store built anew; none where the format has no such store (csv keeps the images where they are)."""
    if form == "csv" and encoding != "original":
        return []
    began = time.perf_counter()
    told = finish(Build(NAME, form, encoding, force=True, home=str(home.root)).run())
    seconds = time.perf_counter() - began
    made = Built(form, encoding, Path(told["store"]), told, seconds)
    print(f"built {form}/{encoding}: {seconds:.1f} s, {made.rate:,.0f} images/s", flush=True)
    return [made]


def table(stores: Sequence[Built]) -> str:
    """The four sizes and the rates, as Markdown."""
    head = ["store", *(f"{size} MB" for size in SIZES), "files", "images/s", "x LMDB's", "with starting, s", "verified"]
    cells = []
    for one in stores:
        splits = list(one.told["splits"].values())
        sizes = [f"{sum(split[f'{size}_bytes'] for split in splits) / 1e6:.1f}" for size in SIZES]
        beside = _lmdb(stores, one.encoding)
        ratio = "-" if beside is None else f"{one.rate / beside.rate:.2f}"
        files = sum(split["files"] for split in splits)
        verified = {True: "yes", False: "NO"}[bool(one.told["verified"])]
        told = [f"{files:,}", f"{one.rate:,.0f}", ratio, f"{one.seconds:.1f}", verified]
        cells.append([f"{one.form}/{one.path.name}", *sizes, *told])
    return "### Sizes and builds\n\n" + rows(head, cells)


def goals(stores: Sequence[Built]) -> list[Reached]:
    return [
        Reached("build, original bytes, images/s", one.form, RATES[one.form], one.rate)
        for one in stores
        if one.encoding == "original" and one.form in RATES
    ]


def _lmdb(stores: Sequence[Built], encoding: str) -> Built | None:
    return next((one for one in stores if (one.form, one.encoding) == ("lmdb", encoding)), None)
