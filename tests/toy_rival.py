"""Rivals for tests: plain NumPy, in this Python. `register()` makes this module a plugin."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.rivals import RIVALS
from core.rivals.inside.samples import Samples
from core.rivals.inside.work import MEAN, STD, RivalWork
from core.rivals.registration import OWN, Epochs, RivalRegistration

BEHAVIOURS = (
    "honest", "slow", "fails-prepare", "fails-open", "fails-epoch", "dies", "hangs", "eats-memory", "garbage", "empty",
    "forks",
)  # fmt: skip


@dataclass(frozen=True)
class ToyRival:
    """Reads a container of its own: all payloads in one file. Whatever else it does is in its name."""

    behaviour: str = "honest"

    def prepare(self, samples: Samples, folder: Path) -> None:
        if self.behaviour == "fails-prepare":
            raise ValueError("no space for toys")
        (folder / "toys.bin").write_bytes(b"".join(data for data, _ in samples.in_order()))

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        if self.behaviour == "fails-open":
            raise ValueError("cannot open toys")
        generator, calls = np.random.default_rng(work.seed), [0]

        def epoch() -> Iterator[tuple[Any, Any]]:
            calls[0] += 1
            misbehave(self.behaviour, calls[0])
            if self.behaviour == "empty":
                return
            order = generator.permutation(len(samples))
            for first in range(0, len(order), work.batch_size):
                batch = [samples[int(index)] for index in order[first : first + work.batch_size]]
                images = np.stack([normalised(pixels_of(data, samples)) for data, _ in batch])
                yield images, np.array([ticket for _, ticket in batch])

        return epoch


def misbehave(behaviour: str, call: int) -> None:
    """What goes wrong at the beginning of an epoch."""
    if behaviour == "slow":
        time.sleep(0.05)
    elif behaviour == "fails-epoch" and call > 1:
        raise ValueError("out of toys")
    elif behaviour == "forks":
        worker = multiprocessing.get_context("fork").Process(target=int)
        worker.start()
        worker.join(10)
        if worker.exitcode != 0:
            raise ValueError("a forked worker did not end")
    elif behaviour == "dies":
        ctypes.string_at(0)
    elif behaviour == "hangs":
        time.sleep(3600)
    elif behaviour == "eats-memory":
        kept = [np.ones(4_000_000) for _ in range(100)]
        time.sleep(3600 * len(kept))
    elif behaviour == "garbage":
        for descriptor in range(3, 20):  # wherever its answers go
            try:
                os.write(descriptor, b"no json\n")
            except OSError:
                continue


def pixels_of(data: bytes, samples: Samples) -> np.ndarray:
    """uint8 (H, W, 3)."""
    if samples.shape is not None:
        return np.frombuffer(data, np.uint8).reshape(*samples.shape, 3)
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


def normalised(pixels: np.ndarray) -> np.ndarray:
    """float32 (3, H, W)."""
    return ((pixels / 255 - MEAN) / STD).astype(np.float32).transpose(2, 0, 1)


def registration(behaviour: str, where: str = ":ToyRival", **changes: Any) -> RivalRegistration:
    """A rival of this module."""
    fields = {
        "where": f"{__name__}{where}", "title": f"Toy, {behaviour}", "container": "toys", "licence": "MIT",
        "home_page": "", "distribution": "", "environment": OWN, "description": "Makes a batch in NumPy",
        "fair": "Nothing is set.", "settings": {"behaviour": behaviour},
    }  # fmt: skip
    return RivalRegistration(**{**fields, **changes})


def register() -> None:
    for behaviour in BEHAVIOURS:
        RIVALS.register(f"toy-{behaviour}", registration(behaviour))
