"""What a build takes here: the real task on few and on many images, so that what is paid once is told from the rest."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any, NamedTuple

from ..base.contracts import Row
from ..base.events import Progress, finish
from ..building import Build
from ..building.plan import plan_of
from ..building.recipe import Recipe
from ..building.sample import sample_payloads, sample_rows, training_payloads
from ..building.trial import write_trial
from ..processes.cpus import usable_cpus
from .rates import BuildRates
from .trial_home import FEW, MANY, TrialHome

STAGE = "building on trial"
REPEATS, SECONDS = 3, 6.0
SAMPLE = 256
SHARDS, SHARD_MB = "shards", "shard_mb"
MORE_PARTS = 8
MOST_COMMIT = 0.5
"""Of an image's time: what the driver seems to take beyond that is a disturbance."""

OTHER = "other"
"""Rows of the index, checksums, labels, the manifest."""


@dataclass(frozen=True)
class TrialRecipe:
    """What is built, as `build` takes it; `options` without those that say into how many parts."""

    format: str
    encoding: str
    compression: str
    options: Mapping[str, Any]

    def build(self, trial: TrialHome, dataset: str, workers: int, shards: int) -> Build:
        parts = self.format, self.encoding, self.compression
        options = {**self.options, SHARDS: shards}
        return Build(dataset, *parts, options, workers, force=True, home=str(trial.home.root))

    def recipe(self, trial: TrialHome, dataset: str = MANY) -> Recipe:
        """With its compression trained."""
        parts = self.format, self.encoding, self.compression
        return trained(Recipe.of(trial.home, dataset, *parts, self.options))


def trained(recipe: Recipe) -> Recipe:
    """With a compression that has seen the dataset's payloads, where it needs that."""
    return recipe.trained(training_payloads(recipe)) if recipe.compression.learns else recipe


class BuildTried(NamedTuple):
    """One build that is tried."""

    dataset: str
    workers: int
    shards: int


class TimeCost(NamedTuple):
    """Seconds that are paid once, and seconds an image."""

    once_s: float
    image_s: float


def line(few: int, few_s: float, many: int, many_s: float) -> TimeCost:
    """From what few and many images took; neither is below 0."""
    if many <= few or many_s <= few_s:
        return TimeCost(0.0, many_s / many)
    each = (many_s - few_s) / (many - few)
    return TimeCost(max(few_s - each * few, 0.0), each)


def measure_building(trial: TrialHome, recipe: TrialRecipe) -> Iterator[Progress | BuildRates]:
    """Ends with the rates. One process alone and one for each CPU are tried, each with few and with many images, and
    few in more parts."""
    few, many = (sum(trial.dataset(name).splits.values()) for name in (FEW, MANY))
    cpus = usable_cpus()
    parts, more = max(cpus, 2), max(cpus, 2) + MORE_PARTS
    tried = [BuildTried(name, count, parts) for name in (FEW, MANY) for count in dict.fromkeys((0, cpus))]
    tried.append(BuildTried(FEW, 0, more))
    builds = {one: recipe.build(trial, *one) for one in tried}
    found = yield from _tried(builds)
    seconds = {one: median(took.work_s for took in times) for one, times in found.items()}
    part_s = max(seconds[tried[-1]] - seconds[BuildTried(FEW, 0, parts)], 0.0) / (more - parts)
    alone, together = (
        line(few, seconds[BuildTried(FEW, count, parts)], many, seconds[BuildTried(MANY, count, parts)])
        for count in (0, cpus)
    )
    start_s = median(took.start_s for one, times in found.items() if one.workers == cpus for took in times)
    together = together._replace(once_s=together.once_s + start_s)
    own = [median(took.own_s for took in found[BuildTried(name, cpus, parts)]) for name in (FEW, MANY)]
    commit_s = line(few, own[0], many, own[1]).image_s if cpus > 1 else 0.0
    rates = build_rates(alone, together, part_s, commit_s, parts, cpus, stages_of(recipe.recipe(trial)))
    yield dataclasses.replace(rates, cut_s=_cutting(recipe, trial, few, many))


class _Took(NamedTuple):
    """Seconds of a build: starting its processes, and all else; and the processor time of the process that drives
    it."""

    start_s: float
    work_s: float
    own_s: float


def _tried(builds: Mapping[BuildTried, Build]) -> Generator[Progress, None, dict[BuildTried, list[_Took]]]:
    """Round after round, each of them once, until `REPEATS` rounds are done or a round has ended after `SECONDS`."""
    found: dict[BuildTried, list[_Took]] = {one: [] for one in builds}
    began = time.perf_counter()
    for number in range(REPEATS):
        for done, (one, build) in enumerate(builds.items()):
            tried = number * len(builds) + done
            left_s = _left_s(tried, len(builds), time.perf_counter() - began)
            yield Progress(STAGE, tried, REPEATS * len(builds), "builds", left_s)
            since, own = time.perf_counter(), time.process_time()
            start_s = float(finish(build.run())["startup_seconds"])
            took_s = max(time.perf_counter() - since - start_s, 1e-9)
            found[one].append(_Took(start_s, took_s, time.process_time() - own))
        if time.perf_counter() - began > SECONDS:
            break
    return found


def _left_s(tried: int, a_round: int, elapsed: float) -> float | None:
    """What the builds to come take, by the pace of those before; rounds end after `SECONDS`."""
    if not tried:
        return None
    each = elapsed / tried
    rounds = min(REPEATS, int(SECONDS // max(each * a_round, 1e-9)) + 1)
    return max(rounds * a_round - tried, 0) * each


def _cutting(recipe: TrialRecipe, trial: TrialHome, few: int, many: int) -> float:
    """Seconds an image to plan parts by their size, which takes the sizes of all payloads."""
    by_size = dataclasses.replace(recipe, options={**recipe.options, SHARD_MB: 1})
    recipes = [by_size.recipe(trial, name) for name in (FEW, MANY)]
    took = [min(_timed(partial(plan_of, one, {})) for _ in range(REPEATS)) for one in recipes]
    return line(few, took[0], many, took[1]).image_s


def build_rates(
    alone: TimeCost,
    together: TimeCost,
    part_s: float,
    commit_s: float,
    parts: int,
    cpus: int,
    stages: Mapping[str, float],
) -> BuildRates:
    """From what one process and one for each CPU took, and from how an image's seconds divide among the stages. Both
    have built `parts` parts: those are no part of what is paid once a build. `commit_s` of an image is the driver's."""
    commit_s = min(commit_s, MOST_COMMIT * together.image_s, MOST_COMMIT * alone.image_s)
    alone_s = alone.image_s - commit_s
    image_s = max((together.image_s - commit_s) * cpus, alone_s)  # a CPU is not faster for the others being busy
    known = sum(stages.values())
    scale = image_s / known if known > image_s else 1.0
    shares = {name: seconds * scale for name, seconds in stages.items()}
    shares[OTHER] = max(image_s - sum(shares.values()), 0.0)
    return BuildRates(
        stages=shares,
        start_s=max(together.once_s - part_s * parts / cpus, 0.0),
        alone_start_s=max(alone.once_s - part_s * parts, 0.0),
        part_s=part_s,
        commit_s=commit_s,
        alone=image_s / alone_s,
    )


def stages_of(recipe: Recipe) -> dict[str, float]:
    """Seconds an image of each stage, in this process, on a sample."""
    rows = sample_rows(recipe, SAMPLE)
    read = _timed(lambda: recipe.dataset.read_many(rows))
    encode = _timed(lambda: sample_payloads(recipe, rows)) - read
    payloads = sample_payloads(recipe, rows)
    squeezed = _timed(lambda: list(map(recipe.compression.compress, payloads)))
    found = {"read": read, "encode": max(encode, 0.0)}
    if not recipe.compression.identity:
        found["compress"] = squeezed
    each = {name: seconds / len(rows) for name, seconds in found.items()}
    return {**each, "write and verify": _written(recipe, payloads, rows)}


def _written(recipe: Recipe, payloads: Sequence[bytes], rows: Sequence[Row]) -> float:
    stored = [bytes(recipe.compression.compress(payload)) for payload in payloads]
    endings = [recipe.encoding.suffix(payload) + recipe.compression.suffix for payload in payloads]
    trial = write_trial(recipe, stored, endings, recipe.dataset.root.parent)
    return trial.seconds if trial else 0.0


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return max(time.perf_counter() - began, 1e-9)
