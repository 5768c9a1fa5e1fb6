"""Grain over ArrayRecord-like random access: its own threads and processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.peers import Work
from benchmarks.peers.samples import encoded, to_sample


def prepare(work: Work, folder: Path) -> None:
    samples = list(encoded(work))
    np.save(folder / "offsets.npy", np.cumsum([0, *(len(data) for data, _ in samples)]))
    np.save(folder / "labels.npy", np.array([label for _, label in samples]))
    (folder / "images.bin").write_bytes(b"".join(data for data, _ in samples))


class _Packed:
    """Random access to packed bytes, as Grain's sources have it."""

    def __init__(self, folder: Path) -> None:
        self._memory = np.memmap(folder / "images.bin", np.uint8, "r")
        self._offsets, self._labels = np.load(folder / "offsets.npy"), np.load(folder / "labels.npy")

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[bytes, int]:
        return self._memory[self._offsets[index] : self._offsets[index + 1]].tobytes(), int(self._labels[index])


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    import grain.python as grain

    source, seeds = _Packed(folder), count()

    def epoch() -> Iterator[Any]:
        samples = grain.MapDataset.source(source).shuffle(seed=next(seeds))
        samples = samples.map(lambda pair: to_sample(*pair, work))
        batches = samples.to_iter_dataset(grain.ReadOptions(num_threads=max(workers, 1))).batch(
            work.batch_size,
            batch_fn=lambda pairs: (torch.stack([a for a, _ in pairs]), torch.tensor([b for _, b in pairs])),
        )
        return iter(batches)

    return epoch
