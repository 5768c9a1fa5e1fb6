"""What is asked of a dataset before any of it is read: whether it stays in its file, and how much it would take."""

from __future__ import annotations

import os
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from .chunks import layout_of, logical_bytes
from .filters import missing
from .walk import Hdf5Tree

MAX_READ = 1 << 29
"""512 MiB; a chunk or a single record that is larger is refused before it is read."""

MAX_ATTRIBUTE = 1 << 20

MAX_MAPPINGS = 1_000
"""Pieces of a virtual dataset that are looked at; one of more is refused."""

HOLLOW = 1 << 30
"""1 GiB; a dataset that promises more is asked, row by row, whether anything was ever written there."""

UNKNOWN_SIZE = 1 << 62
"""The size of a file whose datasets may lie in others."""

_SLACK = 1 << 16
"""Bytes by which a filter may make a small chunk longer."""


def outside(dataset: h5py.Dataset, tree: Hdf5Tree, seen: tuple[str, ...] = ()) -> str | None:
    """Why a dataset's values are not this file's own, as a sentence; None where they are."""
    layout = layout_of(dataset)
    if layout == "external":
        properties = dataset.id.get_create_plist()
        return _elsewhere(dataset, os.fsdecode(properties.get_external(0)[0]))
    if layout != "virtual":
        return None
    properties = dataset.id.get_create_plist()
    count = properties.get_virtual_count()
    if count > MAX_MAPPINGS:
        return f"{dataset.name} is put together from {count:,} pieces, more than are followed"
    for piece in range(count):
        problem = _outside_piece(dataset, tree, seen, properties, piece)
        if problem is not None:
            return problem
    return None


def _elsewhere(dataset: h5py.Dataset, other: str) -> str:
    """The sentence about data in another file; one that has gone is said to have."""
    told = f"{dataset.name} lies in other files (the first is {other!r})"
    try:
        gone = not Path(str(dataset.file.filename)).parent.joinpath(other).exists()
    except (OSError, ValueError):
        gone = False  # a name that no file can have here, or a folder one may not look into
    return f"{told}, and that one is not there" if gone else f"{told}, which are not opened"


def _outside_piece(
    dataset: h5py.Dataset, tree: Hdf5Tree, seen: tuple[str, ...], properties: Any, piece: int
) -> str | None:
    """The same of one piece of a virtual dataset, which may be virtual itself."""
    file, source = properties.get_virtual_filename(piece), properties.get_virtual_dsetname(piece)
    if file != ".":
        return _elsewhere(dataset, file)
    node = tree.resolve(source)
    if node is None or node.kind != "dataset":
        return f"{dataset.name} is put together from {source!r}, which is not in this file"
    path = (*seen, str(dataset.name))
    inner = h5py.Dataset(h5py.h5d.open(dataset.file.id, node.raw))
    if inner.name in path:
        return f"{dataset.name} is put together from itself, by way of {source!r}"
    return outside(inner, tree, path)


def refusal(dataset: h5py.Dataset) -> str | None:
    """Why no row of a dataset is read: a chunk too large, a filter that is missing. None where rows can be."""
    if dataset.chunks and prod(map(int, dataset.chunks)) * dataset.dtype.itemsize > MAX_READ:
        return f"reading {dataset.name} would take more than {MAX_READ >> 20} MiB at once: so large is each chunk of it"
    return missing(dataset)


def too_much(dataset: h5py.Dataset, count: int) -> str | None:
    """Why `count` values of a dataset are too many for one reading; None where they are not."""
    if count * dataset.dtype.itemsize > MAX_READ:
        return f"reading {dataset.name} would take more than {MAX_READ >> 20} MiB at once"
    return None


def beyond(dataset: h5py.Dataset, count: int, row: int, size: int) -> str | None:
    """Why `count` values from a row on are not read: the file, of `size` bytes, ends before (contiguous data)."""
    offset = dataset.id.get_offset() if dataset.chunks is None and dataset.shape else None
    if offset is None:
        return None
    item = int(dataset.id.get_type().get_size())
    start = offset + row * item * prod(map(int, dataset.shape[1:]))
    if start + count * item > size:
        return f"{dataset.name} lies beyond the end of the file, which was cut short"
    return None


def bad_chunks(dataset: h5py.Dataset, start: int, stop: int, size: int) -> str | None:
    """Why rows start..stop of a chunked dataset are not read: a chunk is a bomb, was never written, or is not there.

    A filter gives back what it was given or a little more; a stored chunk far longer than the whole chunk uncompressed
    inflates to something else.
    """
    if dataset.chunks is None or dataset.shape is None or not dataset.shape:
        return None
    item = dataset.dtype.itemsize * (4 if dataset.dtype.hasobject else 1)  # references are longer in the file
    whole = prod(map(int, dataset.chunks)) * item
    hollow = logical_bytes(dataset) > HOLLOW
    rows = int(dataset.chunks[0])
    for row in range(start - start % rows, stop, rows):
        info = dataset.id.get_chunk_info_by_coord((row, *(0,) * (len(dataset.shape) - 1)))
        if info.size > whole + whole // 4 + _SLACK:
            return f"{dataset.name}: a chunk of {whole:,} bytes is stored in {info.size:,}, which is not to be trusted"
        if info.byte_offset is not None and info.byte_offset + info.size > size:
            return f"{dataset.name} lies beyond the end of the file, which was cut short"
        if hollow and info.byte_offset is None:
            return f"{dataset.name}[{row}] was never written: the file promises more than it holds"
    return None


def hollow(dataset: h5py.Dataset) -> bool:
    """Whether a dataset promises a great deal and holds nothing of it."""
    return logical_bytes(dataset) > HOLLOW and dataset.id.get_storage_size() == 0


def plain_attributes(attributes: h5py.AttributeManager, limit: int = 200) -> tuple[Mapping[str, Any], list[str]]:
    """The attributes that can be read, each no larger than a megabyte, and the names of those that cannot."""
    plain: dict[str, Any] = {}
    lost: list[str] = []
    for name in _names(attributes, limit):
        try:
            about = attributes.get_id(name)
            if prod(map(int, about.shape or (0,))) * about.dtype.itemsize > MAX_ATTRIBUTE:
                lost.append(f"attribute {name} is larger than it is worth")
                continue
            plain[name] = attributes[name]
        except (OSError, RuntimeError, ValueError, TypeError, KeyError, OverflowError) as error:
            lost.append(f"attribute {name} cannot be read: {' '.join(str(error).split())[:200]}")
    return plain, lost


def _names(attributes: h5py.AttributeManager, limit: int) -> list[str]:
    try:
        return list(attributes)[:limit]
    except (OSError, RuntimeError, ValueError, KeyError):
        return []


def texts(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Attributes in a few words each, for somebody to read."""
    return {name: _words(value) for name, value in list(attributes.items())[:20]}


def _words(value: Any) -> str:
    if isinstance(value, bytes | np.bytes_):
        value = value.decode("utf-8", "backslashreplace")
    if isinstance(value, np.void) and value.dtype.names is None:
        return f"{value.nbytes:,} opaque bytes"
    return " ".join(str(value).split())[:200]
