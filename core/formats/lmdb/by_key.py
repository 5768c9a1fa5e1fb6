"""Reading an LMDB of ours entry by entry: what is whole can be read where other entries are damaged.

`LmdbReader` finds all values at once and refuses a file that lacks one. This is for whoever looks a single entry up,
by a way that works in damaged files, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from ...base.contracts import Buffer, FieldLayout, FieldValue, Labels
from ...base.packed_fields import unpacked
from ..field_layouts import from_metadata
from ..field_reading import chosen_of
from .layout import (
    DICTIONARY,
    LABELS,
    METADATA,
    bounds_in_group,
    fields_key,
    group_in,
    key_of,
    key_text,
    labels_in,
    metadata_in,
)


class EntriesByKey(Protocol):
    """An open LMDB as `LmdbByKey` asks it. Both raise ValueError where a damaged page is in the way."""

    def get(self, key: bytes) -> bytes | None:
        """A copy of a key's value, or None."""
        ...

    def stored_bytes(self, key: bytes) -> int | None:
        """What a key's entry occupies, or None."""
        ...


class LmdbByKey:
    """A `contracts.Reader` over an LMDB that is open already. Raises ValueError for what cannot be read."""

    def __init__(self, file: EntriesByKey) -> None:
        self._file = file

    def __len__(self) -> int:
        return len(self.labels)

    def looks_like_ours(self) -> bool:
        """Whether there are labels, and metadata in JSON (the tutorials' is a pickle)."""
        metadata = self._file.get(METADATA)
        return self._file.get(LABELS) is not None and metadata is not None and metadata.startswith(b"{")

    @cached_property
    def labels(self) -> Labels:
        return labels_in(np.frombuffer(self._need(LABELS), np.uint8)).astype(np.int64)

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        return metadata_in(self._need(METADATA))

    @cached_property
    def dictionary(self) -> bytes | None:
        return self._file.get(DICTIONARY)

    def field_layouts(self) -> tuple[FieldLayout, ...]:
        return from_metadata(self.metadata)

    def fields(self, indices: Sequence[int], names: Sequence[str] | None = None) -> list[Mapping[str, FieldValue]]:
        chosen = chosen_of(self.field_layouts(), names, "this file")
        return (
            [unpacked(self._need(fields_key(index)), chosen) for index in indices] if chosen else [{} for _ in indices]
        )

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        return [self._payload(index) for index in indices]

    def key(self, index: int) -> str:
        return key_text(index, self._group)

    def stored_bytes(self, index: int) -> int:
        key = key_of(index // self._group)
        stored = self._file.stored_bytes(key)
        if stored is None:
            raise ValueError(f"there is no entry {key.decode()}")
        return stored // self._group

    def release(self) -> None:
        """There is nothing to give back."""

    def close(self) -> None:
        """The file is closed by whoever opened it."""

    @cached_property
    def _group(self) -> int:
        return group_in(self.metadata)

    def _payload(self, index: int) -> bytes:
        number, place = divmod(index, self._group)
        value = self._need(key_of(number))
        if self._group == 1:
            return value
        bounds = bounds_in_group(value, min(self._group, len(self) - number * self._group))
        return value[bounds[place] : bounds[place + 1]]

    def _need(self, key: bytes) -> bytes:
        value = self._file.get(key)
        if value is None:
            raise ValueError(f"there is no entry {key.decode()}")
        return value
