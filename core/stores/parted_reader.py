"""One reader of several containers: the shards of a split behind each other, each opened when a sample of it is asked
for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.contracts import Buffer, Extents, FieldLayout, FieldReader, FieldValue, Labels, Mapped, Reader
from ..base.errors import InputError
from ..formats.container import TROUBLE, reason_of
from ..formats.handles import PerProcess
from ..formats.joined_maps import can_join, mapped_together, room_starts
from ..formats.maps import release_pages
from .shards import read_labels

Numbers = npt.NDArray[np.int64]


class PartedReader:
    """See `core.base.contracts.Reader`, `Mapped` and `FieldReader`; a sample's number counts from the first shard's
    beginning.

    Raises InputError that names a container which is damaged, missing, or not of the samples that it should be: of as
    many, with these labels.
    """

    def __init__(self, readers: Sequence[Reader], paths: Sequence[Path], starts: Numbers, labels: Path) -> None:
        """`starts`: where each one's samples begin, and the end of the last one's, int64 (readers + 1,); `labels`: the
        file of the labels of all (`stores.shards`)."""
        self._readers, self._paths, self._starts, self._labels = tuple(readers), tuple(paths), starts, labels
        self._checked = [False] * len(self._readers)
        self._mapped: PerProcess[Extents | None] = PerProcess(self._map)

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def labels(self) -> Labels:
        """As the containers have them, int64 (n,): all of them are opened."""
        return np.concatenate([self._reader(number).labels for number in range(len(self._readers))])

    @property
    def metadata(self) -> Mapping[str, Any]:
        return self._reader(0).metadata

    @property
    def dictionary(self) -> bytes | None:
        return self._reader(0).dictionary

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        found: list[Buffer] = [b""] * len(indices)
        for reader, places, own in self._by_shard(indices):
            for place, payload in zip(places, reader.read(own), strict=True):
                found[place] = payload
        return found

    def field_layouts(self) -> tuple[FieldLayout, ...]:
        first = self._reader(0)
        return first.field_layouts() if isinstance(first, FieldReader) else ()

    def fields(self, indices: Sequence[int], names: Sequence[str] | None = None) -> list[Mapping[str, FieldValue]]:
        found: list[Mapping[str, FieldValue]] = [{}] * len(indices)
        for reader, places, own in self._by_shard(indices):
            if not isinstance(reader, FieldReader):
                continue
            for place, values in zip(places, reader.fields(own, names), strict=True):
                found[place] = values
        return found

    def key(self, index: int) -> str:
        number, own = self._place(index)
        return f"{self._paths[number].name}: {self._reader(number).key(own)}"

    def stored_bytes(self, index: int) -> int:
        number, own = self._place(index)
        return self._reader(number).stored_bytes(own)

    def extents(self) -> Extents | None:
        """Of all shards in one map; None where one of them cannot be mapped."""
        return self._mapped.get()

    def mapped_files(self) -> Sequence[Path]:
        return [file for reader in self._readers if isinstance(reader, Mapped) for file in reader.mapped_files()]

    def release(self) -> None:
        for reader in self._readers:
            reader.release()
        extents = self._mapped.take()
        if extents is not None:
            release_pages(extents.memory)

    def close(self) -> None:
        """Views that were handed out keep their maps."""
        self._mapped.take()
        self._checked = [False] * len(self._readers)
        for reader in self._readers:
            reader.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return PartedReader, (self._readers, self._paths, self._starts, self._labels)

    # ---- shards

    def _reader(self, number: int) -> Reader:
        """The reader of a shard, which is looked at when it is first used."""
        reader = self._readers[number]
        if not self._checked[number]:
            self._check(number, reader)
            self._checked[number] = True
        return reader

    def _check(self, number: int, reader: Reader) -> None:
        start, stop = int(self._starts[number]), int(self._starts[number + 1])
        if len(reader) != stop - start:
            raise InputError(
                f"{self._paths[number]} is damaged: {len(reader):,} samples, where the manifest says {stop - start:,}"
            )
        if not np.array_equal(reader.labels, read_labels(self._labels, len(self), start, stop)):
            raise InputError(
                f"{self._paths[number]} and {self._labels.name} beside it do not belong together: their labels differ"
            )

    def _place(self, index: int) -> tuple[int, int]:
        """The shard that a sample lies in, and its number there."""
        index = range(len(self))[index]
        number = int(np.searchsorted(self._starts, index, "right")) - 1
        return number, index - int(self._starts[number])

    def _by_shard(self, indices: Sequence[int]) -> Iterator[tuple[Reader, list[int], list[int]]]:
        """(reader, places among `indices`, numbers in the shard) of each shard that these samples lie in."""
        chosen = np.asarray(indices, np.int64)
        numbers = np.searchsorted(self._starts, chosen, "right") - 1
        for number in np.unique(numbers).tolist():
            places = np.flatnonzero(numbers == number)
            yield self._reader(number), places.tolist(), (chosen[places] - self._starts[number]).tolist()

    def _map(self) -> Extents | None:
        """All files mapped as one, and the places of payloads moved to where their file lies in it."""
        if not can_join(2) or not all(isinstance(reader, Mapped) for reader in self._readers):
            return None
        extents: list[Extents] = []
        for number in range(len(self._readers)):
            reader = self._reader(number)
            found = reader.extents() if isinstance(reader, Mapped) else None
            if found is None:
                return None
            extents.append(found)
        try:
            return _joined(extents, [reader.mapped_files() for reader in self._readers if isinstance(reader, Mapped)])
        except TROUBLE as error:
            raise InputError(f"{self._paths[0].parent} is damaged: {reason_of(error)}") from error


def _joined(extents: Sequence[Extents], files: Sequence[Sequence[Path]]) -> Extents:
    """Raises OSError for a file that cannot be mapped, ValueError where one is not as its own reader mapped it."""
    joined = mapped_together([path for of_one in files for path in of_one])
    offsets, first = [], 0
    for one, paths in zip(extents, files, strict=True):
        starts, sizes = joined.starts[first : first + len(paths)], joined.sizes[first : first + len(paths)]
        offsets.append(moved(one, starts, sizes))
        first += len(paths)
    lengths = np.concatenate([one.lengths for one in extents])
    return Extents(joined.memory, np.concatenate(offsets), lengths)


def moved(extents: Extents, starts: Numbers, sizes: Numbers) -> Numbers:
    """The offsets of `extents`, whose memory is files of these `sizes` mapped together, where the files lie from
    `starts` on: int64 (n,). Raises ValueError where they are not of these sizes."""
    before = room_starts(sizes)
    files = np.searchsorted(before, extents.offsets, "right") - 1
    inside = extents.offsets - before[files] if len(files) else extents.offsets
    if (inside + extents.lengths > sizes[files]).any():
        raise ValueError("a file has another size than when its samples were found")
    return np.asarray(inside + starts[files], np.int64)
