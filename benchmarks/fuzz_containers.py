"""Stores of every layout, damaged on purpose, seeded and reproducible: what do their readers say?

    python -m benchmarks.fuzz_containers --cases 3000 [--first 0] [--keep DIR] [--verify always]

Small stores are built once: every format with its layouts, and encodings and compressions with them. Each case is a
copy of one with an edit that knows where the structure lies (`container_edits`). In a process of its own, held to
1 GiB, each sample is then read through `Store[i]` and through an epoch of the three loaders, and the store is verified.
Each of these routes ends as `right` (all samples are as they were), `told` (one InputError or WorkError) or `silent`
(wrong samples and not a word); anything else is a fault: an error of a library, a signal, 20 seconds, more memory.
Silent ones that `verify` does not find either are faults, too. The exit status is 1 where there is one.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.container_edits import spoil
from core.base.errors import FormatMattersError, InputError, WorkError
from core.loading import compile_now

SECONDS, BYTES = 20.0, 1 << 30
STARTING = 600.0
"""Seconds: on a new machine, kernels are compiled first."""

SAMPLES = 40

LAYOUTS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("disk", "original", "none", {}),
    ("disk", "raw", "zstd", {}),
    ("disk", "png", "zstd-dict", {}),
    ("lmdb", "raw", "none", {}),
    ("lmdb", "original", "lz4", {}),
    ("lmdb", "jpeg", "none", {"group": 7}),
    ("lmdb", "raw", "zstd-dict", {"group": 4}),
    ("hdf5", "raw", "none", {}),
    ("hdf5", "jpeg", "none", {}),
    ("hdf5", "png", "zstd", {}),
    ("hdf5", "raw", "none", {"layout": "chunked", "chunk": 3}),
    ("hdf5", "raw", "none", {"filter": "gzip"}),
    ("hdf5", "raw", "none", {"filter": "zstd"}),
    ("hdf5", "jpeg", "none", {"layout": "chunked"}),
    ("hdf5", "original", "none", {"layout": "vlen"}),
    ("hdf5", "png", "lz4", {"layout": "vlen"}),
    ("arrow", "original", "none", {}),
    ("arrow", "raw", "none", {}),
    ("parquet", "original", "none", {"shards": 2}),
    ("parquet", "raw", "none", {"parquet_compression": "zstd-pages"}),
]
ROUTES = ("store", "fast", "torch", "naive", "verify")

Truth = list[tuple[np.ndarray[Any, Any], int]]


@dataclass
class Outcome:
    """How each route ended: "right", "told", "silent", or what is wrong; `error` is its last words."""

    ended: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)


# ---------------------------------------------------------------- whole stores


def build_all(home: Path) -> list[Path]:
    """The stores of `LAYOUTS`, of a few images of 24 x 24."""
    from core.base.events import finish
    from core.building import Build
    from core.importing.task import Import

    options = {"size": 24, "train": SAMPLES, "val": 4}
    finish(Import("shapes", "shapes", options=options, home=str(home)).run())
    return [
        Path(finish(Build("shapes", *parts, options, workers=0, home=str(home)).run())["store"])
        for *parts, options in LAYOUTS
    ]


def truth_of(store: Path) -> Truth:
    from core.stores.store import open_store

    opened = open_store(store)
    return [opened[index] for index in range(len(opened))]


# ---------------------------------------------------------------- the routes, in a process of their own


def serve(answers: Connection, questions: Connection, whole: Mapping[str, Path], check: str) -> None:
    """Answer (folder, layout) with (route, end, last words) each, until there are no more questions."""
    truths = {name: truth_of(store) for name, store in whole.items()}
    for name, store in whole.items():  # whatever is compiled or imported once is no part of a case
        assert all(walked(store, route, truths[name], check) == ("right", "") for route in ROUTES), name
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (BYTES if hard == resource.RLIM_INFINITY else min(BYTES, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    answers.send(("done", "", ""))
    while (question := questions.recv()) is not None:
        folder, layout = question
        for route in ROUTES:
            answers.send(("begun", route, ""))
            answers.send(("ended", *walked(Path(folder), route, truths[layout], check)))
        answers.send(("done", "", ""))


def walked(folder: Path, route: str, truth: Truth, check: str) -> tuple[str, str]:
    """How one route through a store ends, and its last words."""
    try:
        right = _verified(folder) if route == "verify" else _read(folder, route, truth, check)
    except (InputError, WorkError) as error:
        text = str(error)
        return ("told", text) if text.strip() and "Traceback" not in text else ("an empty sentence", text)
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        return f"raw {type(error).__name__}", str(error)[:300]
    return ("right" if right else "silent"), ""


def _verified(folder: Path) -> bool:
    """Whether nothing is found; the container's part, which `Verify` has done in a process of its own."""
    from core.base.steps import outcome
    from core.building.check import check_split
    from core.building.verify import TimeLeft, changed_files
    from core.stores.store import Manifest, Store

    manifest = Manifest.load(folder)
    for split in manifest.splits:
        for report in check_split(Store(folder, split, manifest), None):
            if report.mismatches:
                raise InputError(report.mismatches[0].reason)
    if changed := outcome(changed_files(folder, manifest, [], TimeLeft(manifest, folder))):
        raise InputError(changed[0].reason)
    return True


def _read(folder: Path, route: str, truth: Truth, check: str) -> bool:
    from core.stores.store import open_store

    store = open_store(folder)
    try:
        if route == "store":
            return len(store) == len(truth) and all(
                same(store[index], expected) for index, expected in enumerate(truth)
            )
        settings: dict[str, Any] = {"verify": check} if check else {}
        batches = store.loader(batch_size=16, shuffle=False, workers=0, output="uint8", loader=route, **settings)
        given = [
            (pixels, int(label)) for images, labels in batches for pixels, label in zip(images, labels, strict=True)
        ]
        batches.close()
        return len(given) == len(truth) and all(
            same((np.asarray(pixels).transpose(1, 2, 0), label), expected)
            for (pixels, label), expected in zip(given, truth, strict=True)
        )
    finally:
        with suppress(FormatMattersError):
            store.close()


def same(given: tuple[Any, int], expected: tuple[Any, int]) -> bool:
    return given[1] == expected[1] and np.array_equal(given[0], expected[0])


# ---------------------------------------------------------------- the other side


class Reader:
    """A process that reads stores; one that dies or hangs is an outcome, and another takes its place."""

    def __init__(self, whole: Mapping[str, Path], check: str) -> None:
        self._whole, self._check = whole, check
        self._alive = False

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._answers, theirs = context.Pipe(duplex=False)
        asked, self._questions = context.Pipe(duplex=False)
        self._process = context.Process(target=serve, args=(theirs, asked, self._whole, self._check), daemon=True)
        self._process.start()
        theirs.close()
        asked.close()
        if not self._answers.poll(STARTING) or self._answers.recv()[0] != "done":
            raise RuntimeError("the process that reads does not start")
        self._alive = True

    def ask(self, folder: Path, layout: str) -> Outcome:
        if not self._alive:
            self._start()
        outcome, route = Outcome(), "start"
        self._questions.send((str(folder), layout))
        while True:
            try:
                if not self._answers.poll(SECONDS):
                    return self._dead(outcome, route, f"more than {SECONDS:g} s")
                kind, *told = self._answers.recv()
            except EOFError:
                self._process.join()
                return self._dead(outcome, route, f"exit status {self._process.exitcode}")
            if kind == "done":
                return outcome
            if kind == "begun":
                route = told[0]
            else:
                outcome.ended[route], outcome.said[route] = told

    def _dead(self, outcome: Outcome, route: str, how: str) -> Outcome:
        self.close()
        outcome.ended[route] = how
        return outcome

    def stop(self) -> None:
        """Halt the process, as a library does that goes round in circles."""
        os.kill(self._process.pid or 0, signal.SIGSTOP)

    def close(self) -> None:
        """End the process; the next question starts another."""
        if self._alive:
            self._process.kill()
            self._process.join()
            self._alive = False


def outcomes(
    cases: int, first: int, folder: Path, check: str, keep: Path | None
) -> Iterator[tuple[int, str, str, Outcome]]:
    """(seed, layout, what was done, how it ended) of each case."""
    layouts = {f"{store.parent.name}/{store.name}": store for store in build_all(folder / "home")}
    reader = Reader(layouts, check)
    names = list(layouts)
    try:
        for seed in range(first, first + cases):
            draw, name = random.Random(seed), names[seed % len(names)]
            copy = folder / f"case{seed}"
            shutil.copytree(layouts[name], copy)
            done = spoil(copy, name.partition("/")[0], draw)
            outcome = reader.ask(copy, name)
            if keep and faults_of(outcome):
                shutil.copytree(copy, keep / f"{seed}-{name.replace('/', '-')}", dirs_exist_ok=True)
            shutil.rmtree(copy)
            yield seed, name, done, outcome
    finally:
        reader.close()


def faults_of(outcome: Outcome) -> list[str]:
    """What may not be, a sentence each."""
    found = [f"{route}: {how}" for route, how in outcome.ended.items() if how not in ("right", "told", "silent")]
    silent = [route for route, how in outcome.ended.items() if how == "silent"]
    if silent and outcome.ended.get("verify") == "right":
        found.append(f"unseen: {', '.join(silent)} wrong, and verify finds nothing")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument(
        "--verify", default="", help="the loaders' setting of that name; their default where it is not given"
    )
    parser.add_argument("--keep", type=Path, help="a folder where the stores with faults stay")
    given = parser.parse_args()
    told: dict[str, Counter[str]] = {route: Counter() for route in ROUTES}
    faults = 0
    compile_now()  # the kernels are what is to be tried
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for seed, name, done, outcome in outcomes(given.cases, given.first, Path(folder), given.verify, given.keep):
            for route, how in outcome.ended.items():
                told.setdefault(route, Counter())[how] += 1
            for fault in faults_of(outcome):
                faults += 1
                route = fault.partition(":")[0]
                print(f"seed {seed} ({name}; {done}): {fault} {outcome.said.get(route, '')}"[:500], flush=True)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    print(json.dumps({"cases": given.cases, "faults": faults, "largest_mib": largest, **told}))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
