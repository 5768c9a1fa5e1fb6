"""Homes with something spoiled in each, seeded and reproducible: does every page of the app still draw?

    python -m benchmarks.fuzz_homes --homes 200 [--seed 0] [--each 1] [--keep DIR]

A home has a dataset, stores, a record, a job and a memory of every kind (`benchmarks.homes`); in a copy of it `--each`
things are changed: fields gone or of another kind, files that are no JSON, cut, empty, folders, links, pipes, devices
or 8 GiB large, an index with other tables. All pages and views are drawn, in this process. Told is every page that has
an exception, or needs longer than 30 s; the exit status is 1 where there is any.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from streamlit.testing.v1 import AppTest

from benchmarks.homes import furnish, spoil
from core.base.home import Home
from core.measure.runs import all_runs
from core.stores.store import list_stores

ROOT = Path(__file__).resolve().parent.parent
SLOW = 30.0
PAGES = ("start", "dataset", "build", "benchmark", "train", "inspector", "report")


class Fault(NamedTuple):
    """A page that did not draw, and why."""

    where: str
    why: str


def open_page(page: str, state: Mapping[str, Any]) -> AppTest:
    """The app on a page, its session prepared as clicks would have left it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=4 * SLOW)
    for key, value in state.items():
        app.session_state[key] = value
    app.run()
    return app if page == "start" else app.switch_page(f"pages/{page}.py").run()


RESULTS = {"benchmark.view": "Results", "results.all_datasets": True}


def views(home: Home, spoiled: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(page, state of the session) of every page, and of the views that show more of what was `spoiled`."""
    yield from ((page, {}) for page in PAGES)
    yield "benchmark", {"benchmark.view": "Storage"}
    yield "benchmark", RESULTS
    if spoiled.startswith("data/raw"):
        yield from (("dataset", {"dataset.view.shapes": view}) for view in ("Classes", "Shapes and sizes"))
        yield from _inspected(home)
    if spoiled.startswith("data/built"):
        yield from (("build", {"build.chart": view}) for view in ("Time and files", "Table"))
        yield from _inspected(home)
    if spoiled.startswith("runs/"):
        yield from (("benchmark", {"benchmark.result.view": view}) for view in ("Why", "Machine", "Turns"))
        yield from (("train", {"train.result.view": view}) for view in ("Waiting", "Machine", "Epochs"))
        yield from (("benchmark", {**RESULTS, "results.opened": name}) for name in _runs(home))
        yield from (("benchmark", {**RESULTS, "results.view": view}) for view in ("Figures", "Machines", "Monitor"))


def _runs(home: Home) -> list[str]:
    return [run.name for run in all_runs(home)]


def _inspected(home: Home) -> Iterator[tuple[str, dict[str, Any]]]:
    for store in (str(store.path) for store in list_stores(home)):
        for view in ("images", "structure"):
            yield "inspector", {"inspector.source": "store", "inspector.store": store, "inspector.view": view}


def faults_of(
    home: Home, spoiled: str = "", wanted: Sequence[tuple[str, dict[str, Any]]] | None = None
) -> Iterator[Fault]:
    """Draw the pages of a home; FORMAT_MATTERS_HOME says that it is this one."""
    for page, state in wanted if wanted is not None else views(home, spoiled):
        where = " ".join([page, *(f"{key}={value}" for key, value in state.items())])
        began = time.monotonic()
        try:
            app = open_page(page, state)
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
            yield Fault(where, traceback.format_exc(limit=-2).strip().replace("\n", " | "))
            continue
        for found in app.exception:
            line = next((line for line in reversed(found.stack_trace) if "/" in line), "")
            yield Fault(where, f"{found.message[:200]} {' '.join(line.split())[:160]}")
        if time.monotonic() - began > SLOW:
            yield Fault(where, f"it took {time.monotonic() - began:.0f} s")


def main(arguments: Sequence[str]) -> int:
    logging.disable(logging.ERROR)  # Streamlit says on every page that it has no server here, and every fault twice
    os.environ["STREAMLIT_CLIENT_SHOW_ERROR_DETAILS"] = "full"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--homes", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="number of the first home: to go on, or to repeat one")
    parser.add_argument("--each", type=int, default=1, help="things that are spoiled in each")
    parser.add_argument("--keep", type=Path, help="a folder that keeps the homes with faults")
    given = parser.parse_args(arguments)
    bad, kinds, began = 0, Counter[str](), time.monotonic()
    with tempfile.TemporaryDirectory() as work:
        whole, root = furnish(Path(work) / "home").root, Path(work) / "home"
        whole = whole.rename(Path(work) / "whole")
        os.environ["FORMAT_MATTERS_HOME"] = str(root)
        for number in range(given.first, given.first + given.homes):
            _copy(whole, root)  # always to one place: what a page measures of the images is kept by it
            dice = random.Random(number)
            said = [spoil(root, dice) for _ in range(given.each)]
            found = list(faults_of(Home(root), said[0]))
            kinds[said[0].split(":")[1].strip()] += 1
            if found:
                bad += 1
                print(f"home {number}: {'; '.join(said)}")
                for fault in found:
                    print(f"    {fault.where}: {fault.why}", flush=True)
                if given.keep:
                    shutil.copytree(root, given.keep / str(number), symlinks=True, dirs_exist_ok=True)
    each = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    print(
        f"{given.homes} homes ({each}), {bad} of them with an exception on a page, in {time.monotonic() - began:.0f} s"
    )
    return 1 if bad else 0


def _copy(whole: Path, root: Path) -> None:
    """A fresh copy, written now, so that nothing that was kept of the one before is taken for it."""
    if root.is_symlink() or root.is_file():
        root.unlink()
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(whole, root)
    for path in [root, *root.rglob("*")]:
        os.utime(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
