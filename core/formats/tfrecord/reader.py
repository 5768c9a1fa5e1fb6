"""Reading TFRecord files of ours: payloads where the index says, each record checked as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from ...base.contracts import Buffer, Extents, FieldLayout, FieldValue, Labels
from ..container import MappedContainerReader
from ..field_reading import FieldsInContainer, Found
from ..folder import Entries, FolderFacts, needed, read_index, read_shards
from ..shards import Shard
from .example import varint
from .fields import feature_names, values_read
from .index import walked_index
from .layout import GZIP_ENDING, encoded_of, heads
from .records import BESIDE, FOOTER, HEADER, data_is_whole, length_at
from .shard_maps import GzipShards, PlainShards

_LONGEST_SIZE = 10
"""Bytes of a number in protocol buffers."""


class TfRecordReader(FolderFacts, FieldsInContainer, MappedContainerReader):
    """Holds the map of the shards and the index. `read` checks the checksums of what it reads; whoever goes by
    `extents` is held to the store's own."""

    def _open(self) -> None:
        self._entries  # noqa: B018 - it is read when it is first asked for

    def _labels(self) -> Labels:
        return np.ascontiguousarray(self._entries["label"])

    def _read(self, indices: Sequence[int]) -> list[Buffer]:
        found: list[Buffer] = [b""] * len(indices)
        for place, entry in self._neighbours(indices):
            data, at = self._data(*entry)
            found[place] = memoryview(data)[at : at + entry[1]]
        return found

    def _fields(self, indices: Sequence[int], layouts: Sequence[FieldLayout]) -> Found:
        """Their features stand behind the payload's."""
        names = feature_names(self.field_layouts())
        found: list[dict[str, FieldValue]] = [{} for _ in indices]
        for place, entry in self._neighbours(indices):
            data, at = self._data(*entry)
            found[place] = values_read(data[at + entry[1] :], layouts, names)
        return [*found]

    def _neighbours(self, indices: Sequence[int]) -> Iterator[tuple[int, tuple[int, int, int, int]]]:
        """(place among `indices`, its entry), neighbours one after the other, so that a block of gzip is inflated
        once."""
        chosen = self._entries[np.asarray(indices, np.int64)]
        order = np.lexsort((chosen["offset"], chosen["shard"]))
        return zip(order.tolist(), chosen[order].tolist(), strict=True)

    def _extents_of_all(self) -> Extents | None:
        if not isinstance(self._shards, PlainShards) or self._shards.joined is None:
            return None
        memory, starts, _ = self._shards.joined
        offsets = self._entries["offset"].astype(np.int64) + starts[self._entries["shard"]]
        return Extents(memory, offsets, self._entries["length"].astype(np.int64))

    def _key(self, index: int) -> str:
        shard = int(self._entries["shard"][index])
        first = int(np.searchsorted(self._entries["shard"], shard))
        return f"{self._listed[shard].name}#{index - first}"

    def _stored_bytes(self, index: int) -> int:
        """Its record; of a block of gzip its share."""
        offset, length, label, shard = self._entries[index].tolist()
        part = self._shards.part(shard, offset)
        start, end = _record(part.memory, offset - part.start, length, self._head(label, length))
        return self._shards.stored_bytes(shard, offset, end - start + BESIDE)

    def mapped_files(self) -> Sequence[Path]:
        return [self._path / shard.name for shard in self._listed]

    def close(self) -> None:
        """Lets go of the map; it goes with the last view."""
        for name in ("_listed", "_shards", "_entries", "_heads"):
            self.__dict__.pop(name, None)

    def release(self) -> None:
        """Gives the map's pages back; views stay valid and fetch them again."""
        self._shards.release()

    @cached_property
    def _listed(self) -> list[Shard]:
        return read_shards(self._path)

    @cached_property
    def _shards(self) -> PlainShards | GzipShards:
        paths = [needed(self._path, shard.name) for shard in self._listed]
        in_gzip = any(shard.name.endswith(GZIP_ENDING) for shard in self._listed)
        return GzipShards(self._path, paths) if in_gzip else PlainShards(paths)

    @cached_property
    def _entries(self) -> Entries:
        """The index, made again where it is missing or not of these shards."""
        try:
            entries = read_index(self._path, self._shards.sizes)
        except (OSError, ValueError):
            return walked_index(self._shards)
        counts = np.bincount(entries["shard"], minlength=len(self._listed))
        fits = counts.tolist() == [shard.samples for shard in self._listed]
        in_order = (np.diff(entries["shard"].astype(np.int64)) >= 0).all()
        return entries if fits and in_order and self._is_as_listed() else walked_index(self._shards)

    def _is_as_listed(self) -> bool:
        return bool(self._shards.file_sizes.tolist() == [shard.bytes for shard in self._listed])

    @cached_property
    def _heads(self) -> list[bytes]:
        return heads(self.metadata["classes"])

    def _head(self, label: int, length: int) -> bytes:
        """What stands between an Example's beginning and its payload."""
        return self._heads[label] + encoded_of(length)

    def _data(self, offset: int, length: int, label: int, shard: int) -> tuple[bytes, int]:
        """The Example of a sample, and where its payload begins in it. Raises ValueError where its checksum differs."""
        part = self._shards.part(shard, offset)
        at, head = offset - part.start, self._head(label, length)
        start, end = _record(part.memory, at, length, head)
        data = bytes(part.memory[start:end])
        if not data_is_whole(data, bytes(part.memory[end : end + FOOTER])):
            raise ValueError(f"its record's checksum is not that of its data (shard {shard}, byte {offset:,})")
        return data, at - start


def _record(memory: memoryview, at: int, length: int, head: bytes) -> tuple[int, int]:
    """Where the data of the record begin and end whose payload of `length` bytes lies at `at`, behind `head`.

    The Example's size stands before the head, in as many bytes as it takes: the last one alone is below 128. Raises
    ValueError where there is no such record.
    """
    features = at - len(head)
    before = bytes(memory[max(features - _LONGEST_SIZE, 0) : max(features, 0)])
    digits = 1
    while digits < len(before) and before[-digits - 1] >= 0x80:
        digits += 1
    start = features - digits - 1
    if start < HEADER or bytes(memory[features:at]) != head:
        raise ValueError("its index does not lead to a payload")
    size, right = length_at(memory, start - HEADER)
    end = start + size
    stated, _ = varint(before, len(before) - digits, len(before))
    if not right or end + FOOTER > len(memory) or at + length > end or stated != end - features:
        raise ValueError("its record is not what its length says")
    return start, end
