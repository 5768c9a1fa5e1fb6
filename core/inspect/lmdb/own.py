"""The LMDB layout of our stores, read entry by entry: what is whole can be read where other entries are damaged."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...base.contracts import Buffer, Labels

if TYPE_CHECKING:
    from .file import LmdbView


class LmdbContents:
    """A `contracts.Reader` over a file of any name that is open already."""

    def __init__(self, file: LmdbView) -> None:
        self._file = file

    def __len__(self) -> int:
        return len(self.labels)

    def looks_like_ours(self) -> bool:
        """Whether there are labels, and metadata in JSON (the tutorials' is a pickle)."""
        metadata = self._file.get(b"__metadata__")
        return self._file.get(b"__labels__") is not None and metadata is not None and metadata.startswith(b"{")

    @cached_property
    def labels(self) -> Labels:
        return np.frombuffer(self._need(b"__labels__"), "<i8").astype(np.int64)

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        return dict(json.loads(self._need(b"__metadata__")))

    @cached_property
    def dictionary(self) -> bytes | None:
        return self._file.get(b"__dictionary__")

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        return [self._payload(index) for index in indices]

    def key(self, index: int) -> str:
        number, place = divmod(index, self._group)
        return f"{number:08d}" if self._group == 1 else f"{number:08d}[{place}]"

    def stored_bytes(self, index: int) -> int:
        key = b"%08d" % (index // self._group)
        position = self._file.index_of(key)
        if position is None:
            raise ValueError(f"there is no entry {key.decode()}")
        return self._file.entry_at(position).stored // self._group

    def release(self) -> None:
        """There is nothing to give back."""

    def close(self) -> None:
        """The file is closed by whoever opened it."""

    @cached_property
    def _group(self) -> int:
        return max(int(self.metadata.get("group", 1)), 1)

    def _payload(self, index: int) -> bytes:
        value = self._need(b"%08d" % (index // self._group))
        return value if self._group == 1 else _member(value, index % self._group)

    def _need(self, key: bytes) -> bytes:
        value = self._file.get(key)
        if value is None:
            raise ValueError(f"there is no entry {key.decode()}")
        return value


def _member(value: bytes, place: int) -> bytes:
    """One payload of a group: uint32 count, count + 1 uint32 offsets from the end of this table, the payloads."""
    count = int.from_bytes(value[:4], "little")
    start = 4 * (count + 2)
    if place >= count or start > len(value):
        raise ValueError("the group's table of offsets is damaged")
    first, last = np.frombuffer(value, "<u4", 2, 4 * (place + 1)).tolist()
    if not first <= last <= len(value) - start:
        raise ValueError("the group's table of offsets is damaged")
    return value[start + first : start + last]
