"""What would help a configuration most: what the same experiment measured, and what its stage limits predict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..formats import FORMATS, keeps_files
from ..loading.loaders import DEFAULT_LOADER, LOADERS
from .configuration_summary import NEAR, ConfigurationSummary
from .configurations import VARIED
from .controlled import differing, differing_note, row_factors
from .statistics import ratio

WORTH = 1.05
"""A gain below this is not worth a sentence."""

DOUBT = 0.5
"""What a predicted gain counts beside a measured one."""

BATCHES_EACH = 4
"""Batches an epoch that a worker should have, so that none waits long for the last of the others."""


class Change(NamedTuple):
    """Something to do differently. `gain`: how many times as fast; `measured` in this experiment, or predicted."""

    what: str
    gain: float
    measured: bool


def changes_for(case: ConfigurationSummary, bound: str, others: Sequence[ConfigurationSummary]) -> Iterator[Change]:
    """Every change that is known, for a configuration that is `bound` by a key of `bottleneck.BOUND_BY`."""
    yield from _measured(case, others)
    if bound == "model" or case.rival:  # what goes on within a rival is not known here
        return
    for what, rate in _predicted(case, bound):
        times = min(rate, *_other_walls(case, bound)) / case.loading
        yield Change(what, _gain(case, times, beside=bound == "workers" or case.workers > 0), False)


def best_of(changes: Sequence[Change]) -> Change | None:
    """The change that helps most, None where none is worth it; what was measured outweighs a larger promise."""
    worth = [change for change in changes if change.gain >= WORTH]
    return max(worth, key=lambda change: change.gain * (1 if change.measured else DOUBT), default=None)


def _gain(case: ConfigurationSummary, times: float, *, beside: bool) -> float:
    """What loading that is so many `times` as fast means for the trainer: `beside` the step, or alternating with it."""
    wait = case.wait_share
    if wait is None or times <= 0:
        return times
    return 1 / max(wait / times, 1 - wait) if beside else 1 / (wait / times + 1 - wait)


def _other_walls(case: ConfigurationSummary, bound: str) -> list[float]:
    """What would hold a faster configuration back: memory, and the upper_bounds that it is not bound by."""
    upper_bounds = [rate for name, rate in case.upper_bounds.items() if name not in ("host", bound)]
    return [*upper_bounds, case.ceilings.get("memory", float("inf"))]


def _measured(case: ConfigurationSummary, others: Sequence[ConfigurationSummary]) -> Iterator[Change]:
    """Configurations of the same experiment that do the same work, differ in one thing and are significantly faster."""
    for other in others:
        if case.rival or other.rival:
            yield from _measured_whole(case, other)
            continue
        names = [name for name in VARIED if _of(case, name) != _of(other, name)]
        if len(names) == 1 and names[0] in _SWAPS:
            gain = ratio(other.rates, case.rates)
            if gain.ahead:
                yield Change(_swapped(case, other, names[0]), gain.value, True)


def _measured_whole(case: ConfigurationSummary, other: ConfigurationSummary) -> Iterator[Change]:
    """Where one is a rival: the other with its container, if it does the same and is significantly faster."""
    if differing(row_factors(case.about), row_factors(other.about)) != ("loader",):
        return
    gain = ratio(other.rates, case.rates)
    if gain.ahead:
        loader, store = _of(other, "loader"), _of(other, "store")
        what = f"{loader}, with a container of its own," if other.rival else f"The {loader} loader with {store}"
        yield Change(what, gain.value, True)


def _swapped(case: ConfigurationSummary, other: ConfigurationSummary, name: str) -> str:
    """The other configuration's value; of another store also what it is another in, for that may be several things."""
    what = _SWAPS[name].format(_of(other, name))
    return what + differing_note(row_factors(case.about), row_factors(other.about)) if name == "store" else what


_SWAPS = {
    "store": "The store {}",
    "loader": "The {} loader",
    "batch_size": "Batches of {}",
    "workers": "Workers: {}",
}


def _of(case: ConfigurationSummary, name: str) -> str:
    return str(case.about.get("workers_asked" if name == "workers" else name))


def _predicted(case: ConfigurationSummary, bound: str) -> Iterator[tuple[str, float]]:
    """(what to do, the rate that it would have) for what the stage limits predict."""
    if bound == "decoding" and "from raw" in case.ceilings:
        reached = min(case.loading / case.ceilings["collate"], 1)
        yield _REMOVES[bound][1], reached * case.ceilings["from raw"]
    elif bound in _REMOVES:
        stage, what = _REMOVES[bound]
        yield what, _without(case, case.costs[stage])
    elif bound == "memory" and case.about.get("output") in _OF_FLOAT:
        part, saved = _OF_FLOAT[str(case.about["output"])]
        yield f"Output as uint8, {part} of the bytes,", _without(case, saved * case.costs["collate"])
    elif bound == "storage" and "cold read" in case.ceilings:
        yield "Enough memory to keep the store in the page cache", NEAR * case.ceilings["collate"]
    elif bound == "storage":
        yield _better_storage(case), _without(case, case.costs["read"])
    elif bound == "workers":
        times = case.cpus / max(case.workers, 1)
        yield f"{case.cpus} workers", min(case.loading * times, case.ceilings["collate"])
    elif bound == "batches":
        size = max(int(case.about["split_samples"]) // (BATCHES_EACH * case.workers), 1)
        yield f"Batches of {size}", min(case.loading * case.workers / case.batches, case.ceilings["collate"])
    elif bound == "python":
        yield from _less_python(case)


_OF_FLOAT = {"float32": ("a quarter", 0.75), "float16": ("half", 0.5), "bfloat16": ("half", 0.5)}
"""What uint8 is of the bytes of an output, and the share that it saves."""

_REMOVES = {
    "decoding": ("decode", "Storing raw pixels, which need no decoding,"),
    "decompression": ("decompress", "Storing without compression"),
    "transform": ("transform", "Storing the images at the size that is trained on"),
}


def _better_storage(case: ConfigurationSummary) -> str:
    if keeps_files(case.about.get("format")):
        containers = ", ".join(entry.title for entry in FORMATS.values() if not entry.file_per_sample)
        return f"One container ({containers}) instead of a file for each image"
    return "A smaller encoding, of which fewer bytes are read,"


def _less_python(case: ConfigurationSummary) -> Iterator[tuple[str, float]]:
    top = case.ceilings["collate"]
    loader = str(case.about.get("loader"))
    better = LOADERS[loader].less_python if loader in LOADERS else DEFAULT_LOADER
    if better:
        yield f"The {better} loader", NEAR * top
        return
    size = int(case.about.get("batch_size", 0))
    enough = case.batches >= 4 * BATCHES_EACH * max(case.workers, 1)
    if size and size < 1024 and enough:  # what is left beside the stages is spent once a batch
        yield f"Batches of {4 * size}", 1 / (1 / top + (1 / case.loading - 1 / top) / 4)


def _without(case: ConfigurationSummary, seconds: float) -> float:
    """The rate if a sample took so much less time, of what it takes now and of what the stage limits allow at best."""
    left = max(1 / case.loading - seconds, 1 / case.ceilings["collate"] - seconds, 0.01 / case.loading)
    return 1 / left


def told(best: Change | None) -> str:
    """A change as a sentence."""
    if best is None:
        return "No change that was measured or can be predicted here would gain 5% or more."
    if best.measured:
        return f"{best.what} helps most: measured here, {_times(best.gain)} as fast."
    return f"{best.what} would help most: about {_times(best.gain)} as fast is predicted."


def _times(gain: float) -> str:
    return f"{gain:.1f} times"
