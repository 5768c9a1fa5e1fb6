"""What the inspector takes for files of a million entries: the first grid, a page, a jump, and memory.

    python -m benchmarks.inspecting [--entries N] [--rounds N] [--folder DIR] [--kinds lmdb h5 tar tfrecord parquet]
                                    [--no-page] [--warm]

Files are made, unless they lie in `--folder` already: an LMDB of PNG images and an HDF5 file of pixels, 16 by 16; with
`--kinds` others, of the same PNG images with their labels. A file whose records are found only by walking through it
is walked through once before, which is timed. Each is then opened over and over, once with its pages in the page cache
and once with them dropped from it:

- by the reader, in a process of its own: opening and the first 48 cells; 48 cells anywhere; the most memory it held,
  told apart into its own and the file's pages, which are mapped and belong to the page cache;
- in a browser, beside the server on this machine: from the Enter key behind the path until the last cell of the first
  grid is drawn; the next page by key, a page anywhere by its number.

Goals: the first grid within 1 s, any page within 0.3 s, memory that does not grow with the file.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import lmdb
import numpy as np
import psutil
from PIL import Image
from playwright.sync_api import sync_playwright

from core.base.contracts import Contents
from core.base.events import finish
from core.base.home import Home
from core.formats import FORMATS
from core.inspect.files import InspectedFile
from core.inspect.roots import VARIABLE
from core.inspect.task import Index
from tests.test_app_browser import QUIET, browser_path, serving

CELLS, EDGE = 48, 64
"""Of a grid: how many, and the pixels that each has to fit."""

AT_ONCE = 50_000
DIFFERENT = 1_000
JUMPS = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the files are, or are to be left")
    parser.add_argument("--no-page", action="store_true", help="ask the reader only")
    parser.add_argument("--kinds", nargs="+", choices=list(WRITERS), default=["lmdb", "h5"], metavar="KIND")
    parser.add_argument("--warm", action="store_true", help="with the files in the page cache only")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        given.home = Home(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        given.caches = (False,) if given.warm else (False, True)
        files = made(folder, given.entries, given.kinds)
        for file in files:
            walked(file, given.home)
        print(
            "| file, page cache | first grid s | page ms | memory MB, own | with mapped pages |\n|---|---|---|---|---|"
        )
        for file in files:
            for cold in given.caches:
                print(f"| {named(file, cold)} | {read(file, cold, given)} |", flush=True)
        if not given.no_page:
            print("\n| in the browser | first grid s | next page s | page anywhere s |\n|---|---|---|---|")
            look(files, given)


def named(file: Path, cold: bool) -> str:
    return f"{file.name}, {file.stat().st_size / 1e6:,.0f} MB, {'cold' if cold else 'warm'}"


def told(seconds: list[float], scale: float = 1.0, digits: int = 2) -> str:
    low, middle, high = (scale * pick(seconds) for pick in (min, statistics.median, max))
    return f"{middle:.{digits}f} ({low:.{digits}f} - {high:.{digits}f})"


# ---------------------------------------------------------------- the files


def made(folder: Path, entries: int, kinds: Sequence[str]) -> list[Path]:
    """A file of each kind, written where it is not there already."""
    folder.mkdir(parents=True, exist_ok=True)
    images = np.random.default_rng(0).integers(0, 256, (DIFFERENT, 16, 16, 3), np.uint8)
    files = {folder / f"entries-{entries}.{kind}": WRITERS[kind] for kind in kinds}
    for file, write in files.items():
        if not file.exists():
            write(file, images, entries)
    return list(files)


def _write_lmdb(path: Path, images: np.ndarray[Any, Any], entries: int) -> None:
    values = [_png(image) for image in images]
    with lmdb.open(str(path), map_size=entries * 4096 + (1 << 26), subdir=False, lock=False) as environment:
        for start in range(0, entries, AT_ONCE):
            with environment.begin(write=True) as transaction:
                for index in range(start, min(start + AT_ONCE, entries)):
                    transaction.put(b"%08d" % index, values[index % DIFFERENT], append=True)


def _png(image: np.ndarray[Any, Any]) -> bytes:
    file = BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def _write_hdf5(path: Path, images: np.ndarray[Any, Any], entries: int) -> None:
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("images", (entries, *images.shape[1:]), "u1", chunks=(64, *images.shape[1:]))
        for start in range(0, entries, AT_ONCE):
            numbers = np.arange(start, min(start + AT_ONCE, entries))
            dataset[start : start + len(numbers)] = images[numbers % DIFFERENT]
        file["labels"] = np.arange(entries) % 10


def _write_built(form: str, path: Path, images: np.ndarray[Any, Any], entries: int) -> None:
    """The one shard of a container built here, as others hand it on: without what lies beside."""
    values = [_png(image) for image in images]
    folder = path.with_name("made")
    classes = tuple(f"class {number}" for number in range(10))
    writer = FORMATS.make(form, {"shards": 1}).writer(folder, Contents(entries, classes))
    for start in range(0, entries, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, entries))
        payloads = [values[number % DIFFERENT] for number in numbers]
        writer.write(payloads, [number % 10 for number in numbers], [".png"] * len(numbers))
    writer.close()
    (shard,) = (file for file in folder.iterdir() if file.name.startswith("made-"))
    shard.rename(path)
    shutil.rmtree(folder)


WRITERS: dict[str, Callable[[Path, Any, int], None]] = {
    "lmdb": _write_lmdb,
    "h5": _write_hdf5,
    "tar": partial(_write_built, "webdataset"),
    "tfrecord": partial(_write_built, "tfrecord"),
    "parquet": partial(_write_built, "parquet"),
}


def walked(file: Path, home: Home) -> None:
    """Walk through a file, where that takes a walk, and tell the seconds."""
    prepare(file, cold=False)
    began = time.perf_counter()
    noted = finish(Index(str(file), str(home.root)).run())
    if noted["bytes"]:
        print(f"walked through {file.name}: {time.perf_counter() - began:.1f} s for {noted['entries']:,} records\n")


def prepare(file: Path, cold: bool) -> None:
    """Bring a file into the page cache as a whole, or drop it from there."""
    with file.open("rb", buffering=0) as opened:
        os.fsync(opened.fileno())
        if cold:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        else:
            while opened.read(1 << 24):
                pass


# ---------------------------------------------------------------- the reader


def read(file: Path, cold: bool, given: argparse.Namespace) -> str:
    """A table's row: the first grid, a page anywhere, and memory."""
    firsts, pages, own, mapped = [], [], 0.0, 0.0
    for number in range(given.rounds):
        prepare(file, cold)
        began = time.perf_counter()
        with InspectedFile(file, home=given.home) as opened:
            opened.summary()
            opened.cells(range(CELLS), EDGE)
            firsts.append(time.perf_counter() - began)
            pages += list(_page_times(opened, random.Random(number), given.entries))
            memory = _memory(psutil.Process().children())
        own, mapped = max(own, memory[0]), max(mapped, memory[1])
    return f"{told(firsts)} | {told(pages, 1e3, 0)} | {own:,.0f} | {mapped:,.0f}"


def _page_times(opened: InspectedFile, draw: random.Random, entries: int) -> Iterator[float]:
    for _ in range(JUMPS):
        start = draw.randrange(entries - CELLS)
        began = time.perf_counter()
        opened.cells(range(start, start + CELLS), EDGE)
        yield time.perf_counter() - began


def _memory(processes: list[psutil.Process]) -> tuple[float, float]:
    """(MB of the readers' own, the most MB that were resident, mapped pages of the file included)."""
    told = {process.pid: Path(f"/proc/{process.pid}/status").read_text().splitlines() for process in processes}
    readers = [lines for pid, lines in told.items() if "core.inspect.reader" in " ".join(psutil.Process(pid).cmdline())]
    return tuple(  # type: ignore[return-value]
        sum(int(line.split()[1]) for lines in readers for line in lines if line.startswith(name)) / 1e3
        for name in ("RssAnon", "VmHWM")
    )


# ---------------------------------------------------------------- the page


def look(files: list[Path], given: argparse.Namespace) -> None:
    """A table's rows of what somebody waits who looks at the page."""
    path = browser_path()
    if path is None:
        raise SystemExit("no Chromium or Chrome here: give --no-page, or name it in the variable CHROMIUM")
    os.environ[VARIABLE] = str(files[0].parent)
    with _another(files[0]) as first, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        for file in files:
            for cold in given.caches:
                times: dict[str, list[float]] = {"first": [], "next": [], "anywhere": []}
                for number in range(given.rounds):
                    with serving(given.home.root) as address:  # nothing of the last round is remembered
                        _visit(browser, address, first, file, cold, random.Random(number), times)
                row = " | ".join(told(seconds) for seconds in times.values())
                print(f"| {named(file, cold)} | {row} |", flush=True)
        browser.close()


@contextmanager
def _another(beside: Path) -> Iterator[Path]:
    """A small file to open first: what the page itself takes to be drawn is not what is measured here."""
    path = beside.with_name("small.h5")
    with h5py.File(path, "w") as file:
        file["images"] = np.zeros((100, 16, 16, 3), np.uint8)
    yield path
    path.unlink()


def _visit(
    browser: Any, address: str, first: Path, file: Path, cold: bool, draw: random.Random, times: dict[str, list[float]]
) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{address}/inspector?file={first}")
    _seen(page, 0)
    page.wait_for_timeout(1500)
    prepare(file, cold)
    page.get_by_label("Path", exact=True).fill(str(file))
    began = time.perf_counter()
    page.keyboard.press("Enter")
    page.get_by_text(f"in {file.name}").first.wait_for()
    _seen(page, CELLS - 1)
    times["first"].append(time.perf_counter() - began)
    page.wait_for_timeout(1500)  # the first grid is looked at; what lies below it is drawn meanwhile
    page.locator("[data-position]").first.click()
    page.wait_for_timeout(700)
    entries = int(file.stem.split("-")[1])
    for number in range(1, JUMPS):
        began = time.perf_counter()
        page.keyboard.press("PageDown")
        _seen(page, number * CELLS)
        times["next"].append(time.perf_counter() - began)
        page.wait_for_timeout(500)
    for _ in range(JUMPS):
        wanted = draw.randrange(entries)
        page.get_by_label("Go to index or key").fill(str(wanted))
        began = time.perf_counter()
        page.keyboard.press("Enter")
        _seen(page, wanted)
        times["anywhere"].append(time.perf_counter() - began)
        page.wait_for_timeout(500)
    page.close()


def _seen(page: Any, position: int) -> None:
    """Wait until the cell of a position is there; its picture comes with it."""
    page.locator(f"[data-position='{position}'] img").wait_for()


if __name__ == "__main__":
    main()
