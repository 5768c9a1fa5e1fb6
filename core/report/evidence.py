"""Everything that was measured on one dataset on one machine, as plain dataclasses: what a report is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..measure.loader_lines import LoaderLine
from .figures import Figure, RunSource


@dataclass(frozen=True)
class DatasetFacts:
    """The dataset. `least` and `most`: mean bytes of a file in the class with the smallest and the largest ones,
    relative to the mean of all."""

    name: str
    fingerprint: str
    splits: Mapping[str, int]
    classes: int
    bytes: int
    least: float = 1.0
    most: float = 1.0

    @property
    def count(self) -> int:
        return sum(self.splits.values())


@dataclass(frozen=True)
class StoreFacts:
    """A store as its manifest tells it; sizes in bytes, all splits together.

    `even`: every image takes as many bytes. `lossless`: the pixels are the source's. `build_s` is the time that
    writing took, `paces` the seconds an image of each split, `fixed_s` what the build took beside it however many
    images there are (starting worker processes, training a dictionary; None where an earlier version did not tell it
    apart). `options` are those of its parts that are not at their defaults.
    """

    name: str
    format: str
    encoding: str
    compression: str
    samples: int
    payload_bytes: int
    used_bytes: int
    allocated_bytes: int
    apparent_bytes: int
    files: int
    build_s: float
    paces: tuple[float, ...]
    built: str = ""
    path: str = ""
    even: bool = False
    lossless: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    fixed_s: float | None = 0.0
    background_load: float | None = None

    @property
    def each(self) -> float:
        """Bytes on disk per image."""
        return self.allocated_bytes / max(self.samples, 1)

    @property
    def file_an_image(self) -> bool:
        return self.files >= self.samples


class PossibleGain(NamedTuple):
    """What a compression makes of a sample of payloads of an encoding: `ratio` is the size after to the size before."""

    encoding: str
    compression: str
    ratio: float


class LoadingConfiguration(NamedTuple):
    """How stores were loaded: what two of them must share to be compared. `workers` and `cache` as asked."""

    loader: str
    batch_size: int
    workers: str
    transform: str
    device: str
    output: str
    split: str
    cache: str
    step_ms: float = 0.0

    @property
    def text(self) -> str:
        parts = [
            f"{self.loader} loader",
            f"batches of {self.batch_size}",
            f"workers {self.workers}",
            "no transform" if self.transform == "none" else self.transform,
            self.output,
            self.device,
            f"{self.cache} cache",
            f"split {self.split}",
        ]
        return ", ".join(parts) + (f", training step of {self.step_ms:g} ms" if self.step_ms else "")


@dataclass(frozen=True)
class Loading:
    """One store in one configuration. Speeds in images per second, `stages` in microseconds per image of one worker,
    `ceilings` in images per second. `confirmed`: looking at its pages confirmed that the cache was as asked.
    `others`: the share of all processors that other programs took meanwhile, None where nobody looked.
    `workers_reason`: why these workers. `bound`: what holds it back, in words; empty where that cannot be said."""

    store: str
    configuration: LoadingConfiguration
    speed: Figure
    first_batch_s: Figure
    wait_share: Figure | None = None
    stages: Mapping[str, float] = field(default_factory=dict)
    ceilings: Mapping[str, float] = field(default_factory=dict)
    workers: str = ""
    workers_reason: str = ""
    confirmed: bool = True
    background_load: float | None = None
    bound: str = ""


@dataclass(frozen=True)
class TrainingResult:
    """One store in one order of a training run. `accuracies` and `losses`: in validation, after each epoch."""

    store: str
    order: str
    speed: Figure
    wait_share: Figure
    first_batch_s: Figure
    accuracies: tuple[float, ...]
    losses: tuple[float, ...]
    shuffle_quality: float
    background_load: float | None = None


@dataclass(frozen=True)
class Training:
    """One training run. `verdict`: whether its stores gave the same losses, in a sentence; `identical` None where
    there was nothing to compare."""

    run: RunSource
    model: str
    device: str
    batch_size: int
    epochs: int
    results: tuple[TrainingResult, ...]
    identical: bool | None
    verdict: str

    def in_order(self, order: str) -> list[TrainingResult]:
        return [result for result in self.results if result.order == order]


@dataclass(frozen=True)
class Access:
    """One operation of the storage experiment. `method` is "format/variant", `seconds` for all `samples` together."""

    method: str
    operation: str
    samples: int
    seconds: Figure
    allocated_bytes: int
    background_load: float | None = None

    @property
    def rate(self) -> Figure:
        """Images per second."""
        return self.seconds.turned(lambda seconds: self.samples / max(seconds, 1e-9))


@dataclass(frozen=True)
class LoaderComparison:
    """Loaders at one kind of `work` (`LoaderLine.work`), interleaved in one run: ours and those of others, the fastest
    first. `refused`: rows of those that were refused, each with its `reason`."""

    run: RunSource
    work: tuple[str, ...]
    lines: tuple[LoaderLine, ...]
    refused: tuple[Mapping[str, Any], ...] = ()
    cache: str = ""
    split: str = ""

    @property
    def rivals(self) -> list[LoaderLine]:
        return [line for line in self.lines if line.rival]

    @property
    def ours(self) -> list[LoaderLine]:
        return [line for line in self.lines if not line.rival]


class LeftOut(NamedTuple):
    """A record, or a part of one, that is not in the report, and why."""

    what: str
    reason: str


@dataclass(frozen=True)
class Evidence:
    """`machine` are facts (`core.machine`), `disk_free` bytes, `taken` an ISO time; `home` what commands
    are told."""

    images: DatasetFacts
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    stores: tuple[StoreFacts, ...]
    loading: tuple[Loading, ...] = ()
    trainings: tuple[Training, ...] = ()
    access: tuple[Access, ...] = ()
    loaders: tuple[LoaderComparison, ...] = ()
    gains: tuple[PossibleGain, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    raw: Mapping[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    taken: str = ""
    disk_free: int = 0
    home: str = ""

    def store(self, name: str) -> StoreFacts:
        return next(store for store in self.stores if store.name == name)

    @property
    def memory_bytes(self) -> int | None:
        """What the machine has, or what its container allows."""
        told = [self.machine.get(name) for name in ("memory_bytes", "memory_limit_bytes")]
        return min((int(value) for value in told if value), default=None)

    @property
    def identity(self) -> str | None:
        identity = self.machine.get("identity")
        return None if identity is None else str(identity)
