"""The batches of an epoch as their samples come: at once from this disk, or with the shards of a store elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

from ..base.distant import Distant
from ..base.errors import InputError
from .batch_sampler import BatchSampler, BatchSpec
from .pipeline import Stored

MISSING = ("raise", "skip")
"""What may be done about shards that cannot be had."""


class ComingBatches:
    """An epoch whose samples are all here. A context: at its end whatever goes on for the epoch ends."""

    skipped = 0
    """Samples that were left out since the epoch began, others in their places."""

    def __init__(self, sampler: BatchSampler, epoch: int, position: int) -> None:
        self._sampler, self._epoch, self._position = sampler, epoch, position

    def specs(self) -> Iterator[BatchSpec]:
        """The batches to be made, in order; may be asked for twice."""
        return self._sampler.specs(self._epoch, self._position)

    def handed_out(self) -> None:
        """One more batch, in order, was made and handed out."""

    def close(self) -> None:
        """Nothing more is needed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@runtime_checkable
class Metered(Protocol):
    """What a store may be as well: one that counts what it asked of a storage."""

    @property
    def traffic(self) -> Any:
        """A dataclass of counts, which can be subtracted."""
        ...


@dataclass
class Deliveries:
    """How the samples of a loader's epochs come to it, and what that took. `store` None: as of one that is here."""

    store: Stored | None
    missing: str = "raise"
    _latest: ComingBatches | None = None

    def __post_init__(self) -> None:
        """Raises InputError for an unknown word, or "skip" for a store that is here."""
        if self.missing not in MISSING:
            raise InputError(f"missing={self.missing!r}: choose one of {', '.join(MISSING)}")
        if self.missing == "skip" and not self._distant:
            raise InputError('missing="skip" is for stores at addresses, whose shards may be missing one by one')
        self._meter: Metered | None = self.store if isinstance(self.store, Metered) else None
        self._begun: Any = self._meter.traffic if self._meter is not None else None

    def epoch(self, sampler: BatchSampler, epoch: int, position: int) -> ComingBatches:
        """Raises InputError where the cache cannot hold what this order needs at a time."""
        if self.store is None or not self._distant:
            return ComingBatches(sampler, epoch, position)
        from .coming_shards import ComingShards

        if self._meter is not None:
            self._begun = self._meter.traffic
        self._latest = ComingShards(self.store, sampler, epoch, position, skips=self.missing == "skip")
        return self._latest

    @property
    def _distant(self) -> bool:
        return self.store is not None and isinstance(self.store.reader, Distant)

    @property
    def skipped(self) -> int:
        return self._latest.skipped if self._latest is not None else 0

    @property
    def traffic(self) -> Mapping[str, int]:
        """Counts since the latest epoch began; {} for a store that asks for nothing."""
        return {} if self._meter is None else asdict(self._meter.traffic - self._begun)
