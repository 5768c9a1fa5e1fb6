"""What one sample costs by its index, in a small store and in a large one: `store[i]`, at random.

    python -m benchmarks.by_index STORE... [--small N] [--large N] [--rounds N]

For each store two of the same kind are written to a temporary folder, with its samples over and over until there are
`--small` and `--large`. Then they take turns, and medians over the turns are compared. The page cache is warm: every
sample of both was read before. `payload` is the stored bytes alone, handed out but not looked at; `sample` is what
`store[i]` returns, pixels and label.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.base.contracts import Contents
from core.stores.store import MANIFEST, Store, open_store

TURN = 5_000
"""Samples a turn."""

CHUNK = 4096


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", nargs="+", type=Path)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    print(f"| `store[i]` | {given.small:,} samples, µs | {given.large:,} samples, µs | ratio |")
    print("|---|---|---|---|")
    for path in given.stores:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            compare(path, Path(folder), given.small, given.large, given.rounds)


def compare(path: Path, folder: Path, small: int, large: int, rounds: int) -> None:
    store = open_store(path)
    sizes = {count: repeated(store, folder / str(count), count) for count in (small, large)}
    for each in sizes.values():
        warm(each)
    ways: dict[str, Callable[[Store, list[int]], None]] = {"payload": payloads, "sample": samples}
    for name, way in ways.items():
        times: dict[int, list[float]] = {count: [] for count in sizes}
        for turn in range(rounds):
            for count, each in sizes.items():
                indices = np.random.default_rng(turn).integers(0, count, TURN).tolist()
                began = time.perf_counter()
                way(each, indices)
                times[count].append(1e6 * (time.perf_counter() - began) / TURN)
        one, other = (statistics.median(times[count]) for count in (small, large))
        told = store.manifest
        print(f"| {told.format}/{told.variant}, {name} | {one:.2f} | {other:.2f} | {other / one:.2f} |", flush=True)


def payloads(store: Store, indices: list[int]) -> None:
    read = store.reader.read
    for index in indices:
        read([index])


def samples(store: Store, indices: list[int]) -> None:
    for index in indices:
        store[index]


def warm(store: Store) -> None:
    """Bring every page into the cache and into this process's map."""
    for first in range(0, len(store), CHUNK):
        for payload in store.reader.read(range(first, min(first + CHUNK, len(store)))):
            np.frombuffer(payload, np.uint8)[::2048].sum()


def repeated(store: Store, folder: Path, count: int) -> Store:
    """A store with the samples of this one, over and over, `count` in all."""
    folder.mkdir()
    split = store.split
    told = dataclasses.replace(
        store.manifest, splits={split: {**store.manifest.splits[split], "samples": count}}, shards={}
    )
    whole = Store(folder, split, told)
    bare = store.payload_shape if store.compression.identity else None
    contents = Contents(
        count, tuple(told.classes), bare, dictionary=store.reader.dictionary, metadata=store.reader.metadata
    )
    writer = store.format.writer(whole.container, contents)
    suffix = store.encoding.suffix(store.read([0])[0])
    for first in range(0, count, CHUNK):
        indices = [index % len(store) for index in range(first, min(first + CHUNK, count))]
        labels = store.labels[indices].tolist()
        writer.write(store.reader.read(indices), labels, [suffix] * len(indices))
    writer.close()
    told.save(folder / MANIFEST)
    return open_store(folder, split)


if __name__ == "__main__":
    main()
