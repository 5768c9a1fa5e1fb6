"""Reading an Arrow file of ours: a map, and the places that its messages tell. No library takes part."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...base.contracts import Buffer, Extents, FieldLayout, Labels
from ..container import MappedContainerReader, open_file
from ..field_layouts import FIELDS
from ..field_reading import FieldsInContainer, Found
from ..handles import PerProcess
from ..joined_maps import Memory
from ..maps import release_pages
from .fields import ArrowFieldColumns
from .messages import Footer, Numbers, RecordBatch, batch_of, metadata_of, read_footer, read_message

HUGGINGFACE, TOLD, DICTIONARY = "huggingface", "format_matters", "format_matters_dictionary"

PER_ROW = 4 + 4 + 12 + 8
"""Beside the payload: offsets of bytes and path, the path, the label."""


class ArrowReader(FieldsInContainer, MappedContainerReader):
    """Payloads as views of the map."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._opened = PerProcess(partial(_open, path))
        self._columns = PerProcess(self._open_columns)

    def _open(self) -> None:
        self._opened.get()

    def _labels(self) -> Labels:
        return self._opened.get().labels

    def _metadata(self) -> Mapping[str, Any]:
        told = json.loads(self._texts[TOLD])
        features = json.loads(self._texts[HUGGINGFACE])["info"]["features"]
        told.pop("bare_shape", None)
        return {**told, "classes": list(features["label"]["names"])}

    def _dictionary(self) -> bytes | None:
        kept = self._texts.get(DICTIONARY)
        return None if kept is None else base64.b64decode(kept, validate=True)

    @cached_property
    def _texts(self) -> dict[str, str]:
        return metadata_of(self._opened.get().footer.schema)

    def _read(self, indices: Sequence[int]) -> list[Buffer]:
        opened = self._opened.get()
        chosen = np.asarray(indices, np.int64)
        starts = opened.extents.offsets[chosen]
        ends = starts + opened.extents.lengths[chosen]
        view = opened.view
        return [view[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    def _open_columns(self) -> ArrowFieldColumns:
        return ArrowFieldColumns(self._path, self.field_layouts(), self._opened.get().rows)

    def _fields(self, indices: Sequence[int], layouts: Sequence[FieldLayout]) -> Found:
        return self._columns.get().read(indices, layouts)

    def _key(self, index: int) -> str:
        return f"row {range(len(self))[index]}"

    def _stored_bytes(self, index: int) -> int:
        """The payload, its offsets, path and label."""
        return int(self._opened.get().extents.lengths[index]) + PER_ROW

    def _extents_of_all(self) -> Extents | None:
        return self._opened.get().extents

    def release(self) -> None:
        """Gives the map's pages back; views stay valid and fetch them again."""
        with self._told("its map cannot be released"):
            release_pages(self._opened.get().extents.memory)

    def close(self) -> None:
        """Lets go of the map; views handed out before keep it."""
        self._opened.take()
        self._columns.take()
        self.__dict__.pop("_texts", None)


class _Opened(NamedTuple):
    """`rows`: how many each batch has."""

    view: memoryview
    footer: Footer
    extents: Extents
    labels: Labels
    rows: list[int]


def _open(path: Path) -> _Opened:
    """Raises ValueError for a file that is not laid out as ours are, OSError for one that cannot be opened."""
    with open_file(path) as file:
        memory: Memory = np.memmap(file, np.uint8, "r")
    view = memory.data
    footer = read_footer(view)
    told = json.loads(metadata_of(footer.schema).get(TOLD, "{}"))
    own = (_FIXED if told.get("bare_shape") else _STRUCT) if told.get(FIELDS) else None
    columns: tuple[list[Numbers], ...] = ([], [], [])
    for block in footer.batches:
        message = read_message(view, block.offset)
        if message is None:
            raise ValueError("its footer lists the end of the stream as a batch")
        places = _places(memory, batch_of(message), own)
        for column, found in zip(columns, places, strict=True):
            column.append(found)
    joined = [np.concatenate(column) if column else np.empty(0, np.int64) for column in columns]
    rows = [len(labels) for labels in columns[2]]
    return _Opened(view, footer, Extents(memory, joined[0], joined[1]), joined[2], rows)


_STRUCT, _FIXED = (4, 9), (2, 4)
"""Column parts and buffers of `image` and `label` where `image` is a struct, or fixed-size binary."""


def _places(memory: Memory, batch: RecordBatch, own: tuple[int, int] | None) -> tuple[Numbers, Numbers, Numbers]:
    """(offsets in the file, lengths, labels) of a batch's rows: int64 (rows,) each. `own`: the parts and buffers of
    these two columns where others are behind them.

    Buffers of our schema: of `image` as a struct [its nulls, nulls of bytes, offsets, data, nulls of path, offsets,
    data], as fixed-size binary [nulls, data]; of `label` [nulls, data].
    """
    parts, count = own or (len(batch.nulls), len(batch.buffers))
    if batch.codec != -1 or batch.nulls[:parts].any():
        raise ValueError("a batch is compressed or has nulls, as no store of ours has")
    if len(batch.buffers) < count:
        raise ValueError("its columns are not those of a store of ours")
    if count == 9:
        starts = _values(memory, batch.buffers[2], "<i4", batch.rows + 1)
        begin, size = batch.buffers[3].tolist()
        if (starts[1:] < starts[:-1]).any() or starts[0] < 0 or starts[-1] > size:
            raise ValueError("offsets of a batch do not fit its data")
        return begin + starts[:-1], np.diff(starts), _values(memory, batch.buffers[8], "<i8", batch.rows)
    if count != 4:
        raise ValueError("its columns are not those of a store of ours")
    begin, size = batch.buffers[1].tolist()
    labels = _values(memory, batch.buffers[3], "<i8", batch.rows)
    width = size // batch.rows if batch.rows else 0
    if batch.rows and width * batch.rows != size:
        raise ValueError("pixels of a batch do not fit its rows")
    return begin + width * np.arange(batch.rows, dtype=np.int64), np.full(batch.rows, width, np.int64), labels


def _values(memory: Memory, buffer: Numbers, kind: str, count: int) -> Numbers:
    begin, size = buffer.tolist()
    if count * np.dtype(kind).itemsize > size:
        raise ValueError("a buffer of a batch is too short for its rows")
    return np.frombuffer(memory, kind, count, begin).astype(np.int64)
