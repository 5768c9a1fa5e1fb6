"""Is what is read what was built? Payloads and labels against the checksums that a store keeps of them.

Comparing a payload takes about a microsecond and a tenth of a nanosecond for each byte: nothing beside decoding a
photo, as much as all the rest for 32 x 32 raw pixels. So "sampled", the default, has a budget: `SHARE` of the
processor time that the process has taken since the first batch, and `START` seconds in advance. Within it each sample
is checked when it is read for the first time; once all have been, they are checked again. "always" checks every payload
that is read, "never" none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from time import process_time, thread_time
from typing import Any

import numpy as np

from ..base import checksums
from ..base.contracts import Buffer, Extents, Labels
from ..base.errors import InputError, WorkError
from ..stores.sample_checksums import payload_checksums
from ..stores.store import Store, changed_files, labels_checksum
from .batch_sampler import Indices
from .pipeline import Stored, name_of

VERIFY = ("sampled", "always", "never")

SHARE = 0.01
START = 0.01
"""Seconds: enough for some 10,000 small payloads."""

PIECE = 32
"""Payloads that are checked between two looks at the clock."""

REMEDY = "the store is damaged; verify it, and build it again"


class Checks:
    """Compares payloads with the checksums taken when the store was built. Usable from several threads at once.

    What threads note at the same time may get lost: then a sample is checked once more. A copy that comes through
    pickle has a budget of its own and begins anew.
    """

    def __init__(self, path: Path, split: str, samples: int, name: str, *, always: bool) -> None:
        self._path, self._split, self._samples, self._name = path, split, samples, name
        self._always = always
        self._seen = np.zeros(samples, bool)
        self._spent = 0.0

    def of_list(self, indices: Indices, payloads: Sequence[Buffer]) -> None:
        """Check these samples' encoded payloads, as far as it is their turn.

        Raises WorkError that names a sample whose payload is not the one that was built.
        """
        for places in self._due(indices):
            self._compare(indices[places].tolist(), [payloads[place] for place in places])

    def of_extents(self, indices: Indices, payloads: Extents) -> None:
        """The same for payloads that lie in one piece of memory."""
        memory = payloads.memory.data
        for places in self._due(indices):
            starts = payloads.offsets[places]
            ends = starts + payloads.lengths[places]
            views = [memory[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
            self._compare(indices[places].tolist(), views)

    def _due(self, indices: Indices) -> Iterator[list[int]]:
        """The places in `indices` of the samples to check now, piece by piece, for as long as the budget lasts."""
        if self._always:
            yield list(range(len(indices)))
            return
        if not self._can_afford():
            return
        begun = thread_time()
        places = np.flatnonzero(~self._seen[indices]).tolist()
        if not places and self._seen.all():
            self._seen[:] = False
        for first in range(0, len(places), PIECE):
            piece = places[first : first + PIECE]
            yield piece
            self._seen[indices[piece]] = True
            now = thread_time()
            self._spent += now - begun
            begun = now
            if not self._can_afford():
                return
        self._spent += thread_time() - begun

    def _can_afford(self) -> bool:
        return self._spent <= START + SHARE * (process_time() - self._since)

    def _compare(self, indices: list[int], payloads: Sequence[Buffer]) -> None:
        stated = self._stated
        for index, payload in zip(indices, payloads, strict=True):
            if checksums.of_bytes(payload) != stated[index]:
                raise WorkError(
                    f"sample {index} of {self._name} is not what was built (its checksum differs): {REMEDY}"
                )

    @cached_property
    def _since(self) -> float:
        """The process's processor time when the first payloads came."""
        return process_time()

    @cached_property
    def _stated(self) -> list[int]:
        """The checksums, in memory: no page of their file can be lost under us."""
        stated: list[int] = payload_checksums(self._path, self._split).tolist()
        if len(stated) != self._samples:
            raise WorkError(f"{self._name} has {self._samples:,} samples, but {len(stated):,} checksums: {REMEDY}")
        return stated

    def __reduce__(self) -> tuple[Any, ...]:
        return _checks, (self._path, self._split, self._samples, self._name, self._always)


def _checks(path: Path, split: str, samples: int, name: str, always: bool) -> Checks:
    return Checks(path, split, samples, name, always=always)


def checks_of(store: Stored, verify: str) -> Checks | None:
    """The checks that are asked for; None where there is nothing to check.

    Raises InputError for an unknown word, or "always" for a store that keeps no checksums; WorkError where they are
    missing from one that we built.
    """
    if verify not in VERIFY:
        raise InputError(f"unknown verify={verify!r}; there are: {', '.join(VERIFY)}")
    if verify == "never":
        return None
    name, file = name_of(store), store.path / f"{store.split}.checksums"
    if file.is_file():
        return Checks(store.path, store.split, len(store), name, always=verify == "always")
    if isinstance(store, Store):
        raise WorkError(f"{name} has lost {file.name}, the checksums of its samples: {REMEDY}")
    if verify == "always":
        raise InputError(f'verify="always": {name} keeps no checksums; choose verify="never"')
    return None


def checked_labels(store: Stored, verify: str) -> Labels:
    """The labels, int64 (n,), in memory. Raises WorkError where they are not as many as the samples, or other ones.

    Stores that were built before labels had a checksum are compared file by file, with `verify="always"` only.
    """
    name, labels = name_of(store), np.array(store.labels, np.int64)
    if len(labels) != len(store):
        raise WorkError(f"{name} has {len(store):,} samples, but {len(labels):,} labels: {REMEDY}")
    if verify == "never" or not isinstance(store, Store):
        return labels
    if store.labels_checksum is None:
        if verify == "always" and (changed := changed_files(store)):
            raise WorkError(f"{name}: {changed[0]} is not what was built (its checksum differs): {REMEDY}")
    elif labels_checksum(labels) != store.labels_checksum:
        raise WorkError(f"the labels of {name} are not those that were built (their checksum differs): {REMEDY}")
    return labels
