"""Seeded, reproducible fuzzing of a decoder, in processes that may die of it."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

REPOSITORY = Path(__file__).parent.parent
TOLD = 50
"""Images between two reports of a slice's counts, of which the last counts where it dies."""
SECONDS = 1800
"""That a slice may take."""


class Checks(Protocol):
    """Decodes images in guarded memory; counts what became of them."""

    counts: Counter[str]

    def check(self, seed: int, data: bytes) -> Iterable[tuple[str, str]]:
        """What is wrong with the answers to this image: (kind, in words)."""
        ...


@dataclass(frozen=True)
class Fuzz:
    """`module`: the one that calls `main`. `mutated`: the file of a seed. `checker`: called in the child alone."""

    module: str
    suffix: str
    mutated: Callable[[int], bytes]
    checker: Callable[[], Checks]

    def findings_of(
        self, first: int, count: int, *, keep: Path | None = None
    ) -> tuple[Counter[str], list[dict[str, Any]]]:
        """What became of the images of these seeds, and what was found, in a process that may die."""
        counts: Counter[str] = Counter()
        found: list[dict[str, Any]] = []
        with tempfile.NamedTemporaryFile() as place:
            np.full(1, first, np.int64).tofile(place.name)
            while first < (end := first + count):
                options = ("--child", place.name, "--first", str(first), "--images", str(count))
                process = subprocess.run(
                    [sys.executable, "-m", self.module, *options],
                    capture_output=True,
                    text=True,
                    cwd=REPOSITORY,
                    timeout=SECONDS,
                )
                lines = [json.loads(line) for line in process.stdout.splitlines() if line.startswith("{")]
                found += [line for line in lines if "kind" in line]
                counts.update(next((line["counts"] for line in reversed(lines) if "counts" in line), {}))
                if process.returncode == 0:
                    break
                seed = int(np.fromfile(place.name, np.int64)[0])
                why = f"status {process.returncode}: {process.stderr.strip().splitlines()[-1:]}"
                found.append({"seed": seed, "kind": "crash", "what": why})
                first, count = seed + 1, end - seed - 1
        for finding in found if keep else []:
            assert keep is not None
            name = f"{finding['kind']}-{finding['seed']}.{self.suffix}"
            (keep / name).write_bytes(self.mutated(finding["seed"]))
        return counts, found

    def _child(self, place: Path, first: int, count: int) -> None:
        """Decode these seeds, and tell what is found a line each; `place` holds the seed in hand, whatever happens."""
        now = np.memmap(place, np.int64, "r+", shape=(1,))
        checker = self.checker()
        for seed in range(first, first + count):
            now[0] = seed
            for kind, what in checker.check(seed, self.mutated(seed)):
                print(json.dumps({"seed": seed, "kind": kind, "what": what}), flush=True)
            if seed % TOLD == 0 or seed == first + count - 1:
                print(json.dumps({"counts": checker.counts}), flush=True)

    def main(self, description: str | None) -> None:
        """The command line; the exit status is 1 where there is a finding."""
        given = _arguments(description)
        if given.child:
            self._child(given.child, given.first, given.images)
            return
        if given.keep:
            given.keep.mkdir(parents=True, exist_ok=True)
        counts: Counter[str] = Counter()
        found: list[dict[str, Any]] = []
        begun = time.monotonic()
        for first, count in _slices(given.first, given.images, given.slice):
            more, new = self.findings_of(first, count, keep=given.keep)
            counts.update(more)
            found += new
            for finding in new:
                print(json.dumps(finding), flush=True)
            done, seconds = first + count - given.first, time.monotonic() - begun
            print(f"{done:,} images, {seconds:.0f} s, {dict(counts)}", flush=True)
            time.sleep(given.pause)
        print(json.dumps({"images": given.images, "first": given.first, **counts, "findings": len(found)}))
        sys.exit(1 if found else 0)


def _slices(first: int, images: int, size: int) -> Iterator[tuple[int, int]]:
    for start in range(first, first + images, size):
        yield start, min(size, first + images - start)


def _arguments(description: str | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--slice", type=int, default=5000)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two slices")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()
