"""What DALI's `external_source` reads: all payloads in one mapped file, and where each of them lies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..inside.samples import Samples

PAYLOADS, OFFSETS, TICKETS = "payloads.bin", "offsets.npy", "tickets.npy"


def write_payloads(samples: Samples, folder: Path) -> None:
    """All payloads, one behind the other, their offsets, int64 (n + 1,), and their tickets, int64 (n,)."""
    sizes = []
    with open(folder / PAYLOADS, "wb") as payloads:
        for data, _ in samples.in_order():
            payloads.write(data)
            sizes.append(len(data))
    np.save(folder / OFFSETS, np.cumsum([0, *sizes], dtype=np.int64))
    np.save(folder / TICKETS, samples.tickets)


class ShuffledPayloads:
    """What `external_source` calls: the batches of a shuffled epoch, as views of one mapped file.

    Every iterator is another epoch; DALI asks for the next one when one has ended.
    """

    def __init__(self, folder: Path, shape: tuple[int, int] | None, batch_size: int, seed: int) -> None:
        self._payloads: Any = np.memmap(folder / PAYLOADS, np.uint8, "r")
        self._pixels = self._payloads.reshape(-1, *shape, 3) if shape is not None else None
        self._offsets: Any = np.load(folder / OFFSETS)
        self._tickets: Any = np.load(folder / TICKETS)
        self._batch_size = batch_size
        self._random = np.random.default_rng(seed)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        order = self._random.permutation(len(self._tickets))
        for first in range(0, len(order), self._batch_size):
            chosen = order[first : first + self._batch_size]
            yield self._batch(chosen), self._tickets[chosen]

    def _batch(self, chosen: Any) -> Any:
        """Pixels, uint8 (B, H, W, 3), or a list of files' bytes, uint8 (size,)."""
        if self._pixels is not None:
            return self._pixels[chosen]
        starts, stops = self._offsets[chosen].tolist(), self._offsets[chosen + 1].tolist()
        return [self._payloads[start:stop] for start, stop in zip(starts, stops, strict=True)]
