"""How many workers a rival does best with on this machine: searched once, before it is measured, and kept."""

from __future__ import annotations

import statistics
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..base.steps import Steps
from .handed import Handed
from .inside.work import RivalWork
from .process import RivalProcess
from .registration import RivalRegistration

TRIED_S = 1.0
"""Seconds that each number of workers is timed for, after an epoch to warm up."""

LONG_EPOCH_S = 5.0
"""An epoch that takes longer from its first batch on counts itself. What comes before (workers that start, code that is
compiled) is no sign of how fast a number of workers is."""

ONE_BY_ONE = 4
"""Up to so many every number is tried, then every second one, every fourth and so on, and all CPUs."""


@dataclass(frozen=True)
class WorkersFound:
    """The number with the best median rate. tried: a row for each number, in the order in which they were tried, with
    `workers`, `samples_per_s` and `first_batch_s`."""

    workers: int
    tried: Sequence[Mapping[str, float]]

    @property
    def reason(self) -> str:
        """Why, in words."""
        rates = ", ".join(f"{one['workers']}: {one['samples_per_s']:,.0f}" for one in self.tried)
        return f"the fastest of those that were tried (images/s by workers {rates})"


def worker_counts(registration: RivalRegistration, cpus: int) -> list[int]:
    """The numbers to try: 0 where it may have none, then from 1 up to the CPUs there are to use."""
    counts, number = ([0] if registration.inline else []), 1
    while number < cpus:
        counts.append(number)
        number += max(1, 2 ** ((number // ONE_BY_ONE).bit_length() - 1)) if number >= ONE_BY_ONE else 1
    return [*counts, cpus]


def search_workers(
    process: RivalProcess, folder: Path, work: RivalWork, counts: Sequence[int]
) -> Generator[dict[str, Any], None, WorkersFound]:
    """Have one process open its container with each number of workers, warm up for an epoch, and be timed.

    Yields live figures, those of `RivalProcess.epochs` with `workers`. Raises RivalFailed.
    """
    tried: list[dict[str, float]] = []
    for count in counts:
        process.open(folder, replace(work, workers=count))
        warm = yield from _epochs(process, count, 0.0)
        long = warm.seconds - warm.first_batch_s > LONG_EPOCH_S
        timed = warm if long else (yield from _epochs(process, count, TRIED_S))
        tried.append({"workers": count, "samples_per_s": _median_rate(timed), "first_batch_s": warm.first_batch_s})
    best = max(tried, key=lambda one: one["samples_per_s"])
    return WorkersFound(int(best["workers"]), tried)


def _epochs(process: RivalProcess, count: int, seconds: float) -> Generator[dict[str, Any], None, Handed]:
    """Whole epochs for so long, one at least."""
    epochs = Steps(process.epochs(seconds, images=0))
    for live in epochs:
        yield {**live, "workers": count}
    return epochs.value


def _median_rate(handed: Handed) -> float:
    """Samples per second, of the median epoch; 0 where it handed out nothing."""
    rates = [samples / seconds for samples, seconds in handed.epochs if seconds > 0]
    return statistics.median(rates) if rates else 0.0
