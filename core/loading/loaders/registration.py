"""What a loader says of itself, so that no other module has to know it by name, and what it is given to work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from ...base.package import load
from ...base.registry import Registration

if TYPE_CHECKING:
    from ...base.contracts import Labels
    from ..batch_sampler import BatchSampler
    from ..engine import Engine
    from ..normalise import Normalise
    from ..pipeline import StagedPipeline, Stored
    from ..transfer import Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class LoaderRegistration(Registration):
    """A loader: its registration (`where` is its `LoaderBackend`), and what forms, verdicts and advice ask of it.

    description: how it makes a batch, in a sentence.
    origin: whose code it is, or what it stands for.
    whole_batches: what Python costs, it costs once per batch; else once per sample.
    threads: its workers may be threads; else they are processes.
    decodes_on_device: it knows `decode="device"`.
    less_python: the name of the loader that does the same with less work in Python, "" where there is none.
    """

    description: str
    origin: str
    whole_batches: bool = True
    threads: bool = False
    decodes_on_device: bool = False
    less_python: str = "fast"


@dataclass(frozen=True, kw_only=True)
class EngineInputs:
    """What `make_loader` has checked and prepared, the same for every loader.

    stages: from stored payloads to the pixels that the host has to deliver for `transfer`.
    labels: of all samples, int64 (len(store),).
    size: the height and width of every sample of a batch.
    normalise: what the numbers of a batch are in the end; `stages.normalise` is the host's part of it.
    device, decode, workers, prefetch, channels_last: as asked for (see `core.loading.make_loader`).
    """

    store: Stored
    sampler: BatchSampler
    stages: StagedPipeline
    labels: Labels
    size: tuple[int, int]
    normalise: Normalise
    transfer: Transfer
    device: str
    decode: str
    workers: int | str
    prefetch: int | None
    channels_last: bool


class LoaderBackend(Protocol):
    """Builds the engine of a loader. An implementation is a dataclass; its options would be its fields."""

    def engine(self, inputs: EngineInputs) -> tuple[Engine, Transfer]:
        """What makes the batches, and what brings them to the device (`inputs.transfer`, unless they are made there).

        Raises InputError for inputs that it cannot work with.
        """
        ...


def described_in(folder: str) -> LoaderRegistration:
    """What the loader in this folder, beside this module, says of itself."""
    return cast("LoaderRegistration", load(f".loading.loaders.{folder}:LOADER"))
