"""Why a setting is as fast as it is, and what would help most: read off its turns and the ladder beside them.

The ladder (`core.loading.ceilings`) says at which rate samples could be made if the work ended at each stage. A setting
near its top rung is bound by the stage that costs most; one far below is held back by what is no stage at all: Python
between the stages, or too few workers. Beside the ladder stand walls: the bus to a device, a cold disk. A trainer that
hardly waits is bound by its model.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from core.measure.settings import VARIED

RUNGS = ("read", "decompress", "decode", "transform", "collate")
NEAR = 0.6
"""Of the lowest ceiling: from here on a setting is bound by it. Ceilings are measured with nobody else at work."""

IDLE = 0.1
"""A trainer that waits for a smaller share of its time than this is bound by its model."""

WORTH = 1.05
"""A gain below this is not worth a sentence."""

DOUBT = 0.5
"""What a predicted gain counts beside a measured one."""

BATCHES_EACH = 4
"""Batches an epoch that a worker should have, so that none waits long for the last of the others."""

BOUND_BY = {
    "model": "the training step",
    "storage": "storage",
    "decompression": "decompression",
    "decoding": "decoding",
    "transform": "the transform",
    "memory": "writing the batches to memory",
    "python": "Python",
    "workers": "its number of workers",
    "batches": "too few batches an epoch",
    "copy": "the copy to the device",
}
STAGE_OF = {
    "read": "storage",
    "decompress": "decompression",
    "decode": "decoding",
    "transform": "transform",
    "collate": "memory",
}
DOES = {
    "read": "reading",
    "decompress": "decompressing",
    "decode": "decoding",
    "transform": "cropping and resizing",
    "collate": "normalising and writing the batch",
}


class Change(NamedTuple):
    """Something to do differently. `gain`: how many times as fast; `measured` in this experiment, or predicted."""

    what: str
    gain: float
    measured: bool


@dataclass(frozen=True)
class Verdict:
    """`bound`: a key of `BOUND_BY`. `of_ceiling`: the share of the lowest ceiling that was reached. `costs`: seconds a
    sample on all CPUs, by rung. `advice` is empty where nothing known would bring 5 percent."""

    setting: str
    bound: str
    rate: float
    of_ceiling: float
    costs: Mapping[str, float]
    evidence: str
    advice: str
    gain: float | None
    measured: bool

    @property
    def sentence(self) -> str:
        """The verdict with its evidence and the one change, for people."""
        return f"Bound by {BOUND_BY[self.bound]}: {self.evidence} {self.advice}".strip()


@dataclass(frozen=True)
class Case:
    """A setting's turns, summed up. `rate`: the median, samples a second; `ceilings` as its load measured them."""

    about: Mapping[str, Any]
    rate: float
    wait_share: float | None
    ceilings: Mapping[str, float]

    @property
    def name(self) -> str:
        return str(self.about["setting"])

    @property
    def rungs(self) -> dict[str, float]:
        return {name: self.ceilings[name] for name in RUNGS if name in self.ceilings}

    @property
    def costs(self) -> dict[str, float]:
        """Seconds a sample that each stage takes on all CPUs at once: what its rung is below the one before."""
        times = {name: 1 / rate for name, rate in self.rungs.items()}
        before = [0.0, *times.values()]
        return {name: time - earlier for (name, time), earlier in zip(times.items(), before, strict=False)}

    @property
    def walls(self) -> dict[str, float]:
        """Every rate that cannot be passed, by what it would be bound by."""
        walls = {"storage": self.ceilings.get("cold read"), "copy": self.ceilings.get("copy")}
        standing = {name: rate for name, rate in walls.items() if rate}
        return {**standing, "host": self.ceilings["collate"]}

    @property
    def workers(self) -> int:
        """How many make batches; 0: the trainer's own thread."""
        words = str(self.about.get("workers", "")).split()
        return int(words[0]) if words and words[0].isdigit() else 0

    @property
    def batches(self) -> float:
        """Batches an epoch; infinitely many where the turns do not say."""
        samples, size = self.about.get("split_samples"), self.about.get("batch_size")
        return math.ceil(samples / size) if samples and size else math.inf

    @property
    def loading(self) -> float:
        """The rate while it loads: of a trainer that loads in its own thread, the time of its steps left out."""
        return self.rate / self.wait_share if self.wait_share and not self.workers else self.rate


def verdicts(turns: Sequence[Mapping[str, Any]]) -> list[Verdict]:
    """One for each setting that has a ladder, the fastest first."""
    cases = cases_of(turns)
    return [judge(case, cases) for case in cases]


def cases_of(turns: Sequence[Mapping[str, Any]]) -> list[Case]:
    """The settings of these turns that have a ladder, the fastest first."""
    return sorted(_cases(turns), key=lambda case: case.rate, reverse=True)


def judge(case: Case, others: Sequence[Case] = ()) -> Verdict:
    """The verdict on one setting; `others` of the same experiment may show what a change brings."""
    bound, evidence = _bound(case)
    best = _best(list(_changes(case, bound, others)))
    return Verdict(
        setting=case.name,
        bound=bound,
        rate=case.rate,
        of_ceiling=case.loading / min(case.walls.values()),
        costs=case.costs,
        evidence=evidence,
        advice=_advice(best),
        gain=best.gain if best else None,
        measured=bool(best and best.measured),
    )


def _cases(turns: Sequence[Mapping[str, Any]]) -> Iterator[Case]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for turn in turns:
        if "collate" in turn.get("ceilings", {}) and "setting" in turn:
            groups.setdefault(turn["setting"], []).append(turn)
    best = _best_ceilings(groups.values())
    for rows in groups.values():
        waits = [row["wait_share"] for row in rows if row.get("wait_share") is not None]
        rate = statistics.median(row["samples_per_s"] for row in rows)
        yield Case(rows[0], rate, statistics.median(waits) if waits else None, best[_work(rows[0])])


def _best_ceilings(groups: Iterable[Sequence[Mapping[str, Any]]]) -> dict[object, dict[str, float]]:
    """Of every rung and wall the best seen in any round; whoever was faster has shown that more is possible."""
    best: dict[object, dict[str, float]] = {}
    for rows in groups:
        found = best.setdefault(_work(rows[0]), {})
        for row in rows:
            for name, rate in row["ceilings"].items():
                found[name] = max(rate, found.get(name, 0.0))
        reached = statistics.median(row["samples_per_s"] for row in rows)
        for name in RUNGS:
            if name in found:
                found[name] = max(found[name], reached)
    return best


def _work(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What decides the ceilings (see `Setting.work`)."""
    return tuple(row.get(name) for name in ("path", "batch_size", "transform", "device", "output"))


# ---------------------------------------------------------------- what binds


def _bound(case: Case) -> tuple[str, str]:
    """What binds it, and the evidence."""
    if case.wait_share is not None and case.wait_share < IDLE:
        return "model", f"the trainer waits for data only {_percent(case.wait_share)} of its time."
    wall = min(case.walls, key=lambda name: case.walls[name])
    lowest = case.walls[wall]
    if case.loading < NEAR * lowest:
        return _below(case, lowest)
    reached = f"it reaches {_percent(min(case.loading / lowest, 1))} of"
    if wall == "copy":
        return "copy", f"{reached} the {_rate(lowest)} that the bus to the device carries."
    if wall == "storage":
        return "storage", f"{reached} the {_rate(lowest)} at which the cold store can be read at all."
    return _costliest(case, reached)


def _costliest(case: Case, reached: str) -> tuple[str, str]:
    stage = max(case.costs, key=lambda name: case.costs[name])
    share = case.costs[stage] * case.ceilings["collate"]
    return STAGE_OF[stage], (
        f"{reached} the {_rate(case.ceilings['collate'])} that all stages together allow on "
        f"{_cpus(case)}, and {_does(case, stage)} takes {_percent(share)} of that time."
    )


def _does(case: Case, stage: str) -> str:
    warm = stage == "read" and case.about.get("cache") == "warm"
    return "reading, out of the page cache," if warm else DOES[stage]


def _below(case: Case, lowest: float) -> tuple[str, str]:
    """Far below every ceiling: too few workers, or what Python does between the stages."""
    reached = (
        f"it reaches {_percent(case.loading / lowest)} of the {_rate(lowest)} that its stages allow on {_cpus(case)}"
    )
    if case.batches < case.workers and case.loading >= NEAR * lowest * case.batches / max(case.workers, _count(case)):
        many = "1 batch" if case.batches == 1 else f"{case.batches} batches"
        return "batches", f"{reached}, because an epoch is {many}, and each of {case.workers} workers makes whole ones."
    share = max(case.workers, 1) / _count(case)
    if share < 1 and case.loading >= NEAR * share * lowest:
        alone = "the trainer's own thread makes" if not case.workers else f"{case.workers} of them make"
        return "workers", f"{reached}, because {alone} all batches."
    return "python", f"{reached}; the rest is spent in Python, between the stages and around each {_unit(case)}."


# ---------------------------------------------------------------- what would help


def _changes(case: Case, bound: str, others: Sequence[Case]) -> Iterator[Change]:
    yield from _measured(case, others)
    if bound == "model":
        return
    for what, rate in _predicted(case, bound):
        times = min(rate, *_other_walls(case, bound)) / case.loading
        yield Change(what, _gain(case, times, beside=bound == "workers" or case.workers > 0), False)


def _best(changes: Sequence[Change]) -> Change | None:
    """The change that helps most, None where none is worth it; what was measured outweighs a larger promise."""
    worth = [change for change in changes if change.gain >= WORTH]
    return max(worth, key=lambda change: change.gain * (1 if change.measured else DOUBT), default=None)


def _gain(case: Case, times: float, *, beside: bool) -> float:
    """What loading that is so many `times` as fast means for the trainer: `beside` the step, or in turns with it."""
    wait = case.wait_share
    if wait is None or times <= 0:
        return times
    return 1 / max(wait / times, 1 - wait) if beside else 1 / (wait / times + 1 - wait)


def _other_walls(case: Case, bound: str) -> list[float]:
    """What would hold a faster setting back: memory, and the walls that it is not bound by."""
    walls = [rate for name, rate in case.walls.items() if name not in ("host", bound)]
    return [*walls, case.ceilings.get("memory", float("inf"))]


def _measured(case: Case, others: Sequence[Case]) -> Iterator[Change]:
    """Settings of the same experiment that do the same work and differ in one thing."""
    for other in others:
        differing = [name for name in VARIED if _of(case, name) != _of(other, name)]
        if len(differing) == 1 and differing[0] in _SWAPS:
            yield Change(_SWAPS[differing[0]].format(_of(other, differing[0])), other.rate / case.rate, True)


_SWAPS = {
    "store": "The store {}",
    "loader": "The {} loader",
    "batch_size": "Batches of {}",
    "workers": "Workers: {}",
}


def _of(case: Case, name: str) -> str:
    return str(case.about.get("workers_asked" if name == "workers" else name))


def _predicted(case: Case, bound: str) -> Iterator[tuple[str, float]]:
    """(what to do, the rate that it would have) for what the ladder can foresee."""
    if bound == "decoding" and "from raw" in case.ceilings:
        reached = min(case.loading / case.ceilings["collate"], 1)
        yield _REMOVES[bound][1], reached * case.ceilings["from raw"]
    elif bound in _REMOVES:
        stage, what = _REMOVES[bound]
        yield what, _without(case, case.costs[stage])
    elif bound == "memory" and case.about.get("output") == "float32":
        yield "Output as uint8, a quarter of the bytes", _without(case, 0.75 * case.costs["collate"])
    elif bound == "storage" and "cold read" in case.ceilings:
        yield "Enough memory to keep the store in the page cache", NEAR * case.ceilings["collate"]
    elif bound == "storage":
        yield _better_storage(case), _without(case, case.costs["read"])
    elif bound == "workers":
        times = _count(case) / max(case.workers, 1)
        yield f"{_count(case)} workers", min(case.loading * times, case.ceilings["collate"])
    elif bound == "batches":
        size = max(int(case.about["split_samples"]) // (BATCHES_EACH * case.workers), 1)
        yield f"Batches of {size}", min(case.loading * case.workers / case.batches, case.ceilings["collate"])
    elif bound == "python":
        yield from _less_python(case)


_REMOVES = {
    "decoding": ("decode", "Storing raw pixels, which need no decoding,"),
    "decompression": ("decompress", "Storing without compression"),
    "transform": ("transform", "Storing the images at the size that is trained on"),
}


def _better_storage(case: Case) -> str:
    if case.about.get("format") == "disk":
        return "One container (LMDB, HDF5) instead of a file for each image"
    return "A smaller encoding, of which fewer bytes are read,"


def _less_python(case: Case) -> Iterator[tuple[str, float]]:
    top = case.ceilings["collate"]
    if case.about.get("loader") != "fast":
        yield "The fast loader", NEAR * top
        return
    size = int(case.about.get("batch_size", 0))
    enough = case.batches >= 4 * BATCHES_EACH * max(case.workers, 1)
    if size and size < 1024 and enough:  # what is left beside the stages is spent once a batch
        yield f"Batches of {4 * size}", 1 / (1 / top + (1 / case.loading - 1 / top) / 4)


def _without(case: Case, seconds: float) -> float:
    """The rate if a sample took so much less time, of what it takes now and of what the ladder allows at best."""
    left = max(1 / case.loading - seconds, 1 / case.ceilings["collate"] - seconds, 0.01 / case.loading)
    return 1 / left


def _advice(best: Change | None) -> str:
    if best is None:
        return "Nothing that was tried or can be foreseen here would bring 5% more."
    if best.measured:
        return f"{best.what} helps most: measured here, {_times(best.gain)} as fast."
    return f"{best.what} would help most: about {_times(best.gain)} as fast is predicted."


# ---------------------------------------------------------------- words


def _count(case: Case) -> int:
    return int(case.about.get("cpus", 1)) or 1


def _cpus(case: Case) -> str:
    count = _count(case)
    return "one CPU" if count == 1 else f"{count} CPUs"


def _unit(case: Case) -> str:
    return "batch" if case.about.get("loader") in ("fast", "torch") else "sample"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _times(gain: float) -> str:
    return f"{gain:.1f} times"


def _rate(per_second: float) -> str:
    digits = max(len(str(int(per_second))) - 3, 0)
    return f"{round(per_second, -digits):,.0f} images/s"
