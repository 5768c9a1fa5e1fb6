"""The samples of a comparison as files that every environment can read: NumPy's, and one file of payloads.

    about.json    samples, classes, encoding ("jpeg", "png", "raw"), shape ([H, W] of raw pixels, else null)
    payloads.bin  all payloads, one behind the other: a file's bytes, or H x W x 3 uint8
    offsets.npy   int64 (n + 1,): where each begins, and where the last one ends
    tickets.npy   int64 (n,): index * classes + label

A ticket is the one integer that is stored with a sample in place of its label: it names the sample and its label.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

ABOUT, PAYLOADS, OFFSETS, TICKETS = "about.json", "payloads.bin", "offsets.npy", "tickets.npy"

SUFFIXES = {"jpeg": ".jpg", "png": ".png", "raw": ".bin"}


class Samples:
    """The exported samples in a folder. It survives pickling and fork; payloads are copied out of a map."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        about = json.loads((folder / ABOUT).read_text())
        self.classes = int(about["classes"])
        self.encoding = str(about["encoding"])
        self.shape: tuple[int, int] | None = tuple(about["shape"]) if about["shape"] else None
        self.tickets: npt.NDArray[np.int64] = np.load(folder / TICKETS)
        self._offsets: npt.NDArray[np.int64] = np.load(folder / OFFSETS)
        self._payloads: Any = None

    def __len__(self) -> int:
        return len(self.tickets)

    def __getitem__(self, index: int) -> tuple[bytes, int]:
        """(payload, ticket)."""
        if self._payloads is None:
            self._payloads = np.memmap(self.folder / PAYLOADS, np.uint8, "r")
        start, stop = self._offsets[index], self._offsets[index + 1]
        return self._payloads[start:stop].tobytes(), int(self.tickets[index])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_payloads": None}

    def in_order(self) -> Iterator[tuple[bytes, int]]:
        return (self[index] for index in range(len(self)))

    def mixed(self) -> Iterator[tuple[bytes, int]]:
        """The same in a fixed random order: what the makers of containers advise whose loaders shuffle nearby only."""
        order = list(range(len(self)))
        random.Random(0).shuffle(order)
        return (self[index] for index in order)

    def label(self, index: int) -> int:
        return int(self.tickets[index]) % self.classes

    def name_of(self, index: int) -> str:
        """A file's name for a sample: "00000123.jpg"."""
        return f"{index:08d}{SUFFIXES[self.encoding]}"
