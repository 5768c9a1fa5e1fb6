"""Where a dataset lies in its file, piece by piece."""

from __future__ import annotations

import time
from typing import Any

import h5py

from .filters import filters

MAX_CHUNKS = 4_000
"""Chunks told of one dataset; of more, every so many."""

CHUNK_SECONDS = 3.0
"""Seconds that listing them may take; what was found by then is told."""


def layout_of(dataset: h5py.Dataset) -> str:
    """ "contiguous", "chunked", "compact" (inside the dataset's own header), "external" or "virtual"."""
    properties = dataset.id.get_create_plist()
    layout = properties.get_layout()
    if layout == h5py.h5d.VIRTUAL:
        return "virtual"
    if layout == h5py.h5d.CHUNKED:
        return "chunked"
    if layout == h5py.h5d.COMPACT:
        return "compact"
    return "external" if properties.get_external_count() else "contiguous"


def describe(name: str, dataset: h5py.Dataset) -> dict[str, Any]:
    """One dataset as plain JSON: name, shape, dtype, layout, chunk, filter, logical and stored bytes, place."""
    logical, stored = logical_bytes(dataset), int(dataset.id.get_storage_size())
    layout = layout_of(dataset)
    return {
        "name": name,
        "kind": "dataset",
        "shape": None if dataset.shape is None else [int(length) for length in dataset.shape],
        "dtype": str(dataset.dtype),
        "layout": layout,
        "chunk": [int(length) for length in dataset.chunks] if dataset.chunks else None,
        "filter": ", ".join(name for _, name in filters(dataset)) or None,
        "logical_bytes": logical,
        "stored_bytes": stored,
        "ratio": round(logical / stored, 3) if stored and not _holds_references(dataset) else None,
        "offset": dataset.id.get_offset() if layout == "contiguous" else None,
        "attributes": h5py.h5a.get_num_attrs(dataset.id),
    }


def logical_bytes(dataset: h5py.Dataset) -> int:
    """What all values would take uncompressed, in Python's integers: dimensions of 2^63 do not wrap around."""
    total = int(dataset.id.get_type().get_size())
    for length in dataset.shape or ():
        total *= int(length)
    return 0 if dataset.shape is None else total


def _holds_references(dataset: h5py.Dataset) -> bool:
    """Values of variable length lie in a heap elsewhere; what is stored here are references to them."""
    return bool(dataset.dtype.hasobject)


def chunk_map(dataset: h5py.Dataset, file_bytes: int) -> dict[str, Any]:
    """Where the pieces lie: `chunks` [[offset, size, *index], ...], bytes from the file's start, index in chunks.

    At most MAX_CHUNKS, evenly sampled; `total` is how many there are, `contiguous` whether it is one piece, `complete`
    whether the list was finished in time. A dataset that is compact, empty or lies in other files has none.
    """
    layout = layout_of(dataset)
    told: dict[str, Any] = {"chunks": [], "total": 0, "file_bytes": file_bytes, "contiguous": layout == "contiguous"}
    told |= {"layout": layout, "chunk": list(map(int, dataset.chunks)) if dataset.chunks else None, "complete": True}
    if layout == "contiguous":
        offset, size = dataset.id.get_offset(), int(dataset.id.get_storage_size())
        if offset is not None and size:
            told |= {"chunks": [[int(offset), size, *(0 for _ in dataset.shape)]], "total": 1}
    elif layout == "chunked":
        told["total"] = int(dataset.id.get_num_chunks())
        told["chunks"], told["complete"] = _sampled(dataset, told["total"])
    return told


def _sampled(dataset: h5py.Dataset, total: int) -> tuple[list[list[int]], bool]:
    """Every so many of the chunks, in the order of the index; and whether the time sufficed."""
    step = max(-(-total // MAX_CHUNKS), 1)
    deadline = time.monotonic() + CHUNK_SECONDS
    found: list[list[int]] = []
    seen = 0

    def visit(info: Any) -> bool | None:
        nonlocal seen
        if seen % step == 0:
            index = (start // length for start, length in zip(info.chunk_offset, dataset.chunks, strict=True))
            found.append([int(info.byte_offset), int(info.size), *map(int, index)])
        seen += 1
        return True if time.monotonic() > deadline else None

    dataset.id.chunk_iter(visit)
    return found[:MAX_CHUNKS], seen >= total
