"""What live measurements have to say, by task and series, so that whoever draws them need not ask.

A job's events may be another version's, or damaged; a measurement without one of these fields is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..base.checked_fields import AMOUNT, COUNT, NUMBER, POSITIVE, TEXT, Fields, fault, one_of, or_null
from ..base.events import Sample
from ..measure.record_fields import ONE, STORE
from ..measure.storage.methods import OPERATIONS

CONFIGURATION: Fields = {"configuration": TEXT, "store": STORE, "format": TEXT}
LOADED: Mapping[str, Fields] = {
    "throughput": {**CONFIGURATION, "samples_per_s": or_null(AMOUNT)},
    "repeat": {**CONFIGURATION, "samples_per_s": POSITIVE},
    "refused": {**CONFIGURATION, "reason": TEXT},
}
RUN: Fields = {"store": STORE, "order": TEXT}
TIMED: Fields = {"format": TEXT, "variant": TEXT, "operation": one_of(OPERATIONS), "samples": ONE}

SERIES: Mapping[str, Mapping[str, Fields]] = {
    "loader": LOADED,
    "suite": LOADED,
    "demo": {**LOADED, "step": {"number": COUNT, "state": TEXT, "seconds": AMOUNT}},
    "storage": {"now": {**TIMED, "done": COUNT, "seconds": AMOUNT}, "time": {**TIMED, "seconds": POSITIVE}},
    "train": {
        "lane": RUN,
        "step": {
            **RUN,
            **dict.fromkeys(("seen", "accuracy", "samples_per_s", "wait_share", "wait_ms", "compute_ms"), AMOUNT),
            "loss": or_null(NUMBER),
        },
        "epoch": {**RUN, "epoch": ONE, "val_accuracy": AMOUNT},
    },
    "train-scaling": {
        "step": {**CONFIGURATION, "samples_per_s": AMOUNT, "wait_share": AMOUNT},
        "repeat": {**CONFIGURATION, "samples_per_s": POSITIVE},
    },
}
"""Task -> series -> the fields that it has to have."""

MONITOR: Fields = {"ts": NUMBER}


def is_known(task: str, sample: Sample) -> bool:
    """Whether a measurement has what its series has to have; a series that nobody draws has all it needs."""
    if sample.series == "monitor":  # all its columns are numbers
        return fault(sample.values, MONITOR, dict.fromkeys(sample.values, NUMBER)) is None
    return fault(sample.values, SERIES.get(task, {}).get(sample.series, {})) is None
