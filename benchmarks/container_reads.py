"""Stores read back with the formats' own tools, compared with the images pixel for pixel."""

from __future__ import annotations

import argparse
import importlib.util
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.container_builds import NAME, place_of
from benchmarks.container_goals import Reached, rows
from benchmarks.container_readers import NOT_INSTALLED, TOOLS, digest
from core.base.home import REPOSITORY, Home
from core.datasets.dataset import Dataset

AT_ONCE = os.cpu_count() or 1
PATIENCE = 600


@dataclass(frozen=True, slots=True)
class Read:
    """What a tool read of a store: `wrong` is empty where all samples are the images' own; None: it is not there."""

    form: str
    encoding: str
    tool: str
    seconds: float
    wrong: str | None

    @property
    def verdict(self) -> str:
        return "not installed" if self.wrong is None else self.wrong or "identical"


def run(home: Home, given: argparse.Namespace) -> list[Reached]:
    """The table of what the tools read; and as a goal, that all of it is the images' own."""
    dataset = Dataset.open(home, NAME)
    wanted = {split: digests(dataset, split) for split in dataset.splits}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda job: read(*job, wanted, given.peers_python), jobs(home, given)))
    cells = [[f"{one.form}/{one.encoding}", one.tool, f"{one.seconds:.1f}", one.verdict] for one in found]
    print("### Read with the formats' own tools\n\n" + rows(["store", "tool", "s", "samples"], cells), flush=True)
    told = [one for one in found if one.wrong is not None]
    alike = sum(one.wrong == "" for one in told) / max(len(told), 1)
    return [Reached("stores that the formats' own tools read, pixel for pixel", f"{len(told)} readings", 1, alike)]


def digests(dataset: Dataset, split: str) -> np.ndarray:
    """Of every image as Pillow decodes it, and its label."""
    print(f"decoding {dataset.splits[split]:,} images with Pillow", flush=True)
    found = []
    for row in dataset.rows(split):
        pixels = np.asarray(Image.open(io.BytesIO(dataset.read(row))).convert("RGB"))
        found.append(digest(pixels.tobytes(), row.label))
    return np.array(found, np.uint64)


def jobs(home: Home, given: argparse.Namespace) -> Iterator[tuple[str, str, str, Path]]:
    """(format, encoding, tool, store) of all stores that are there."""
    for encoding in given.encodings:
        for form in given.formats:
            store = place_of(home, form, encoding)
            if store is not None:
                yield from ((form, encoding, tool, store) for tool in TOOLS.get(form, {}))


def read(form: str, encoding: str, tool: str, store: Path, wanted: dict[str, np.ndarray], peers_python: str) -> Read:
    """One store with one tool, all its splits."""
    began = time.perf_counter()
    wrong: str | None = ""
    for split, right in wanted.items():
        if wrong == "":
            wrong = _of_split(form, encoding, tool, store, split, right, peers_python)
    made = Read(form, encoding, tool, time.perf_counter() - began, wrong)
    print(f"{form}/{encoding} with {tool}: {made.verdict} ({made.seconds:.1f} s)", flush=True)
    return made


def _of_split(
    form: str, encoding: str, tool: str, store: Path, split: str, right: np.ndarray, peers_python: str
) -> str | None:
    """What is wrong with what a tool reads of a split, "" for nothing; None where it is not installed."""
    python = sys.executable if importlib.util.find_spec(tool) is not None else peers_python
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "digests.npy"
        command = [python, "-m", "benchmarks.container_readers", form, tool, str(store), split, encoding, str(out)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=REPOSITORY)
        except subprocess.TimeoutExpired:
            return f"took more than {PATIENCE} s"
        if done.returncode == NOT_INSTALLED:
            return None
        if done.returncode:
            return (done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"])[-1][:160]
        return compared(np.load(out), right)


def compared(found: np.ndarray, right: np.ndarray) -> str:
    """How samples differ from what they should be, in words; "" where they do not."""
    if len(found) != len(right):
        return f"{len(found):,} samples where {len(right):,} belong"
    different = int(np.count_nonzero(found != right))
    return f"{different:,} of {len(right):,} samples DIFFER" if different else ""
