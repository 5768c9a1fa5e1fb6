"""What limits a configuration's throughput, and what would help most: from its repeats and the stage limits.

The stage throughput limits (`core/loading`) say at which rate samples could be made if the work ended at each stage. A
configuration near the last one is bound by the stage that costs most; one far below is held back by what is no stage:
Python between the stages, or too few workers. Beside the stages there are other upper bounds: the bus to a device, a
cold disk. A trainer that hardly waits is bound by its model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..loading.loaders import LOADERS
from .advice import best_of, changes_for, told
from .configuration_summary import NEAR, ConfigurationSummary, summarise_configurations

IDLE = 0.1
"""A trainer that waits for a smaller share of its time than this is bound by its model."""

ALL_BUSY = 0.85
"""Of all CPUs: from here on a rival has no processor time left."""

BOUND_BY = {
    "model": "the training step",
    "storage": "storage",
    "decompression": "decompression",
    "decoding": "decoding",
    "transform": "the transform",
    "memory": "writing the batches to memory",
    "python": "Python",
    "workers": "its number of workers",
    "batches": "too few batches per epoch",
    "copy": "the copy to the device",
    "processors": "its own processor time",
    "waiting": "waiting, not by processor time",
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


@dataclass(frozen=True)
class Bottleneck:
    """`bound`: a key of `BOUND_BY`. `of_ceiling`: the share of the lowest ceiling that was reached. `costs`: seconds a
    sample on all CPUs, by stage. `advice` is empty where nothing known would bring 5 percent."""

    configuration: str
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


def bottlenecks(repeats: Sequence[Mapping[str, Any]]) -> list[Bottleneck]:
    """One for each configuration with stage limits, the fastest first."""
    cases = summarise_configurations(repeats)
    return [bottleneck_of(case, cases) for case in cases]


def bottleneck_of(case: ConfigurationSummary, others: Sequence[ConfigurationSummary] = ()) -> Bottleneck:
    """The verdict on one configuration; `others` of the same experiment may show what a change brings."""
    bound, evidence = _bound(case)
    best = best_of(list(changes_for(case, bound, others)))
    return Bottleneck(
        configuration=case.name,
        bound=bound,
        rate=case.rate,
        of_ceiling=case.loading / min(case.upper_bounds.values()),
        costs=case.costs,
        evidence=evidence,
        advice=told(best),
        gain=best.gain if best else None,
        measured=bool(best and best.measured),
    )


# ---------------------------------------------------------------- what binds


def _bound(case: ConfigurationSummary) -> tuple[str, str]:
    """What binds it, and the evidence."""
    if case.wait_share is not None and case.wait_share < IDLE:
        return "model", f"the trainer waits for data only {_percent(case.wait_share)} of its time."
    lowest_bound = min(case.upper_bounds, key=lambda name: case.upper_bounds[name])
    lowest = case.upper_bounds[lowest_bound]
    if case.loading < NEAR * lowest:
        return _rival_below(case, lowest) if case.rival else _below(case, lowest)
    reached = f"it reaches {_percent(min(case.loading / lowest, 1))} of"
    if lowest_bound == "copy":
        return "copy", f"{reached} the {_rate(lowest)} that the bus to the device carries."
    if lowest_bound == "storage":
        return "storage", f"{reached} the {_rate(lowest)} at which the cold store can be read at all."
    return _costliest(case, reached)


def _costliest(case: ConfigurationSummary, reached: str) -> tuple[str, str]:
    stage = max(case.costs, key=lambda name: case.costs[name])
    share = case.costs[stage] * case.ceilings["collate"]
    return STAGE_OF[stage], (
        f"{reached} the {_rate(case.ceilings['collate'])} that all stages together allow on "
        f"{_cpus(case)}, and {_does(case, stage)} takes {_percent(share)} of that time."
    )


def _does(case: ConfigurationSummary, stage: str) -> str:
    warm = stage == "read" and case.about.get("cache") == "warm"
    return "reading, out of the page cache," if warm else DOES[stage]


def _below(case: ConfigurationSummary, lowest: float) -> tuple[str, str]:
    """Far below every ceiling: too few workers, or what Python does between the stages."""
    reached = (
        f"it reaches {_percent(case.loading / lowest)} of the {_rate(lowest)} that its stages allow on {_cpus(case)}"
    )
    if case.batches < case.workers and case.loading >= NEAR * lowest * case.batches / max(case.workers, case.cpus):
        many = "1 batch" if case.batches == 1 else f"{case.batches} batches"
        return (
            "batches",
            f"{reached}, because an epoch has {many} and each of {case.workers} workers makes whole batches.",
        )
    share = max(case.workers, 1) / case.cpus
    if share < 1 and case.loading >= NEAR * share * lowest:
        alone = "the trainer's own thread makes" if not case.workers else f"{case.workers} of them make"
        return "workers", f"{reached}, because {alone} all batches."
    return "python", f"{reached}; the rest is spent in Python, between the stages and around each {_unit(case)}."


def _rival_below(case: ConfigurationSummary, lowest: float) -> tuple[str, str]:
    """Of a rival nothing is known but what its processes took from outside: all CPUs, or less than there was."""
    reached = (
        f"it reaches {_percent(case.loading / lowest)} of the {_rate(lowest)} that loading the same images allows on "
        f"{_cpus(case)}"
    )
    if case.cpu_s is None or case.busy is None:
        return "waiting", f"{reached}; its processor time was not measured."
    cost = f"{reached}; an image takes {1e6 * case.cpu_s:,.0f} µs of its processor time"
    if case.busy >= ALL_BUSY:
        return "processors", f"{cost}, which is all there is."
    return "waiting", (
        f"{cost}, which keeps {_percent(case.busy)} of the processors busy; the rest is waiting, for its workers, the "
        "hand-over between them or the disk."
    )


# ---------------------------------------------------------------- words


def _cpus(case: ConfigurationSummary) -> str:
    count = case.cpus
    return "one CPU" if count == 1 else f"{count} CPUs"


def _unit(case: ConfigurationSummary) -> str:
    loader = str(case.about.get("loader"))
    return "batch" if loader in LOADERS and LOADERS[loader].whole_batches else "sample"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _rate(per_second: float) -> str:
    digits = max(len(str(int(per_second))) - 3, 0)
    return f"{round(per_second, -digits):,.0f} images/s"
