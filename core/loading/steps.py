"""A training step to load for: what a trainer does between two batches, so that its waiting can be measured."""

from __future__ import annotations

import time
import zlib
from typing import Protocol

import torch
from torch import nn

from ..base.errors import InputError
from .transfer import Batch, find_device

STEPS = ("sleep", "busy", "model")

MOST_MS = 60_000.0
PIECE = bytes(1 << 16)
"""What a busy step works on at a time: about 20 microseconds, without Python's lock."""

CLASSES = 1000
MOST_LABEL = CLASSES - 1


class SimulatedStep(Protocol):
    """Returns when the step is done, on whatever device."""

    def __call__(self, batch: Batch) -> None: ...


class Sleep:
    """The processors are free: a step on an accelerator, as the host sees it."""

    def __init__(self, milliseconds: float) -> None:
        self._seconds = milliseconds / 1000

    def __call__(self, batch: Batch) -> None:
        time.sleep(self._seconds)


class Busy:
    """One processor is taken and Python's lock is mostly free: a step on the CPU."""

    def __init__(self, milliseconds: float) -> None:
        self._seconds = milliseconds / 1000

    def __call__(self, batch: Batch) -> None:
        end = time.perf_counter() + self._seconds
        while time.perf_counter() < end:
            zlib.crc32(PIECE)


class SmallModel:
    """A real step of a small network on the batch's device: forward, backward, SGD; about 0.1 million weights."""

    def __init__(self, device: str) -> None:
        self._device = find_device(device)
        self._network = nn.Sequential(
            nn.Conv2d(3, 32, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, CLASSES),
        ).to(self._device)  # fmt: skip
        self._optimiser = torch.optim.SGD(self._network.parameters(), lr=0.01)

    def __call__(self, batch: Batch) -> None:
        images = batch.images.to(torch.float32)  # as the weights are
        if not batch.images.is_floating_point():
            images = images.div(255)
        loss = nn.functional.cross_entropy(self._network(images), batch.labels.clamp(max=MOST_LABEL))
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        loss.item()  # waits for the device: without it the step would end before its work does


def make_step(name: str, milliseconds: float, device: str) -> SimulatedStep | None:
    """The step of this name; None where there is none to simulate (`sleep` and `busy` of 0 ms).

    Raises InputError for an unknown one, or for a time that no step takes.
    """
    if name not in STEPS:
        raise InputError(f"unknown step {name!r}; there are: {', '.join(STEPS)}")
    if not 0 <= milliseconds <= MOST_MS:
        raise InputError(f"step_ms={milliseconds:g}: a step takes between 0 and {MOST_MS:g} milliseconds")
    if name == "model":
        return SmallModel(device)
    if not milliseconds:
        return None
    return Sleep(milliseconds) if name == "sleep" else Busy(milliseconds)
