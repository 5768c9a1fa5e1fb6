"""The ceiling of a training run: how fast its steps are where no data are waited for and nothing is loaded beside."""

from __future__ import annotations

import statistics
from itertools import repeat, takewhile
from time import perf_counter

import torch
from torch import nn

from ..loading.transfer import Batch
from .clock import TimedStep, clock_for, timed
from .learner import Learner
from .settings import Settings

SECONDS = 2.0
WARM_UP = 2
LEAST = 3
"""Steps that are measured, however long they take."""


def compute_ceiling(model: nn.Module, batch: Batch, settings: Settings, device: torch.device) -> float:
    """Samples a second when the same batch is learned over and over by a copy of `model`: the median step."""
    learner = Learner.copy_of(model, settings, device)
    list(_steps(learner, batch, device, WARM_UP, 0.0))
    steps = list(_steps(learner, batch, device, LEAST, SECONDS))
    return len(batch.labels) / statistics.median(step.compute_s for step in steps)


def _steps(learner: Learner, batch: Batch, device: torch.device, least: int, seconds: float) -> list[TimedStep]:
    """At least so many steps, and more until the time is up."""
    began = perf_counter()

    def wanted(count_and_batch: tuple[int, Batch]) -> bool:
        return count_and_batch[0] < least or perf_counter() - began < seconds

    batches = (one for _, one in takewhile(wanted, enumerate(repeat(batch))))
    return list(timed(batches, learner.learn, clock_for(device)))
