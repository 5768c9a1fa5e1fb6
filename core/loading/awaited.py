"""A loader's kernels while they are compiled: whether they are there by now, and what to say until they are."""

from __future__ import annotations

import time

from .compiling import compile_ahead, in_background, rest_text, runs
from .fused import GATHER, RAW, kind_of, set_of
from .kernel_cache import compiled
from .normalise import Normalise
from .pipeline import Pipeline, StagedPipeline, Stored, staged

INTERVAL = 0.25
"""Seconds between two looks."""


class AwaitedKernels:
    """The kernels that one store's loader is waiting for, while its batches are made by the stages."""

    def __init__(self, store: Stored, stages: StagedPipeline, wanted: str) -> None:
        """`wanted`: the name of the set (`core.loading.fused.SETS`)."""
        self._store, self._stages, self._wanted = store, stages, wanted
        self._next = 0.0
        self._there = self._given_up = False
        compile_ahead(wanted)

    def there(self) -> bool:
        """Whether they are compiled; cheap enough to be asked before every batch."""
        now = time.monotonic()
        if not self._there and not self._given_up and now >= self._next:
            self._next = now + INTERVAL
            running = runs()  # asked first: what ended meanwhile has left its record
            self._there = self._wanted in compiled().sets
            self._given_up = not self._there and not running
        return self._there

    def fused(self) -> Pipeline:
        """The compiled pipeline."""
        from .loaders.fast.engine import fastest

        return fastest(self._store, self._stages)

    def reason(self) -> str:
        """Why the stages do the work."""
        if self._given_up:
            return "the stages do the work: the kernels could not be compiled"
        return f"the stages do the work until the kernels are compiled: {rest_text()}"


def sets_for_load(store: Stored, transform: str, *, fast: bool, stage_limits: bool) -> tuple[str, ...]:
    """The sets of kernels that measuring a load of this store uses, the loader's own first.

    `fast`: by the fast loader, the one that uses kernels; `stage_limits`: and what limits it.
    Raises InputError for an unknown transform, WorkError where the first sample cannot be read.
    """
    kind = kind_of(store, staged(store, transform, 0, Normalise())) if fast or stage_limits else None
    own = () if kind is None else (set_of(kind, transform),)
    return tuple(dict.fromkeys((*own, set_of(RAW, transform), GATHER))) if stage_limits else own


def await_kernels(store: Stored, stages: StagedPipeline) -> AwaitedKernels | None:
    """None where nothing is waited for: the kernels are there, or none know this store, or they are not made ahead."""
    if not in_background() or (kind := kind_of(store, stages)) is None:
        return None
    wanted = set_of(kind, stages.transform.name)
    return None if wanted in compiled().sets else AwaitedKernels(store, stages, wanted)
