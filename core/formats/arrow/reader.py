"""Reading an Arrow file of ours: a map, and the places that its messages tell. No library takes part."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...base.contracts import Buffer, Extents, Labels
from ..container import MappedContainerReader, open_file
from ..handles import PerProcess
from ..joined_maps import Memory
from ..maps import release_pages
from .messages import Footer, Numbers, RecordBatch, batch_of, metadata_of, read_footer, read_message

HUGGINGFACE, TOLD, DICTIONARY = "huggingface", "format_matters", "format_matters_dictionary"

PER_ROW = 4 + 4 + 12 + 8
"""Beside the payload: offsets of bytes and path, the path, the label."""


class ArrowReader(MappedContainerReader):
    """Payloads as views of the map."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._opened = PerProcess(partial(_open, path))

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
        self.__dict__.pop("_texts", None)


class _Opened(NamedTuple):
    view: memoryview
    footer: Footer
    extents: Extents
    labels: Labels


def _open(path: Path) -> _Opened:
    """Raises ValueError for a file that is not laid out as ours are, OSError for one that cannot be opened."""
    with open_file(path) as file:
        memory: Memory = np.memmap(file, np.uint8, "r")
    view = memory.data
    footer = read_footer(view)
    columns: tuple[list[Numbers], ...] = ([], [], [])
    for block in footer.batches:
        message = read_message(view, block.offset)
        if message is None:
            raise ValueError("its footer lists the end of the stream as a batch")
        places = _places(memory, batch_of(message))
        for column, found in zip(columns, places, strict=True):
            column.append(found)
    joined = [np.concatenate(column) if column else np.empty(0, np.int64) for column in columns]
    return _Opened(view, footer, Extents(memory, joined[0], joined[1]), joined[2])


def _places(memory: Memory, batch: RecordBatch) -> tuple[Numbers, Numbers, Numbers]:
    """(offsets in the file, lengths, labels) of a batch's rows: int64 (rows,) each.

    Buffers of our schema: of `image` as a struct [its nulls, nulls of bytes, offsets, data, nulls of path, offsets,
    data], as fixed-size binary [nulls, data]; of `label` [nulls, data].
    """
    if batch.codec != -1 or batch.nulls.any():
        raise ValueError("a batch is compressed or has nulls, as no store of ours has")
    if len(batch.buffers) == 9:
        starts = _values(memory, batch.buffers[2], "<i4", batch.rows + 1)
        begin, size = batch.buffers[3].tolist()
        if (starts[1:] < starts[:-1]).any() or starts[0] < 0 or starts[-1] > size:
            raise ValueError("offsets of a batch do not fit its data")
        return begin + starts[:-1], np.diff(starts), _values(memory, batch.buffers[8], "<i8", batch.rows)
    if len(batch.buffers) != 4:
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
