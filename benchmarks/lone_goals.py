"""Goals that need no rival: how well the block shuffle mixes, and how long a process waits for its first batch."""

from __future__ import annotations

import statistics
from pathlib import Path

import numpy as np

from benchmarks.first_batch import first_batch, uncompiled
from benchmarks.peers import Work
from benchmarks.peers.entries import OURS
from core.loading import compile_now
from core.loading.batch_sampler import BatchSampler, shuffle_quality

LEAST_QUALITY = 0.95
MOST_SECONDS, MOST_SECONDS_UNCOMPILED = 0.5, 5.0
SEEDS = 3

Row = list[str]
"""work, ours, against, what, goal, measured, interval, reached: as in `loader_goals`."""


def block_shuffle(work: Work) -> Row:
    """A work's samples, stored class by class: the quality of an epoch, the least of some seeds."""
    labels = np.array([label for _, label in work.files()])
    found = []
    for seed in range(SEEDS):
        sampler = BatchSampler(len(labels), work.batch_size, "blocks", seed)
        found.append(shuffle_quality(labels, [spec.indices for spec in sampler.specs(0)]))
    reached = "yes" if min(found) >= LEAST_QUALITY else "no"
    goal, spread = f"at least {LEAST_QUALITY}", f"{min(found):.3f} - {max(found):.3f}"
    return [work.name, 'shuffle="blocks"', "a full shuffle", "quality", goal, f"{min(found):.3f}", spread, reached]


def first_batches(works: list[Work], folder: Path, rounds: int) -> list[Row]:
    """Seconds to the first batch of each of our stores of these works, in turns: kernels there, and never compiled."""
    stores = [
        (work, name, manifest.parent)
        for work in works
        for name in OURS
        for manifest in (folder / name / work.name).glob("data/built/images/*/*/manifest.json")
    ]
    compile_now()
    seconds: dict[tuple[str, str], list[float]] = {(work.name, name): [] for work, name, _ in stores}
    for turn in range(rounds + 1):  # the first is not counted: it reads what nobody has read so far
        for work, name, store in stores:
            taken = first_batch(str(store), work.batch_size, "train224" if work.train224 else "none")
            if turn:
                seconds[work.name, name].append(taken.seconds)
    rows = [_first_row(work, name, "kernels there", seconds[work.name, name], MOST_SECONDS) for work, name, _ in stores]
    return rows + [
        _first_row(work, name, "never compiled", [_uncompiled(work, store)], MOST_SECONDS_UNCOMPILED)
        for work, name, store in stores
    ]


def _first_row(work: Work, name: str, how: str, found: list[float], most: float) -> Row:
    value = statistics.median(found)
    spread = f"{min(found):.2f} - {max(found):.2f}"
    reached = "yes" if value <= most else "no"
    return [work.name, name, how, "first batch, s", f"at most {most}", f"{value:.2f}", spread, reached]


def _uncompiled(work: Work, store: Path) -> float:
    """Seconds to the first batch where no kernel was ever compiled."""
    return uncompiled(str(store), work.batch_size, "train224" if work.train224 else "none").seconds
