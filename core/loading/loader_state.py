"""Where an epoch stands, as plain values that travel in any checkpoint: the same on every rank.

What counts is samples of the global order, not batches: so an epoch goes on with another number of ranks, and with
batches of another size, at the sample at which it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

from ..base.errors import InputError
from .batch_sampler import BatchSampler
from .pipeline import Stored

VERSION = 1
"""Of the layout below, and of how orders follow from seed and epoch."""

NAMES: Mapping[str, str] = {
    "version": "made by another version",
    "dataset": "of another dataset",
    "split": "of another split",
    "samples": "of another number of samples",
    "members": "of other members of the split",
    "seed": "of another seed",
    "order": "of another order",
    "shards": "of a store with other shards",
    "window": "of another window",
    "groups": "of another number of groups",
}
"""What must be as it was -> what is said where it is not."""


class EpochPosition(NamedTuple):
    """How far an epoch is: `position` samples of its global order were handed out, by all ranks together."""

    epoch: int
    position: int = 0


@runtime_checkable
class Fingerprinted(Protocol):
    """What a store may be as well: one that tells which dataset it was built from."""

    @property
    def fingerprint(self) -> str: ...


def belongs_to(store: Stored) -> dict[str, str]:
    """Which data a state is of: the same for all stores of a dataset; "" where a store does not tell its dataset."""
    return {"dataset": store.fingerprint if isinstance(store, Fingerprinted) else "", "split": store.split}


def told(at: EpochPosition, sampler: BatchSampler, belongs: Mapping[str, str]) -> dict[str, Any]:
    """The state of a loader at this position: text and integers alone. `belongs`: which data it is of."""
    return {
        "version": VERSION,
        **belongs,
        **sampler.order_identity,
        "global_batch": int(sampler.global_batch),
        "epoch": at.epoch,
        "position": at.position,
    }


def understood(state: Any, sampler: BatchSampler, belongs: Mapping[str, str]) -> EpochPosition:
    """Where a loader of this sampler goes on. `global_batch` may be another one.

    Raises InputError for what is no state, and for one of other samples or another order.
    """
    if not isinstance(state, Mapping):
        raise InputError(f"a loader's state is a dict that its state_dict() gave, not {type(state).__name__}")
    mine = told(EpochPosition(0), sampler, belongs)
    for name, said in NAMES.items():
        given, wanted = state.get(name), mine.get(name)
        if given != wanted:
            raise InputError(
                f"this state is {said} ({name} {given!r}, here {wanted!r}): load it into a loader like the one that "
                "gave it, or begin an epoch anew with set_epoch"
            )
    numbers = [state.get("epoch"), state.get("position")]
    counts = [value for value in numbers if isinstance(value, int) and value >= 0]
    if counts != numbers or counts[1] > sampler.samples:
        raise InputError(f"this state is damaged: position {numbers[1]!r} of epoch {numbers[0]!r}")
    return EpochPosition(*counts)
