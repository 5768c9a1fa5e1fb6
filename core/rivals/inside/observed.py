"""What a rival hands out, kept while it is consumed: enough to check it afterwards, at next to no cost."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, kw_only=True)
class LookSettings:
    """What to keep: `images` whole ones, spread over `seconds` or over the first batches; `means` of every image."""

    images: int = 16
    seconds: float = 1.0
    seed: int = 0
    means: bool = False


class Observed:
    """Takes every batch: its tickets, its size, and now and then an image."""

    def __init__(self, look: LookSettings, largest_ticket: int) -> None:
        self._look, self._random = look, Random(look.seed)
        self._type = np.int32 if largest_ticket < 2**31 else np.int64
        self._tickets: list[Any] = []
        self._means: list[Any] = []
        self._kept: list[Any] = []
        self._kept_tickets: list[int] = []
        self._sizes: list[int] = []
        self._due = 0.0
        self.epoch_batches: list[int] = []
        self.shape: tuple[int, ...] = ()
        self.dtype = ""

    def take(self, images: Any, tickets: Any) -> int:
        """Look at a batch, and return how many images it has."""
        told = host_array(tickets).astype(self._type)  # a copy: some loaders write the next batch there
        self._tickets.append(told)
        self._sizes.append(images.shape[0])
        if self._look.means:
            self._means.append(host_array(images).mean((2, 3), dtype=np.float32))
        if len(self._kept) < self._look.images and time.perf_counter() >= self._due:
            self._keep(images, told)
        return self._sizes[-1]

    def ended(self) -> None:
        """An epoch has ended."""
        self.epoch_batches.append(len(self._sizes))

    def _keep(self, images: Any, tickets: npt.NDArray[Any]) -> None:
        if not self.dtype:
            self.shape, self.dtype = tuple(images.shape), str(images.dtype).rpartition(".")[2]
            self._due = time.perf_counter()
        self._due += self._look.seconds / max(self._look.images, 1)
        position = self._random.randrange(max(min(len(images), tickets.size), 1))
        self._kept.append(host_array(images[position]).astype(np.float32))
        self._kept_tickets.append(int(tickets.ravel()[position]))

    def save(self, path: Path) -> None:
        """Write what was kept, as NumPy's arrays (see `core.rivals.handed`)."""
        flat = [tickets.ravel() for tickets in self._tickets]
        same = len({image.shape for image in self._kept}) <= 1
        np.savez(
            path,
            tickets=np.concatenate(flat) if flat else np.zeros(0, self._type),
            sizes=np.array(self._sizes, np.int64),
            ticket_sizes=np.array([len(tickets) for tickets in flat], np.int64),
            epoch_batches=np.array(self.epoch_batches, np.int64),
            looked=np.stack(self._kept) if self._kept and same else np.zeros((0, 0, 0, 0), np.float32),
            looked_tickets=np.array(self._kept_tickets if same else [], np.int64),
            means=np.concatenate(self._means) if self._means else np.zeros((0, 3), np.float32),
        )


def host_array(images: Any) -> npt.NDArray[Any]:
    """As an array on the host; half precision, which NumPy has no name for, as float32."""
    if hasattr(images, "is_cuda"):  # a tensor of torch; its `numpy` costs a third of what `numpy.asarray` does with it
        images = images.cpu() if images.is_cuda else images
        images = images if images.dtype.itemsize != 2 else images.float()
        return images.numpy()  # type: ignore[no-any-return]
    return np.asarray(images)
