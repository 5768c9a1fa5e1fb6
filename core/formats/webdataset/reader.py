"""Reading tar shards: payloads as views into the map of all of them, or out of zstd frames."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...base.contracts import Buffer, Extents, FieldLayout, Labels
from ..container import MappedContainerReader
from ..field_reading import FieldsInContainer, Found
from ..folder import FIRST, METADATA, Entries, FolderFacts, read_index, read_shards
from ..joined_maps import JoinedFiles, mapped_shards
from ..maps import release_pages
from ..shards import Shard
from .fields import MemberValues, members_of
from .rebuild import entries_of, walked, without_fields
from .seekable import SeekableShard
from .tar_layout import BLOCK, MOST_SAMPLES, TAR_ZST, padded

LOOKED_AT = 64
"""Samples whose headers are compared with the index when it is read."""


class WebDatasetReader(FolderFacts, FieldsInContainer, MappedContainerReader):
    """Finds samples by the index beside the shards, or by a walk through them where it is missing or does not fit."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._lock = threading.Lock()
        self._last: tuple[int, int, bytes] | None = None

    def _open(self) -> None:
        self._entries  # noqa: B018 - they are read when they are first asked for

    def _labels(self) -> Labels:
        return self._entries["label"].astype(np.int64)

    def _extents_of_all(self) -> Extents | None:
        return None if self._frames else self._extents

    def _read(self, indices: Sequence[int]) -> list[Buffer]:
        if self._frames:
            return self._decompressed(indices)
        extents = self._extents
        chosen = np.asarray(indices, np.int64)
        starts = extents.offsets[chosen]
        ends = starts + extents.lengths[chosen]
        memory = extents.memory.data
        return [memory[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    def _fields(self, indices: Sequence[int], layouts: Sequence[FieldLayout]) -> Found:
        found: Found = [{}] * len(indices)
        for place in np.argsort(np.asarray(indices), kind="stable").tolist():  # neighbours share a frame
            memory, members = self._members(int(indices[place]))
            data = {suffix: bytes(memory[start : start + size]) for suffix, start, size in members}
            found[place] = self._values.of(data, layouts)
        return found

    @cached_property
    def _values(self) -> MemberValues:
        return MemberValues(self.field_layouts())

    def _members(self, index: int) -> tuple[memoryview, list[tuple[str, int, int]]]:
        """The memory around a sample, and its members behind the payload."""
        entry = self._entries[index]
        shard, offset = int(entry["shard"]), int(entry["offset"])
        memory, at = self._bytes_of(shard).data, offset
        if self._frames:
            number = int(self._frames[shard].frame_of(np.int64(offset)))  # type: ignore[arg-type]
            memory, at = memoryview(self._frame(shard, number)), offset - int(self._frames[shard].starts[number])
        behind = padded(at + int(entry["length"]))
        return memory, list(members_of(memory, behind, b"%08d" % (self._first + index)))

    def _key(self, index: int) -> str:
        self._entries[index]
        return f"{self._first + index:08d}"

    def _stored_bytes(self, index: int) -> int:
        """Headers, whole blocks, and the label; of a frame, its share."""
        entry = self._entries[index]
        taken = padded(int(entry["length"]) + int(entry["offset"]) % BLOCK) + 3 * BLOCK
        if self.field_layouts():
            taken += sum(BLOCK + padded(size) for _, _, size in self._members(index)[1][1:])
        if not self._frames:
            return taken
        shard = self._frames[int(entry["shard"])]
        number = int(shard.frame_of(entry["offset"].astype(np.int64)))
        return -(-shard.stored_bytes(number) * taken // int(shard.starts[number + 1] - shard.starts[number]))

    @property
    def _first(self) -> int:
        """The number in its split of the first sample: keys count from there."""
        first = self.metadata.get(FIRST, 0)
        if type(first) is not int or not 0 <= first <= MOST_SAMPLES:
            raise ValueError(f"{METADATA} says that its samples count from {first!r}")
        return first

    def mapped_files(self) -> Sequence[Path]:
        return [self._path / shard.name for shard in self._shards]

    def close(self) -> None:
        """Lets go of the map; it goes with the last view."""
        self._last = None
        for name in ("_shards", "_joined", "_frames", "_entries", "_extents"):
            self.__dict__.pop(name, None)

    def release(self) -> None:
        release_pages(self._joined.memory)

    # ---- the shards

    @cached_property
    def _shards(self) -> list[Shard]:
        return read_shards(self._path)

    @cached_property
    def _joined(self) -> JoinedFiles:
        return mapped_shards(self._path, self._shards)

    def _bytes_of(self, shard: int) -> npt.NDArray[np.uint8]:
        start = int(self._joined.starts[shard])
        return self._joined.memory[start : start + int(self._joined.sizes[shard])]

    @cached_property
    def _frames(self) -> list[SeekableShard]:
        """The frames of compressed shards; nothing where shards are not compressed."""
        if not any(shard.name.endswith(TAR_ZST) for shard in self._shards):
            return []
        return [SeekableShard(self._bytes_of(number)) for number in range(len(self._shards))]

    def _piece(self, shard: int, start: int, count: int) -> bytes:
        """`count` bytes of a shard's tar from `start` on, inside of one frame."""
        if not self._frames:
            return self._bytes_of(shard)[start : start + count].tobytes()
        number = int(self._frames[shard].frame_of(np.int64(start)))  # type: ignore[arg-type]
        at = start - int(self._frames[shard].starts[number])
        return self._frame(shard, number)[at : at + count]

    # ---- where samples lie

    @cached_property
    def _entries(self) -> Entries:
        sizes = [int(shard.starts[-1]) for shard in self._frames] if self._frames else self._joined.sizes
        try:
            entries = read_index(self._path, np.asarray(sizes, np.int64))
            if self._fits(entries):
                return entries
        except (OSError, ValueError):
            pass  # what is wrong with an index does not matter: the shards tell the same
        return self._rebuilt()

    def _fits(self, entries: Entries) -> bool:
        """Whether the index is about these shards: their numbers of samples, and some headers."""
        counts = [shard.samples for shard in self._shards]
        if not np.array_equal(entries["shard"], np.repeat(np.arange(len(counts)), counts)):
            return False
        looked_at = {index * len(entries) // LOOKED_AT for index in range(LOOKED_AT)} if len(entries) else set()
        return all(self._is_header_of(index, entries[index]) for index in sorted(looked_at))

    def _is_header_of(self, index: int, entry: Any) -> bool:
        """Whether the header before a payload is that of this sample."""
        offset = int(entry["offset"])
        start = offset - offset % BLOCK - BLOCK  # an array's header is shorter than a block
        return start >= 0 and self._piece(int(entry["shard"]), start, BLOCK).startswith(
            b"%08d." % (self._first + index)
        )

    def _rebuilt(self) -> Entries:
        parts: list[Entries] = []
        count = 0
        first = self._first
        for shard, memory, shift in self._pieces():
            members = walked(memory)
            if self.field_layouts():
                members = without_fields(members)
            part = entries_of(members, memory, shard, first + count)
            part["offset"] += np.uint64(shift)
            parts.append(part)
            count += len(part)
        if count != sum(shard.samples for shard in self._shards):
            raise ValueError(f"its shards have {count:,} samples and should have another number")
        return np.concatenate(parts) if parts else read_index(self._path, np.empty(0, np.int64))

    def _pieces(self) -> Iterator[tuple[int, npt.NDArray[np.uint8], int]]:
        """(shard, bytes, their place in it) in order: whole shards, or one frame after the other."""
        for shard in range(len(self._shards)):
            if not self._frames:
                yield shard, self._bytes_of(shard), 0
                continue
            for number in range(len(self._frames[shard])):
                frame = np.frombuffer(self._frames[shard].frame(number), np.uint8)
                yield shard, frame, int(self._frames[shard].starts[number])

    @cached_property
    def _extents(self) -> Extents:
        entries, joined = self._entries, self._joined
        offsets = entries["offset"].astype(np.int64) + joined.starts[entries["shard"]]
        return Extents(joined.memory, offsets, entries["length"].astype(np.int64))

    # ---- frames

    def _decompressed(self, indices: Sequence[int]) -> list[Buffer]:
        """A batch of samples, each frame decompressed once."""
        chosen = self._entries[np.asarray(indices, np.int64)]
        offsets, lengths, shards = (chosen[name].astype(np.int64) for name in ("offset", "length", "shard"))
        frames = np.empty(len(chosen), np.int64)
        for shard in np.unique(shards).tolist():
            frames[shards == shard] = self._frames[shard].frame_of(offsets[shards == shard])
        found: list[Buffer] = [b""] * len(chosen)
        for place in np.lexsort((frames, shards)).tolist():
            shard, number = int(shards[place]), int(frames[place])
            start = int(offsets[place]) - int(self._frames[shard].starts[number])
            payload = self._frame(shard, number)[start : start + int(lengths[place])]
            if len(payload) != lengths[place]:
                raise ValueError("a sample goes on behind its frame: the index is stale or damaged")
            found[place] = payload
        return found

    def _frame(self, shard: int, number: int) -> bytes:
        """A frame, decompressed; the last one is kept."""
        with self._lock:
            last = self._last
        if last is None or last[:2] != (shard, number):
            last = shard, number, self._frames[shard].frame(number)
            with self._lock:
                self._last = last
        return last[2]
