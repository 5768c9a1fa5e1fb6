"""Before a loader is timed: do its batches hold what the store holds? Fast and wrong must not win.

What it hands out while it is timed is looked at as well: see `core.loading.inspection`.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch

from ..base import checksums
from ..base.errors import WorkError
from ..stores.sample_checksums import payload_checksums
from .batch_sampler import BatchSpec, Indices, shuffle_quality
from .loader import Loader
from .normalise import Normalise
from .pipeline import Stored, staged
from .transfer import torch_type

BATCHES = 2
SAMPLES = 8
"""Samples of each batch whose pixels are compared."""

LEAST_PSNR = 40.0
"""Decibels that a resized image must reach against Pillow's; without resizing the pixels must be the same."""

NEARLY = 1e-3
"""Of a step between two pixels: how far the same pixels may be apart, before they are rounded to halves."""

LEAST_QUALITY = 0.5
"""Of the shuffling: below it, batches hold one or two classes each."""


def check_loader(store: Stored, loader: Loader, transform: str, seed: int, normalise: Normalise) -> int:
    """Compare the first batches of epoch 0 with the store, and the epoch's order with the number of samples.

    Returns how many samples were compared pixel by pixel. Raises WorkError that says what differs. The loader is
    left at the beginning of epoch 0.
    """
    specs = list(loader.sampler.specs(0))
    _check_count(loader, specs)
    check_shuffling(store, loader, specs)
    loader.set_epoch(0)
    compared = 0
    for spec, batch in zip(specs, islice(loader, BATCHES), strict=False):
        compare_labels(store, spec, batch.labels)
        few = spec._replace(indices=spec.indices[:SAMPLES])
        compare_pixels(store, few, batch.images[:SAMPLES], normalise, transform, seed)
        _check_payloads(store, few.indices)
        compared += len(few.indices)
    loader.set_epoch(0)
    return compared


def check_shuffling(store: Stored, loader: Loader, specs: list[BatchSpec]) -> float:
    """How well these batches mix the classes. Raises WorkError where a shuffle was asked for and they do not; how well
    shards mix is up to what lies in each of them."""
    quality = shuffle_quality(store.labels, [spec.indices for spec in specs])
    if loader.sampler.shuffle in (True, "blocks") and quality < LEAST_QUALITY:
        raise WorkError(
            f"its batches do not mix the classes: shuffle quality {quality:.2f}, where a full shuffle has 1.00"
        )
    return quality


def _check_count(loader: Loader, specs: list[BatchSpec]) -> None:
    indices = np.concatenate([spec.indices for spec in specs])
    expected = loader.sampler.share
    if len(np.unique(indices)) != len(indices) or len(indices) != expected:
        raise WorkError(
            f"an epoch is planned to read {len(indices):,} samples where {expected:,} different ones belong"
        )


def _check_payloads(store: Stored, indices: Indices) -> None:
    """The store itself still holds what was compared with the dataset when it was built."""
    if not (store.path / f"{store.split}.checksums").is_file():
        return  # made by somebody else, who kept none
    wanted = payload_checksums(store.path, store.split)
    stages = staged(store, "none", 0, Normalise())
    payloads = stages.decompressed(indices, stages.fetch(indices))
    for index, payload in zip(indices, payloads, strict=True):
        if checksums.of_bytes(payload) != wanted[index]:
            raise WorkError(f"sample {index} of the store is not what was built from the dataset: verify the store")


def compare_labels(store: Stored, spec: BatchSpec, labels: torch.Tensor) -> None:
    """Raises WorkError where a batch has not as many samples as planned, or other labels."""
    if len(labels) != len(spec.indices):
        raise WorkError(
            f"batch {spec.number} of epoch {spec.epoch} has {len(labels):,} samples where {len(spec.indices):,} belong"
        )
    if not torch.equal(labels.cpu(), torch.from_numpy(store.labels[spec.indices])):
        raise WorkError(f"batch {spec.number} of epoch {spec.epoch} does not carry the labels of its samples")


def compare_pixels(
    store: Stored, spec: BatchSpec, images: torch.Tensor, normalise: Normalise, transform: str, seed: int
) -> None:
    """Raises WorkError for a sample of `images` that does not look as the stages, one after the other, make it."""
    exact = replace(normalise, output="uint8" if normalise.output == "uint8" else "float32")
    wanted = np.empty(images.shape, exact.dtype)
    staged(store, transform, seed, exact).fill(spec, wanted)
    scale = 1.0 if exact.output == "uint8" else normalise.scale[:, None, None].astype(np.float64)
    lowest, highest = (_rounded(wanted + side * NEARLY * scale, normalise) for side in (-1, 1))
    given = images.cpu().to(torch.float64).numpy()
    for number, index in enumerate(spec.indices):
        error = (given[number] - wanted[number]) / scale  # in pixels of 0..255
        if transform != "none" and np.mean(error**2) > 255**2 / 10 ** (LEAST_PSNR / 10):
            raise WorkError(f"sample {index} does not look as the transform says: less than {LEAST_PSNR:g} dB")
        inside = (lowest[number] <= given[number]) & (given[number] <= highest[number])
        if transform == "none" and not inside.all():
            raise WorkError(f"sample {index} does not have the pixels that the store holds")


def _rounded(numbers: npt.NDArray[np.float64], normalise: Normalise) -> npt.NDArray[np.float64]:
    """As a batch holds them, where that rounds."""
    if normalise.dtype.itemsize != 2:
        return numbers
    return torch.from_numpy(numbers).to(torch_type(normalise)).to(torch.float64).numpy()
