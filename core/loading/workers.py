"""How many workers of which kind: what the caller asks for, or what a short measurement on this machine says."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter, process_time, thread_time
from typing import NamedTuple

from ..base.errors import InputError
from ..processes.cpus import cpu_quota

LONG_ENOUGH = 0.005
"""Seconds of work that a comparison is based on."""

ROUNDS, MOST_ROUNDS = 2, 4
"""Measurements, of which the fastest counts: what else runs on the machine only ever slows them down. There are more
where the last `ROUNDS` do not agree."""

UNDISTURBED = 0.8
"""The least share of the CPUs it can use that a measured piece of work must have: what it lacks is other work's, or the
disk's."""

WORTHWHILE = 1.3
"""How many times as fast threads must be where processes would do as well."""

HARMLESS = 0.7
"""Below this, threads hinder."""

START_OF_PROCESSES = 2.0
"""Seconds of work an epoch below which processes, which take about a second to start, are not considered."""


@dataclass(frozen=True, slots=True)
class Workers:
    """`count` workers of `kind` "inline", "threads" or "processes", and why. `disturbed`: by a measurement that other
    work on the machine disturbed."""

    kind: str
    count: int
    reason: str
    disturbed: bool = False

    def __str__(self) -> str:
        return self.kind if self.kind == "inline" else f"{self.count} {self.kind}"

    @property
    def asked_as(self) -> str:
        """What to ask for to be given exactly these: "inline", "threads:2", "processes:2"."""
        return "inline" if self.kind == "inline" else f"{self.kind}:{self.count}"


def parse_workers(given: int | str) -> Workers | None:
    """What was asked for: a number (0 is inline), "threads:2", "processes:2", "inline"; None for "auto" and "measure".

    A bare number leaves the kind open ("any"). Raises InputError for anything else.
    """
    text = str(given)
    if text in ("auto", "measure"):
        return None
    asked = re.fullmatch(r"(?:(threads|processes)[: ])?(\d{1,3})", "0" if text == "inline" else text)
    if asked is None or (asked[1] and asked[2] == "0"):
        raise InputError(
            f'workers={given!r}: choose "auto", "measure", a number, "inline", "threads:2" or "processes:2"'
        )
    if asked[2] == "0":
        return Workers("inline", 0, "as asked for")
    return Workers(asked[1] or "any", int(asked[2]), "as asked for")


def choose_workers(
    work: Callable[[int], object], samples: int, batch_size: int, count: int, *, native: bool
) -> Workers:
    """Inline, or `count` threads or processes, by running `work(n)`, which makes a batch of n samples.

    What threads bring is measured. `native` work leaves Python's lock alone: threads are chosen unless they hinder,
    for they also let the consumer's work overlap with the loading. Other work goes to threads where they clearly help,
    to processes where they do not and an epoch of `samples` is long enough to repay the start of processes.
    """
    if count == 1:
        return Workers("inline", 0, "one CPU: a second worker would only take turns with the first")
    size, repeats = _enough(work, batch_size)
    least = HARMLESS if native else WORTHWHILE
    cpus = min(float(count), cpu_quota() or count) if native else 1.0  # Python's lock admits one
    rounds: list[_Round] = []
    while len(rounds) < ROUNDS or (len(rounds) < MOST_ROUNDS and not _agree(rounds, least)):
        began = thread_time()
        alone = _alone(work, size, repeats)
        share = (thread_time() - began) / (alone * repeats)
        together, busy = _together(work, size, repeats, count)
        rounds.append(_Round(alone, together, min(share, busy / cpus)))
    alone, together = min(one.alone for one in rounds), min(one.together for one in rounds)
    gain, disturbed = alone / together, not _agree(rounds, least)
    said = f"{count} threads did {gain:.1f} x the work of one"
    if disturbed:
        said += " (measured while other work or the disk held it up)"
    if gain >= least:
        return Workers("threads", count, f"{said}, beside Python's lock" if native else said, disturbed)
    if not native and alone / size * samples >= START_OF_PROCESSES:
        return Workers("processes", count, f"{said}: this work holds Python's lock", disturbed)
    why = said if native else f"{said}, and an epoch is too short for processes to pay"
    return Workers("inline", 0, why, disturbed)


class _Round(NamedTuple):
    """Seconds a batch in one thread and in several, and the share of the CPUs that they could use and had: the one, or
    the several, whichever had less."""

    alone: float
    together: float
    share: float


def _agree(rounds: list[_Round], least: float) -> bool:
    """Whether the last rounds say the same, and nothing else took the CPU."""
    last = rounds[-ROUNDS:]
    said = {one.alone / one.together >= least for one in last}
    return len(said) == 1 and all(one.share >= UNDISTURBED for one in last)


def _enough(work: Callable[[int], object], batch_size: int) -> tuple[int, int]:
    """A batch's size, and how many of them take `LONG_ENOUGH`."""
    size, repeats = min(2, batch_size), 1
    work(size)  # whatever is done once (compiling, opening) is no part of the comparison
    while not _long(work, size, repeats):
        size, repeats = (min(2 * size, batch_size), 1) if size < batch_size else (size, 2 * repeats)
    return size, repeats


def _long(work: Callable[[int], object], size: int, repeats: int) -> bool:
    """Whether this takes `LONG_ENOUGH`, twice: the first time, something else may have held it up, and a batch that is
    too small would be Python's work more than the kernels'."""
    return all(_alone(work, size, repeats) * repeats >= LONG_ENOUGH for _ in range(2))


def _alone(work: Callable[[int], object], size: int, repeats: int) -> float:
    """Seconds a batch, in this thread."""
    start = perf_counter()
    for _ in range(repeats):
        work(size)
    return (perf_counter() - start) / repeats


def _together(work: Callable[[int], object], size: int, repeats: int, count: int) -> tuple[float, float]:
    """Seconds a batch, when `count` threads make `repeats` batches each, and how many CPUs this process had."""
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(work, [size] * count))  # each thread's own memory is made once, too
        start, began = perf_counter(), process_time()
        # A loop each: between short batches, the pool's own handing over would pass for waiting.
        list(pool.map(lambda _: _alone(work, size, repeats), range(count)))
        seconds = perf_counter() - start
        return seconds / (repeats * count), (process_time() - began) / seconds
