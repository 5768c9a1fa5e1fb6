"""Reading a Zarr group of ours, without a library."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ...base.contracts import Buffer, Extents, FieldLayout, Labels
from ..container import MappedContainerReader
from ..field_columns import ColumnReader
from ..field_reading import FieldsInContainer, Found
from ..maps import release_pages
from ..shards import Shard
from .described import array_json, flat_array
from .fields import field_reader
from .layout import DICTIONARY, IMAGES, LABELS, META, group_json
from .sharded import ShardedArray, ShardedBytes, ShardedImages


class ZarrReader(FieldsInContainer, MappedContainerReader):
    """Chunks that nothing compresses are served as views of the mapped shards, others are decompressed."""

    def _open(self) -> None:
        self._array  # noqa: B018 - it is read when it is first asked for

    def _labels(self) -> Labels:
        return flat_array(self._path, LABELS, "int64").astype(np.int64)

    def _metadata(self) -> Mapping[str, Any]:
        told = array_json(self._path, "")
        attributes = told.get("attributes")
        if not isinstance(attributes, dict) or told != group_json(attributes):
            raise ValueError(f"its {META} is not as our stores keep it")
        return attributes

    def _dictionary(self) -> bytes | None:
        there = os.path.lexists(self._path / DICTIONARY)
        return bytes(flat_array(self._path, DICTIONARY, "uint8").tobytes()) if there else None

    def _read(self, indices: Sequence[int]) -> list[Buffer]:
        return self._array.read(indices)

    def _fields(self, indices: Sequence[int], layouts: Sequence[FieldLayout]) -> Found:
        return [*self._columns.read(indices, layouts)]

    @cached_property
    def _columns(self) -> ColumnReader:
        return field_reader(self._path, self.field_layouts(), len(self))

    def _key(self, index: int) -> str:
        return f"{self._array.name}[{index}]"

    def _stored_bytes(self, index: int) -> int:
        return self._array.stored_bytes(index)

    def _extents_of_all(self) -> Extents | None:
        """None where chunks are compressed."""
        return self._array.extents

    def mapped_files(self) -> Sequence[Path]:
        return self._array.paths

    def shards(self) -> list[Shard]:
        """The files of payloads, in the order of their samples."""
        with self._told("its shards cannot be told"):
            return self._array.shards()

    def release(self) -> None:
        """Gives the map's pages back; views stay valid and fetch them again."""
        if "_array" in self.__dict__:
            release_pages(self._array.files.memory)

    def close(self) -> None:
        """Views that were handed out keep their map."""
        for name in ("_array", "_columns"):
            self.__dict__.pop(name, None)

    @cached_property
    def _array(self) -> ShardedArray:
        samples = len(self.labels)
        if (self._path / IMAGES).is_dir():
            return ShardedImages(self._path, samples)
        return ShardedBytes(self._path, samples)
