"""Whether epochs hand out what they should: each sample once, mixed, and in another order each time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ...base.units import counted
from ...loading.batch_sampler import shuffle_quality
from ..handed import Handed
from .refused import RivalRefused

Indices = npt.NDArray[np.int64]

LEAST_QUALITY = 0.5
"""Of the shuffling, as for our own loaders: below it batches hold one or two classes each."""

REPEATED_STEPS = 0.5
"""Of all steps from a sample to the next: as many in a second epoch as in the first are no shuffle. Two full shuffles
of n samples share one step, about; shards in random order whose samples keep their order share nearly all."""

FEWEST = 10
"""Samples of an epoch from which on two orders are compared: fewer are in the same order by chance."""


def check_form(handed: Handed, shape: tuple[int, int]) -> None:
    """The type and the shape of the batches; `shape` is (height, width). Raises RivalRefused."""
    if not handed.epochs or not len(handed.tickets):
        raise RivalRefused("its epochs hold no sample")
    if handed.dtype != "float32":
        raise RivalRefused(f"hands out {handed.dtype or 'no'} numbers where float32 was asked for")
    given, wanted = tuple(handed.shape[1:]), (3, *shape)
    if given != wanted and given == (*shape, 3):
        raise RivalRefused(f"hands out the channels last, {_dimensions(given)}, where they come first")
    if given != wanted:
        raise RivalRefused(f"hands out images of {_dimensions(given)} where {_dimensions(wanted)} belong")
    if not np.array_equal(handed.sizes, handed.ticket_sizes):
        batch = int(np.flatnonzero(handed.sizes != handed.ticket_sizes)[0])
        raise RivalRefused(
            f"batch {batch} has {counted(int(handed.sizes[batch]), 'image')} and "
            f"{counted(int(handed.ticket_sizes[batch]), 'label')}"
        )
    if handed.means.shape not in ((0, 3), (len(handed.tickets), 3)):
        raise RivalRefused("its images have several shapes")
    if not len(handed.looked):
        raise RivalRefused("its images have several shapes, or none could be looked at")


def check_batch_sizes(handed: Handed, batch_size: int, workers: int) -> None:
    """Batches are full, but for one at the end of an epoch or, where workers share it out, one each. Raises
    RivalRefused."""
    if handed.sizes.max(initial=0) > batch_size:
        raise RivalRefused(f"makes batches of {handed.sizes.max():,} images where {batch_size:,} were asked for")
    for (samples, _), batches in zip(handed.epochs, np.diff(handed.epoch_batches, prepend=0), strict=True):
        needed = -(-samples // batch_size)
        if batches > needed + max(workers - 1, 0):
            raise RivalRefused(f"makes {batches:,} batches of {counted(samples, 'image')} where {needed:,} hold them")


def indices_of(handed: Handed, tickets: Indices, classes: int) -> list[Indices]:
    """The samples of each epoch, in order. `tickets`: all there are, index * classes + label. Raises RivalRefused for a
    number that is none, for a label that is another sample's, and for an epoch without each sample exactly once."""
    epochs = []
    for number, given in enumerate(handed.epoch_tickets(), 1):
        indices = given // classes
        known = (given >= 0) & (indices < len(tickets))
        if not known.all():
            raise RivalRefused(f"hands out the label {int(given[~known][0])}, which no sample was stored with")
        wrong = tickets[indices] != given
        if wrong.any():
            sample = int(indices[wrong][0])
            raise RivalRefused(
                f"hands out sample {sample} with the label {int(given[wrong][0]) % classes} where "
                f"{int(tickets[sample]) % classes} belongs"
            )
        _check_whole(indices, len(tickets), number)
        epochs.append(indices)
    return epochs


def _check_whole(indices: Indices, samples: int, number: int) -> None:
    times = np.bincount(indices, minlength=samples)
    different = int(np.count_nonzero(times))
    if times.max(initial=0) > 1:
        often = np.unique(times[times > 0])
        said = f"{often[0]} times each" if len(often) == 1 else f"some of them up to {often[-1]} times"
        raise RivalRefused(
            f"hands out {counted(different, 'different sample')}, {said}, where there are {samples:,} (epoch {number})"
        )
    if different < samples:
        raise RivalRefused(f"hands out {different:,} of {counted(samples, 'sample')} (epoch {number})")


def check_order(epochs: Sequence[Indices]) -> None:
    """Epochs that follow each other have orders of their own. Raises RivalRefused."""
    for number, (before, after) in enumerate(pairwise(epochs), 2):
        if len(before) < FEWEST:
            continue
        following = np.full(len(before), -1, np.int64)
        following[before[:-1]] = before[1:]
        repeated = float(np.mean(following[after[:-1]] == after[1:]))
        if repeated > REPEATED_STEPS:
            raise RivalRefused(
                f"its order is not drawn anew: after {repeated:.0%} of the samples epoch {number} goes on with the "
                "same one as the epoch before"
            )


def check_mixing(handed: Handed, epochs: Sequence[Indices], labels: Indices) -> float:
    """The shuffle quality, of the epoch where it is worst. Raises RivalRefused where batches hold few classes each."""
    worst, start = 1.0, 0
    for indices, stop in zip(epochs, handed.epoch_batches, strict=True):
        batches = np.split(indices, np.cumsum(handed.sizes[start:stop])[:-1])
        worst, start = min(worst, shuffle_quality(labels, batches)), int(stop)
    if worst < LEAST_QUALITY:
        raise RivalRefused(
            f"its batches do not mix the classes: shuffle quality {worst:.2f}, where a full shuffle has 1.00"
        )
    return worst


def order_distance(epochs: Sequence[Indices]) -> float:
    """How far apart in storage successive samples lie, on average, as a share of what a full shuffle gives: 1 is full.

    Containers are written in the order of the dataset, or in the fixed random one of `Samples.mixed`; which of them
    is not known here, so the smaller distance counts.
    """
    samples = len(epochs[0])
    if samples < FEWEST:
        return 1.0
    mixed = list(range(samples))
    random.Random(0).shuffle(mixed)
    places = np.empty(samples, np.int64)
    places[mixed] = np.arange(samples)
    full = (samples + 1) / 3
    distances = [[np.abs(np.diff(order)).mean() / full for order in (one, places[one])] for one in epochs]
    return float(min(np.mean(distances, axis=0).min(), 1.0))


def _dimensions(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
