"""How long a training will take, told before PyTorch is imported, which alone takes a second or two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

from ..base.home import Home
from ..datasets.dataset import Dataset
from ..stores.manifest import Manifest

START_S = 2.0
"""Importing PyTorch, beginning a record, and ending."""

STORE_S, CEILING_S = 0.6, 3.0
"""Comparing a store's first batches, and measuring how fast a model learns without loading."""

REPEAT_S = 0.5
"""A repeat of a scaling beside its measuring: opening, the first steps."""

SMALL_SIDE = 64
"""Pixels up to which images get the stem for small ones."""

PIXEL_SECONDS: Mapping[str, tuple[float, float]] = {"small": (4.5e-7, 4.5e-8), "resnet18": (3.6e-5, 2.3e-6)}
"""Model -> seconds that learning from a pixel takes one thread, of images up to `SMALL_SIDE` wide, and of larger ones
(`core.training.models`): measured with two processors of 2025, until a job has measured its own."""

BESIDE_LOADING = 1.25
"""How much longer a step takes beside loaders that need the same processors."""

FORWARD = 1 / 3
"""Of a step's time: validating an image goes forward alone."""


def train_seconds(
    stores: Sequence[str], orders: Sequence[str] = ("shuffled",), epochs: int = 3, model: str = "small",
    transform: str = "none", limit: int | None = None, val_limit: int | None = None, home: str | None = None, **_: Any,
) -> float:  # fmt: skip
    """Of `Train` with these fields. Raises what `Manifest.load` does for what is no store, KeyError for a model that
    there is not."""
    manifest = Manifest.load(Path(stores[0]))
    learned = _samples(manifest, "train", limit)
    validated = _samples(manifest, "val", val_limit) or learned / 10
    images = epochs * (learned + FORWARD * validated)
    pixels = _pixels(manifest, transform, home)
    small, large = PIXEL_SECONDS[model]
    each = pixels * (small if pixels <= SMALL_SIDE**2 else large)
    return START_S + CEILING_S + len(stores) * len(orders) * (STORE_S + images * each)


def scaling_seconds(
    stores: Sequence[str], batch_sizes: Sequence[int], worker_counts: Sequence[str], devices: Sequence[str] = ("cpu",),
    seconds: float = 3.0, rounds: int = 1, **_: Any,
) -> float:  # fmt: skip
    """Of `Scaling` with these fields."""
    repeats = rounds * prod(map(len, (stores, batch_sizes, worker_counts, devices)))
    return START_S + repeats * (seconds + REPEAT_S)


def _samples(manifest: Manifest, split: str, limit: int | None) -> float:
    told = int(manifest.splits.get(split, {}).get("samples", 0))
    return min(told, limit or told)


def _pixels(manifest: Manifest, transform: str, home: str | None) -> int:
    """Of an image as it is learned from."""
    if transform != "none":
        return 224 * 224
    shape = manifest.payload_shape or next(iter(Dataset.open(Home.find(home), manifest.dataset).shapes()))
    return prod(shape[:2])
