"""Mutated JPEGs through our decoder, seeded and reproducible: does it ever read beyond its input, or give wrong pixels?

    python -m benchmarks.fuzz_jpeg --images 200000 [--first SEED] [--slice 5000] [--pause SECONDS]

Each image ends at a page that must not be touched, and so do the batch, the decoder's tables and its working memory
(or they begin behind one): what reads or writes beyond them ends the process, which is a finding. A process of its own
decodes a slice of seeds, each image with a fresh state and with one that has seen all images before it, whole and as a
view of 224 x 224. Findings are:

    crash       the process died; the seed is told
    history     the fresh state gives something else than the used one
    pixels      it differs from Pillow's pixels (a view: by more than `VIEW_LEVELS` from Pillow's planes, resized)
    accepted    it answers where Pillow refuses
    staged      the reference stages (libjpeg-turbo through simplejpeg) differ from Pillow's pixels, or answer alone

The counts are printed; the exit status is 1 where there is a finding. `--keep DIR` writes the files of findings.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.jpeg_files import clean
from benchmarks.jpeg_mutations import mutated

REPOSITORY = Path(__file__).parent.parent
CHILD = (sys.executable, "-m", "benchmarks.fuzz_jpeg", "--child")
TOLD = 50
"""Images between two reports of a slice's counts, of which the last counts where it dies."""
SECONDS = 1800
"""That a slice may take."""


def findings_of(first: int, count: int, *, keep: Path | None = None) -> tuple[Counter[str], list[dict[str, Any]]]:
    """What became of the images of these seeds, and what was found, in a process that may die."""
    counts: Counter[str] = Counter()
    found: list[dict[str, Any]] = []
    with tempfile.NamedTemporaryFile() as place:
        np.full(1, first, np.int64).tofile(place.name)
        while first < (end := first + count):
            process = subprocess.run(
                [*CHILD, place.name, "--first", str(first), "--images", str(count)],
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
        (keep / f"{finding['kind']}-{finding['seed']}.jpg").write_bytes(mutated(finding["seed"]))
    return counts, found


def _child(place: Path, first: int, count: int) -> None:
    """Decode these seeds, and tell what is found a line each; `place` holds the seed in hand, whatever happens."""
    from benchmarks.jpeg_checks import Checker

    now = np.memmap(place, np.int64, "r+", shape=(1,))
    checker = Checker(clean())
    for seed in range(first, first + count):
        now[0] = seed
        for kind, what in checker.check(seed, mutated(seed)):
            print(json.dumps({"seed": seed, "kind": kind, "what": what}), flush=True)
        if seed % TOLD == 0 or seed == first + count - 1:
            print(json.dumps({"counts": checker.counts}), flush=True)


def _slices(first: int, images: int, size: int) -> Iterator[tuple[int, int]]:
    for start in range(first, first + images, size):
        yield start, min(size, first + images - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--slice", type=int, default=5000)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two slices")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        _child(given.child, given.first, given.images)
        return
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    found: list[dict[str, Any]] = []
    begun = time.monotonic()
    for first, count in _slices(given.first, given.images, given.slice):
        more, new = findings_of(first, count, keep=given.keep)
        counts.update(more)
        found += new
        for finding in new:
            print(json.dumps(finding), flush=True)
        print(f"{first + count - given.first:,} images, {time.monotonic() - begun:.0f} s, {dict(counts)}", flush=True)
        time.sleep(given.pause)
    print(json.dumps({"images": given.images, "first": given.first, **counts, "findings": len(found)}))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
