"""The stages in a row, for one batch: fetch -> decompress -> decode -> transform -> normalise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar, NoReturn, Protocol, runtime_checkable

import numpy as np

from ..base.contracts import Buffer, Compression, Encoding, Labels, Pixels, Reader, Shape
from ..base.distant import Distant
from ..base.errors import InputError, WorkError
from .batch_sampler import BatchSpec, Indices
from .decode import Decode
from .normalise import Images, Normalise
from .transform import SIDE, Transform
from .truncation import TruncationGuard

if TYPE_CHECKING:
    from .integrity import Checks
    from .jpeg_index import EntryPoints
    from .noted_points import NotedEntryPoints

Laps = Mapping[str, float]
"""Seconds by stage, in the order of the stages."""

PROBES = 16
"""Images whose shape is looked at before a store without a stated shape is loaded."""


class Stored(Protocol):
    """What loading needs of a store (`core.stores.store.Store` has it all)."""

    @property
    def path(self) -> Path: ...
    @property
    def split(self) -> str: ...
    @property
    def labels(self) -> Labels: ...
    @property
    def reader(self) -> Reader: ...
    @property
    def compression(self) -> Compression: ...
    @property
    def encoding(self) -> Encoding: ...
    @property
    def payload_shape(self) -> Shape | None: ...
    def __len__(self) -> int: ...


@runtime_checkable
class Identified(Protocol):
    """What a store may be as well: a file, of whose state a text tells whether it is still the same."""

    @property
    def identity(self) -> str: ...


@runtime_checkable
class Addressed(Protocol):
    """What a store may be as well: one that lies elsewhere; its address as it may be shown."""

    @property
    def address(self) -> str: ...


@runtime_checkable
class FoundInSteps(Protocol):
    """What a store may be as well: a file whose images must be found first."""

    def find_places(self) -> Iterator[tuple[int, int]]:
        """Find them, and keep where they are: yields (done, total) records about once a second."""
        ...

    @property
    def way(self) -> str:
        """How they come to a loader, in words."""
        ...


class Pipeline(Protocol):
    """Makes one batch. Picklable, safe for several threads at once, the same result wherever it runs.

    `native` says whether nearly all of its work leaves Python's lock alone.
    """

    native: ClassVar[bool]

    def fill(self, spec: BatchSpec, out: Images) -> Laps:
        """Write the samples of this batch into `out`, (n, 3, H, W), and say what each stage took.

        Raises:
            InputError: images of differing shapes without a transform.
            WorkError: a payload that cannot be read or decoded; the text names the sample.
        """
        ...


class Stopwatch:
    """Tells the time that each stage took, one after the other."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = perf_counter()

    def lap(self, stage: str) -> None:
        now = perf_counter()
        self.laps[stage] = now - self._last
        self._last = now


@dataclass(frozen=True)
class StagedPipeline:
    """Any store, any encoding, one stage after the other. Picklable; the reader opens for itself in each process."""

    native: ClassVar[bool] = False
    reader: Reader
    compression: Compression
    decode: Decode
    transform: Transform
    normalise: Normalise
    name: str = "store"
    checks: Checks | None = None
    entry_points: EntryPoints | NotedEntryPoints | None = None

    def fill(self, spec: BatchSpec, out: Images) -> Laps:
        watch = Stopwatch()
        with self.guarded(spec.indices):
            images = self.pixels(spec.indices, watch)
            samples = self.transform(images, spec)
            watch.lap("transform")
            check_shapes(samples, out.shape[2:])
            self.normalise(samples, out)
            watch.lap("normalise")
        return watch.laps

    def guarded(self, indices: Indices) -> AbstractContextManager[object]:
        """To be entered around whatever reads the payloads of these samples: they are here, and a container that is cut
        short is an error then."""
        return self.guard if self.distant is None else self._held(self.distant, indices)

    @contextmanager
    def _held(self, distant: Distant, indices: Indices) -> Iterator[None]:
        with distant.held(indices), self.guard:
            yield

    @cached_property
    def guard(self) -> TruncationGuard:
        """The part of it that is not about single samples."""
        return TruncationGuard(self.reader, self.name)

    @cached_property
    def distant(self) -> Distant | None:
        """The reader, where its payloads come from elsewhere."""
        return self.reader if isinstance(self.reader, Distant) else None

    def fetch(self, indices: Indices) -> list[Buffer]:
        """The stored bytes of these samples, in this order."""
        return self.reader.read(indices.tolist())

    def decompress(self, stored: Sequence[Buffer]) -> Sequence[Buffer]:
        """Payload by payload; nothing to do where the store is not compressed. Raises ValueError for broken bytes."""
        if self.compression.identity:
            return stored
        return [self.compression.decompress(payload) for payload in stored]

    def pixels(self, indices: Indices, watch: Stopwatch) -> Sequence[Pixels]:
        """The decoded images of these samples. Raises WorkError that names the sample which does not decode."""
        stored = self.fetch(indices)
        watch.lap("fetch")
        payloads = self.decompressed(indices, stored)
        watch.lap("decompress")
        try:
            images = self.decode(payloads)
        except ValueError:
            self._blame(indices, stored)
        watch.lap("decode")
        return images

    def decompressed(self, indices: Indices, stored: Sequence[Buffer]) -> Sequence[Buffer]:
        """What the encoding made of these samples.

        Raises WorkError that names the one which does not decompress or is not what was built.
        """
        try:
            payloads = self.decompress(stored)
        except ValueError:
            self._blame(indices, stored)
        if self.checks is not None:
            self.checks.of_list(indices, payloads)
        return payloads

    def _blame(self, indices: Indices, stored: Sequence[Buffer]) -> NoReturn:
        """Called when some sample of a batch is broken: say which, and how."""
        for index, payload in zip(indices, stored, strict=True):
            try:
                self.decode(self.decompress([payload]))
            except ValueError as error:
                raise WorkError(f"sample {index} of {self.name} cannot be decoded: {error}") from error
        raise WorkError(f"a batch of {self.name} could not be decoded at first, then it could: is it being rewritten?")


def name_of(store: Stored) -> str:
    """What to call a store's split in a sentence: "cifar10/lmdb/raw/train"."""
    if isinstance(store, Addressed):
        return f"{store.address}/{store.split}"
    parts = [part for part in store.path.parts if part != store.path.anchor][-3:]
    return "/".join([*parts, store.split] if store.split else parts)


def staged(
    store: Stored,
    transform: str,
    seed: int,
    normalise: Normalise,
    checks: Checks | None = None,
    entry_points: EntryPoints | NotedEntryPoints | None = None,
) -> StagedPipeline:
    """The stages for this store, with Pillow's way of resizing; `checks`: what payloads are compared with;
    `entry_points`: those of its JPEGs, for pipelines that can use them."""
    return StagedPipeline(
        store.reader,
        store.compression,
        Decode(store.encoding),
        Transform(transform, seed),
        normalise,
        name=name_of(store),
        checks=checks,
        entry_points=entry_points,
    )


def probes_of(store: Stored, count: int) -> Indices:
    """Samples from all over a store, at most so many, int64 (n,): what they are, all are taken to be."""
    if isinstance(store.reader, Distant):
        return store.reader.probes(count)
    return np.unique(np.linspace(0, len(store) - 1, count).astype(np.int64))


def at_hand(store: Stored) -> Indices | None:
    """The samples to try things on, where only some can be read without waiting for others; None: all."""
    return store.reader.at_hand() if isinstance(store.reader, Distant) else None


def check_shapes(samples: Sequence[Pixels], size: tuple[int, ...]) -> None:
    """Raises InputError where a sample is not of this height and width."""
    for sample in samples:
        if sample.shape[:2] != size:
            raise _differing(sample.shape[:2], size)


def sample_size(store: Stored, pipeline: StagedPipeline) -> tuple[int, int]:
    """The height and width that every sample of a batch will have.

    Raises InputError where the images differ in shape and no transform makes them one size (as far as
    `PROBES` images tell; the others are checked as they come).
    """
    if pipeline.transform.name != "none":
        return SIDE, SIDE
    if store.payload_shape is not None:
        return store.payload_shape[:2]
    images = pipeline.pixels(probes_of(store, PROBES), Stopwatch())
    height, width, _ = images[0].shape
    check_shapes(images, (height, width))
    return height, width


def _differing(one: tuple[int, ...], other: tuple[int, ...]) -> InputError:
    first, second = ("x".join(map(str, size)) for size in (other, one))
    return InputError(
        f"images of differing shapes ({first} and {second}) do not stack into a batch: "
        "give a transform (train224 or eval224), or build raw pixels with a size (option size=224)"
    )
