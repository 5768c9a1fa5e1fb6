"""One reader of all shards of a split at an address, of which some are here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...base.contracts import Buffer, Extents, FieldLayout, FieldReader, FieldValue, Labels, Reader
from ...base.errors import WorkError
from ...formats.handles import PerProcess
from ..shards import StoreShard
from .arrived import ArrivedShards
from .source import RemoteSplit, StoreTraffic

Numbers = npt.NDArray[np.int64]

AT_HAND = 65_536
"""Samples that are handed out at most where any will do."""

FEW = 64
"""Samples that are read by ranges, where they can be, rather than by fetching their shards."""


class RemoteReader:
    """See `core.base.contracts.Reader`, `Mapped` and `FieldReader`.

    A shard is fetched when a sample of it is needed, and stays as `arrived` says; of few samples whose places are known
    the bytes alone. Raises WorkError that names the shard and the sample for what cannot be had, InputError for what is
    damaged.
    """

    def __init__(self, of: RemoteSplit) -> None:
        self._of = of
        self._arrived = PerProcess(partial(ArrivedShards, of))
        self._wanted: Callable[[], int] = int
        self._skips = False

    def __len__(self) -> int:
        return int(self.starts[-1])

    @property
    def shards(self) -> tuple[StoreShard, ...]:
        return self.arrived.source.shards

    @property
    def starts(self) -> Numbers:
        """Where each shard begins among the samples, and where the last one ends: int64 (shards + 1,)."""
        return self.arrived.source.starts

    @property
    def labels(self) -> Labels:
        """int64 (n,). They lie beside the shards; of a store that is one container, in it."""
        told = self.arrived.source.labels()
        if told is not None:
            return told
        with self._any() as reader:
            return np.array(reader.labels, np.int64)

    @property
    def metadata(self) -> Mapping[str, Any]:
        with self._any() as reader:
            return reader.metadata

    @property
    def dictionary(self) -> bytes | None:
        if self.arrived.source.in_folder:
            return self.arrived.source.dictionary()
        with self._any() as reader:
            return reader.dictionary

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        """Views into maps stay valid, also of shards that are let go of later."""
        arrived, given = self.arrived, np.asarray(indices, np.int64)
        there = all(arrived.is_here(number) for number in arrived.numbers_of(given))
        if not there and len(given) <= FEW and (data := arrived.source.ranges(indices)) is not None:
            return data
        found: list[Buffer] = [b""] * len(given)
        for reader, places, own in self._by_shard(given):
            for place, payload in zip(places, reader.read(own), strict=True):
                found[place] = payload
        return found

    def field_layouts(self) -> tuple[FieldLayout, ...]:
        if not self._of.manifest.fields:
            return ()
        with self._any() as reader:
            return reader.field_layouts() if isinstance(reader, FieldReader) else ()

    def fields(self, indices: Sequence[int], names: Sequence[str] | None = None) -> list[Mapping[str, FieldValue]]:
        found: list[Mapping[str, FieldValue]] = [{}] * len(indices)
        for reader, places, own in self._by_shard(np.asarray(indices, np.int64)):
            if isinstance(reader, FieldReader):
                for place, values in zip(places, reader.fields(own, names), strict=True):
                    found[place] = values
        return found

    def key(self, index: int) -> str:
        ((reader, _, own),) = self._by_shard(np.array([index]))
        return reader.key(own[0])

    def stored_bytes(self, index: int) -> int:
        ((reader, _, own),) = self._by_shard(np.array([index]))
        return reader.stored_bytes(own[0])

    def extents(self) -> Extents | None:
        """Where the payloads of the shards that are here lie: of a sample that is held (`held`) its place, of others a
        length of 0 as a rule. None where the format does not map them. To be asked for anew for each batch."""
        arrived = self.arrived
        if not arrived.is_told:
            with self._any():
                return arrived.extents
        return arrived.extents

    def mapped_files(self) -> Sequence[Path]:
        return ()

    def held(self, indices: Numbers) -> AbstractContextManager[None]:
        """The shards of these samples are here, and stay until the end."""
        return self.arrived.held(indices)

    # ---- for whoever knows what comes next

    @property
    def arrived(self) -> ArrivedShards:
        """Those of this process."""
        return self._arrived.get()

    def begin_with(self, sample: Callable[[], int], *, skips: bool) -> None:
        """Where any shard will do, the one of this sample is taken; with `skips` another one where it cannot be had."""
        self._wanted, self._skips = sample, skips

    def at_hand(self) -> Numbers:
        """Some samples that can be read without waiting, int64 (n,); a shard is fetched where none is here."""
        arrived = self.arrived
        with self._any():
            numbers = arrived.here
            runs = [np.arange(*arrived.starts[number : number + 2]) for number in numbers]
        return np.concatenate(runs)[:AT_HAND].astype(np.int64)

    def probes(self, count: int) -> Numbers:
        """Samples from which to tell what all are, at most so many, int64 (n,)."""
        there = np.arange(len(self)) if self.arrived.source.in_ranges else self.at_hand()
        chosen = there[np.unique(np.linspace(0, len(there) - 1, count).astype(np.int64))]
        if not self._skips:
            return chosen
        readable = [index for index in chosen.tolist() if self._can_read(index)]
        return np.array(readable, np.int64) if readable else self.at_hand()[:count]

    def _can_read(self, index: int) -> bool:
        try:
            self.read([index])
        except WorkError:
            return False
        return True

    @property
    def traffic(self) -> StoreTraffic:
        return self.arrived.source.traffic

    def release(self) -> None:
        self.arrived.give_back()

    def close(self) -> None:
        """Let go of the shards that are here; those that are needed again come again."""
        self.arrived.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return RemoteReader, (self._of,)

    @contextmanager
    def _any(self) -> Iterator[Reader]:
        """The reader of a shard that is here, or of the one that is wanted first."""
        arrived = self.arrived
        number = next(iter(arrived.here), None)
        sample = self._first_wanted() if number is None else int(arrived.starts[number])
        (number,) = arrived.numbers_of([sample])
        with arrived.held([sample]):
            yield arrived.reader(number)

    def _first_wanted(self) -> int:
        """The sample that is wanted first, whose shard can be had if any can, where samples are skipped."""
        wanted, starts = self._wanted(), self.starts
        if not self._skips:
            return wanted
        firsts = (int(first) for first, end in pairwise(starts.tolist()) if end > first)
        return next((sample for sample in (wanted, *firsts) if self._can_bring(sample)), wanted)

    def _can_bring(self, sample: int) -> bool:
        try:
            with self.arrived.held([sample]):
                return True
        except WorkError:
            return False

    def _by_shard(self, indices: Numbers) -> Iterator[tuple[Reader, list[int], list[int]]]:
        """(reader, places among `indices`, numbers in the shard) of each shard that these samples lie in."""
        arrived = self.arrived
        for number in arrived.numbers_of(indices):
            first, end = arrived.starts[number : number + 2]
            places = np.flatnonzero((indices >= first) & (indices < end))
            with arrived.held(indices[places]):
                yield arrived.reader(number), places.tolist(), (indices[places] - first).tolist()
