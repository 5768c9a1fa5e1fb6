"""What makes the batches of a loader on the host: the interface that every loader's engine has."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Protocol

from .batch_sampler import BatchSpec
from .transfer import Batch
from .workers import Workers


class Engine(Protocol):
    """Turns batch specs into batches on the host, in their order."""

    @property
    def workers(self) -> Workers:
        """Who does the work, and why."""
        ...

    @property
    def stages(self) -> dict[str, float]:
        """Seconds that the workers have spent so far, by stage."""
        ...

    def batches(self, specs: Iterator[BatchSpec]) -> Generator[Batch, None, None]: ...

    def close(self) -> None: ...
