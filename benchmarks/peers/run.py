"""One peer in a process of its own: `python -m benchmarks.peers.run PEER WORK CIFAR PHOTOS FOLDER WORKERS`.

Says in one line of JSON what its first epoch held and how large its files are, then runs an epoch for each line it is
sent, and answers with what that took: the clock's seconds, and the processor's of all its processes.
"""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import works
from benchmarks.peers.entries import ENTRIES, Entry
from benchmarks.process_time import tree_seconds

LEAST_SECONDS = 1.0

Epochs = Callable[[], Iterator[tuple[Any, Any]]]


def main() -> None:
    name, work_name, cifar, photos, folder, workers = sys.argv[1:]
    answers = sys.stdout
    sys.stdout = sys.stderr  # libraries print what they like
    work = works(Path(cifar), Path(photos), Path(folder))[work_name]
    entry = ENTRIES[name]
    module = importlib.import_module(f"benchmarks.peers.{entry.module}")
    place = Path(folder) / (entry.files_of or name) / work_name
    if not place.exists():
        making = place.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        module.prepare(work, making, **entry.files)
        making.rename(place)
    start = time.perf_counter()
    epochs = module.open_epochs(work, place, int(workers), **entry.settings)
    report = held(epochs, start, entry) | {"bytes": size_of(place / getattr(module, "FILES", ""))}
    print(json.dumps(report), file=answers, flush=True)
    for _ in sys.stdin:
        print(json.dumps(timed(epochs)), file=answers, flush=True)


def held(epochs: Epochs, start: float, entry: Entry) -> dict[str, Any]:
    """What an epoch holds: for the comparison with what it should."""
    labels, sums, first = [], np.zeros(3), 0.0
    for images, targets in epochs():
        first = first or time.perf_counter() - start
        assert str(images.dtype).rpartition(".")[2] == entry.output
        pixels = np.asarray(images.float() if entry.output == "bfloat16" else images)
        assert pixels.shape[1] == 3
        sums += pixels.mean((2, 3), dtype=np.float64).sum(0)
        labels += np.asarray(targets).ravel().tolist()
    if not labels:
        raise SystemExit("its epoch held no batch (its own words are above)")
    return {"first_batch_s": first, "labels": labels, "means": (sums / len(labels)).tolist(), "shape": pixels.shape[1:]}


def size_of(place: Path) -> int:
    """Bytes of all files that were written for it."""
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file())


def timed(epochs: Epochs) -> dict[str, float]:
    """Samples and seconds of whole epochs, a second's worth of them, each batch taken and let go."""
    samples, processor, start = 0, tree_seconds(), time.perf_counter()
    while (seconds := time.perf_counter() - start) < LEAST_SECONDS:
        for images, _ in epochs():
            samples += len(images)
    return {"samples": samples, "seconds": seconds, "processor_seconds": tree_seconds() - processor}


if __name__ == "__main__":
    main()
