"""Before a loader is timed: do its batches hold what the store holds? Fast and wrong must not win."""

from __future__ import annotations

from itertools import islice

import numpy as np
import torch

from core.errors import WorkError
from core.loading.loader import Loader
from core.loading.normalise import Normalise
from core.loading.pipeline import Stored, staged
from core.loading.plan import Job
from core.loading.transfer import Batch

BATCHES = 2
SAMPLES = 8
"""Samples of each batch whose pixels are compared."""

LEAST_PSNR = 40.0
"""Decibels that a resized image must reach against Pillow's; without resizing the pixels must be the same."""


def check_loader(store: Stored, loader: Loader, transform: str, seed: int, normalise: Normalise) -> int:
    """Compare the first batches of epoch 0 with the store, and the plan of the epoch with the number of samples.

    Returns how many samples were compared pixel by pixel. Raises WorkError that says what differs. The loader is
    left at the beginning of epoch 0.
    """
    jobs = list(loader.plan.jobs(0))
    _check_count(loader, jobs)
    loader.set_epoch(0)
    compared = 0
    for job, batch in zip(jobs, islice(loader, BATCHES), strict=False):
        _check_labels(store, job, batch)
        few = job._replace(indices=job.indices[:SAMPLES])
        wanted = np.empty((len(few.indices), *batch.images.shape[1:]), normalise.dtype)
        staged(store, transform, seed, normalise).fill(few, wanted)
        _check_pixels(few, batch.images[:SAMPLES].cpu().numpy(), wanted, normalise, resized=transform != "none")
        compared += len(few.indices)
    loader.set_epoch(0)
    return compared


def _check_count(loader: Loader, jobs: list[Job]) -> None:
    indices = np.concatenate([job.indices for job in jobs])
    expected = min(loader.plan.share, len(jobs) * loader.plan.batch_size)
    if len(np.unique(indices)) != len(indices) or len(indices) != expected:
        raise WorkError(
            f"an epoch is planned to read {len(indices):,} samples where {expected:,} different ones belong"
        )


def _check_labels(store: Stored, job: Job, batch: Batch) -> None:
    wanted = torch.from_numpy(store.labels[job.indices])
    if not torch.equal(batch.labels.cpu(), wanted):
        raise WorkError(f"batch {job.number} does not carry the labels of its samples")


def _check_pixels(job: Job, given: np.ndarray, wanted: np.ndarray, normalise: Normalise, *, resized: bool) -> None:
    scale = 1.0 if normalise.output == "uint8" else normalise.scale[:, None, None].astype(np.float64)
    for index, one, other in zip(job.indices, given, wanted, strict=True):
        error = (one.astype(np.float64) - other) / scale  # in pixels of 0..255
        if resized and np.mean(error**2) > 255**2 / 10 ** (LEAST_PSNR / 10):
            raise WorkError(f"sample {index} does not look as the transform says: less than {LEAST_PSNR:g} dB")
        if not resized and np.abs(error).max() > 1e-3:
            raise WorkError(f"sample {index} does not have the pixels that the store holds")
