"""What a rival handed out in some epochs, as its process wrote it down, checked before it is used."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.checked_fields import AMOUNT, COUNT, TEXT, Fields, fault, list_of
from ..base.errors import WorkError

LARGEST_FILE = 4_000_000_000


class RivalFailed(WorkError):
    """A rival did not do what it was asked; the text says what went wrong."""


@dataclass(frozen=True)
class Handed:
    """The batches of whole epochs.

    samples, seconds: of all of them together. epochs: (samples, seconds) of each. first_batch_s: from opening the
    container to the first batch. tickets: int64 (samples,), as they came. sizes: int64 (batches,), images per batch;
    ticket_sizes the same of tickets. epoch_batches: int64 (epochs,), batches up to the end of each epoch.
    shape, dtype: of the first batch. looked: float32 (k, 3, H, W), images kept whole, with their `looked_tickets`.
    means: float32 (samples, 3), the mean of each image's channels; (0, 3) where these were not asked for.
    """

    samples: int
    seconds: float
    epochs: list[tuple[int, float]]
    first_batch_s: float
    shape: tuple[int, ...]
    dtype: str
    tickets: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    ticket_sizes: npt.NDArray[np.int64]
    epoch_batches: npt.NDArray[np.int64]
    looked: npt.NDArray[np.float32]
    looked_tickets: npt.NDArray[np.int64]
    means: npt.NDArray[np.float32]

    def epoch_tickets(self) -> list[npt.NDArray[np.int64]]:
        """The tickets of each epoch."""
        ends = np.concatenate([[0], np.cumsum(self.ticket_sizes)])[self.epoch_batches]
        return np.split(self.tickets, ends[:-1])


TOLD: Fields = {
    "samples": COUNT,
    "seconds": AMOUNT,
    "epochs": list_of(list_of(AMOUNT)),
    "first_batch_s": AMOUNT,
    "shape": list_of(COUNT),
    "dtype": TEXT,
}
INTEGERS = ("tickets", "sizes", "ticket_sizes", "epoch_batches", "looked_tickets")
FLOATS = {"looked": 4, "means": 2}


def read_handed(told: Mapping[str, Any], path: Path) -> Handed:
    """Raises RivalFailed where this is not what `inside.observed` writes."""
    if wrong := fault(told, TOLD):
        raise RivalFailed(f"it did not tell what it consumed: {wrong}")
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RivalFailed("what it wrote down of its batches is too large")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in (*INTEGERS, *FLOATS)}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise RivalFailed(f"what it wrote down of its batches cannot be read: {error}") from None
    for name in INTEGERS:
        if arrays[name].ndim != 1 or arrays[name].dtype.kind not in "iu":
            raise RivalFailed(f"what it wrote down of its batches is damaged: {name}")
        arrays[name] = arrays[name].astype(np.int64)
    for name, dimensions in FLOATS.items():
        if arrays[name].ndim != dimensions or arrays[name].dtype != np.float32:
            raise RivalFailed(f"what it wrote down of its batches is damaged: {name}")
    ends, batches = arrays["epoch_batches"], len(arrays["sizes"])
    if len(ends) != len(told["epochs"]) or np.any(np.diff(ends, prepend=0) < 0) or np.any(ends > batches):
        raise RivalFailed("what it wrote down of its batches is damaged: epoch_batches")
    if len(arrays["ticket_sizes"]) != batches or arrays["ticket_sizes"].sum() != len(arrays["tickets"]):
        raise RivalFailed("what it wrote down of its batches is damaged: ticket_sizes")
    return Handed(
        told["samples"], told["seconds"], [(int(one[0]), float(one[1])) for one in told["epochs"]],
        told["first_batch_s"], tuple(told["shape"]), told["dtype"], **arrays,
    )  # fmt: skip
