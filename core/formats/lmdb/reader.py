"""Reading an LMDB of ours: payloads as views into the map of its file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...base.contracts import Buffer, Extents, FieldLayout, Labels
from ...base.errors import InputError
from ...base.packed_fields import unpacked
from ..container import MappedContainerReader
from ..field_reading import FieldsInContainer, Found
from ..maps import release_pages
from .layout import (
    DICTIONARY,
    FIELDS,
    KEY_DIGITS,
    LABELS,
    METADATA,
    bounds_in_group,
    group_in,
    key_text,
    labels_in,
    metadata_in,
)
from .page_layout import NODE
from .pages import Numbers
from .store_tree import StoreEntries, StoreTree


class LmdbReader(FieldsInContainer, MappedContainerReader):
    """Finds every payload when the first one is asked for, by a walk over the leaf pages; holds nothing but the map."""

    def _open(self) -> None:
        self._extents_of_all()

    def _labels(self) -> Labels:
        labels = labels_in(self._named(LABELS))
        # A long value has pages of its own, aligned, and can be used where it lies.
        return labels if labels.flags.aligned and sys.byteorder == "little" else labels.astype(np.int64)

    def _metadata(self) -> Mapping[str, Any]:
        return metadata_in(self._named(METADATA).data)

    def _dictionary(self) -> bytes | None:
        if self.field_layouts():  # whose entries stand between it and the last ones
            return self._between[0]
        return self._named(DICTIONARY).tobytes() if DICTIONARY in self._named_entries else None

    def _fields(self, indices: Sequence[int], layouts: Sequence[FieldLayout]) -> Found:
        values, memory = self._between[1], self._memory
        found: Found = []
        for index in indices:
            start = int(values.offsets[index])
            found.append(unpacked(bytes(memory[start : start + int(values.lengths[index])]), layouts))
        return found

    def _read(self, indices: Sequence[int]) -> list[Buffer]:
        extents = self._extents
        chosen = np.asarray(indices, np.int64)
        starts = extents.offsets[chosen]
        ends = starts + extents.lengths[chosen]
        memory = self._memory
        return [memory[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    def _extents_of_all(self) -> Extents:
        return self._extents

    def mapped_files(self) -> Sequence[Path]:
        return [self._tree.file]

    def _key(self, index: int) -> str:
        return key_text(index, self._group)

    def _stored_bytes(self, index: int) -> int:
        """What the value takes in its page, or the overflow pages of its own; a group's share in equal parts."""
        value, layout = int(self._values.lengths[index // self._group]), self._tree.pages.layout
        outside = NODE + KEY_DIGITS + value > layout.largest_node
        return layout.stored_bytes(KEY_DIGITS, value, layout.overflow_pages(value) if outside else 0) // self._group

    def close(self) -> None:
        """Lets go of the map; it goes with the last view."""
        for name in ("_tree", "_named_entries", "_values", "_extents", "_memory", "_between"):
            self.__dict__.pop(name, None)

    def release(self) -> None:
        """Gives the map's pages back; views stay valid and fetch them again."""
        release_pages(self._tree.memory)

    @cached_property
    def _tree(self) -> StoreTree:
        return StoreTree.open(self._path)

    @cached_property
    def _memory(self) -> memoryview:
        return self._tree.memory.data

    @cached_property
    def _group(self) -> int:
        try:
            return group_in(self.metadata)
        except ValueError as error:
            raise InputError(f"{self._path} is damaged: {error}") from None

    @cached_property
    def _named_entries(self) -> dict[bytes, npt.NDArray[np.uint8]]:
        """The entries that are not payloads. Their keys sort behind all digits."""
        last = self._tree.last_entries()
        return {key: last[key] for key in (LABELS, METADATA, DICTIONARY) if key in last}

    def _named(self, key: bytes) -> npt.NDArray[np.uint8]:
        if key not in self._named_entries:
            raise InputError(f"{self._path} has no entry {key.decode()!r}: it is not a store of ours, or is damaged")
        return self._named_entries[key]

    @cached_property
    def _values(self) -> Extents:
        """The values whose keys are digits, which must be 0, 1, 2, ... without a gap."""
        tree, count = self._tree, self._count
        others = len(self._between[1].offsets) + 2 + (self.dictionary is not None) if self.field_layouts() else 0
        if tree.database.entries - (others or len(self._named_entries)) != count:
            raise InputError(f"{self._path} has not the {count:,} values that its labels promise: it is damaged")
        values = Extents(tree.memory, np.empty(count, np.int64), np.empty(count, np.int64))
        number = 0
        for entries in tree.entries():
            kept = min(len(entries.keys), count - number)
            self._check_keys(entries.keys[:kept], entries.key_sizes[:kept], number)
            values.offsets[number : number + kept] = entries.offsets[:kept]
            values.lengths[number : number + kept] = entries.lengths[:kept]
            number += kept
        return values

    @cached_property
    def _count(self) -> int:
        """Of values that hold payloads."""
        return -(-len(self) // self._group)

    @cached_property
    def _between(self) -> tuple[bytes | None, Extents]:
        """Of a file with fields what stands between the payloads and the last two entries: the dictionary, where there
        is one, and the further values of each sample, in order."""
        tree = self._tree
        found = [part[max(self._count - first, 0) :] for first, part in _counted(tree.entries())]
        keys, sizes, offsets, lengths = np.concatenate(found)[:-2].T
        dictionary = None
        if len(keys) == len(self) + 1:
            dictionary = tree.memory[offsets[0] : offsets[0] + lengths[0]].tobytes()
            if tree.memory[keys[0] : keys[0] + sizes[0]].tobytes() != DICTIONARY:
                raise InputError(f"{self._path} has an entry that is none of ours: it is damaged")
            keys, sizes, offsets, lengths = keys[1:], sizes[1:], offsets[1:], lengths[1:]
        if len(keys) != len(self):
            raise InputError(f"{self._path} has not the fields of {len(self):,} samples: it is damaged")
        self._check_keys(keys, sizes, 0, FIELDS)
        return dictionary, Extents(tree.memory, offsets, lengths)

    def _check_keys(self, keys: Numbers, sizes: Numbers, first: int, prefix: bytes = b"") -> None:
        """Raises InputError unless these keys are the digits of `first` and what follows, behind `prefix`."""
        proper = sizes == len(prefix) + KEY_DIGITS
        memory, last = self._tree.memory, len(self._memory) - 1
        for place, octet in enumerate(prefix):
            proper &= memory[np.minimum(keys + place, last)] == octet
        rest = np.arange(first, first + len(keys))
        for place in reversed(range(len(prefix), len(prefix) + KEY_DIGITS)):
            rest, digit = np.divmod(rest, 10)
            proper &= memory[np.minimum(keys + place, last)] == digit + ord("0")
        if not proper.all():
            raise InputError(f"{self._path}: its keys do not count from 0 on: it is damaged")

    @cached_property
    def _extents(self) -> Extents:
        values = self._values
        return values if self._group == 1 else _ungrouped(values, len(self), self._group, self._path)


def _counted(parts: Iterator[StoreEntries]) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """Each part as one array, int64 (n, 4), with the number of its first entry."""
    first = 0
    for part in parts:
        yield first, np.stack(part, axis=1)
        first += len(part.keys)


def _ungrouped(values: Extents, samples: int, group: int, path: Path) -> Extents:
    """Where each payload lies inside the values that hold `group` of them."""
    starts, ends = [], []
    for first in range(0, samples, group):
        value = first // group
        here, there = (int(number[value]) for number in (values.offsets, values.lengths))
        try:
            bounds = bounds_in_group(values.memory[here : here + there].data, min(group, samples - first))
        except ValueError as error:
            raise InputError(f"{path} is damaged: group {value}: {error}") from None
        starts.append(here + bounds[:-1])
        ends.append(here + bounds[1:])
    if not starts:
        return values
    offsets = np.concatenate(starts)
    return Extents(values.memory, offsets, np.concatenate(ends) - offsets)
