"""The JSON of our Zarr groups and arrays, and the index of a shard.

Sources: Zarr core specification, version 3.0 (zarr.json, regular chunk grids, default chunk keys); the codec
`sharding_indexed` 1.0: a shard is a file of chunks, and at its end an index, for each chunk of the shard in C order its
offset and its length in bytes (uint64, little-endian; both 2^64 - 1 for a chunk that is not there), then the CRC-32C of
these numbers (uint32, little-endian).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import numpy.typing as npt

META = "zarr.json"
IMAGES, BYTES, OFFSETS, LENGTHS, LABELS, DICTIONARY = "images", "bytes", "offsets", "lengths", "labels", "dictionary"

ENTRY = 16
"""Bytes of a chunk's entry in the index of a shard."""

CHECKSUM = 4
ABSENT = (1 << 64) - 1

FILTERS: Mapping[str, Mapping[str, Any] | None] = {
    "none": None,
    "zstd": {"name": "zstd", "configuration": {"level": 3, "checksum": False}},
    "gzip": {"name": "gzip", "configuration": {"level": 5}},
}

Index = npt.NDArray[np.uint64]


def group_json(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {"zarr_format": 3, "node_type": "group", "attributes": dict(attributes)}


def flat_json(length: int, dtype: str) -> dict[str, Any]:
    """Of an array with one axis, one chunk and nothing that filters it."""
    return _array_json([length], [max(length, 1)], dtype, [_bytes_codec(dtype)])


def whole_json(shape: Sequence[int], dtype: str) -> dict[str, Any]:
    """Of an array with any axes in one chunk, which nothing filters."""
    return _array_json(list(shape), [max(axis, 1) for axis in shape], dtype, [_bytes_codec(dtype)])


def sharded_json(shape: Sequence[int], shard: int, chunk: int, filter: str) -> dict[str, Any]:
    """Of an array of bytes whose first axis is cut into shards, and these into chunks, of so many rows each."""
    rest = list(shape[1:])
    index = [_bytes_codec("int64"), {"name": "crc32c"}]
    filters = [dict(codec)] if (codec := FILTERS[filter]) else []
    configuration = {
        "chunk_shape": [chunk, *rest],
        "codecs": [_bytes_codec("uint8"), *filters],
        "index_codecs": index,
        "index_location": "end",
    }
    codecs = [{"name": "sharding_indexed", "configuration": configuration}]
    return _array_json(list(shape), [shard, *rest], "uint8", codecs)


def _array_json(shape: list[int], chunk: list[int], dtype: str, codecs: list[Any]) -> dict[str, Any]:
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": dtype,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": False if dtype == "bool" else 0,
        "codecs": codecs,
        "attributes": {},
        "storage_transformers": [],
    }


def _bytes_codec(dtype: str) -> dict[str, Any]:
    return (
        {"name": "bytes"}
        if dtype in ("uint8", "int8", "bool")
        else {"name": "bytes", "configuration": {"endian": "little"}}
    )


def shard_name(array: str, number: int, axes: int) -> str:
    """The path of a shard in its group: only its first number is not 0, for a shard holds whole rows."""
    return "/".join([array, "c", str(number), *["0"] * (axes - 1)])


def flat_file(folder: Path, array: str) -> Path:
    """The only chunk of an array with one axis."""
    return folder / array / "c" / "0"


def only_chunk(folder: Path, array: str, axes: int) -> Path:
    """The chunk of an array that has one."""
    return folder.joinpath(array, "c", *["0"] * axes)


# ---------------------------------------------------------------- the index of a shard


def index_bytes(lengths: Sequence[int], chunks: int) -> bytes:
    """The index of a shard of so many `chunks`, of which the first are there, end to end, with these `lengths`."""
    index = np.full((chunks, 2), ABSENT, "<u8")
    ends = np.cumsum(np.asarray(lengths, np.uint64))
    index[: len(ends), 0] = ends - np.asarray(lengths, np.uint64)
    index[: len(ends), 1] = lengths
    data = index.tobytes()
    return data + int(google_crc32c.value(data)).to_bytes(CHECKSUM, "little")


def index_size(chunks: int) -> int:
    return chunks * ENTRY + CHECKSUM


def read_index(data: bytes, size: int) -> Index:
    """The index (`data`, of `index_size` bytes) of a shard of `size` bytes: uint64 (chunks, 2), offset and length of
    each chunk, `ABSENT` for those that are not there.

    Raises ValueError where its checksum differs or a chunk does not lie before it.
    """
    table, stated = data[:-CHECKSUM], int.from_bytes(data[-CHECKSUM:], "little")
    if len(data) < CHECKSUM or len(table) % ENTRY or google_crc32c.value(table) != stated:
        raise ValueError("the checksum of its index differs")
    index = np.frombuffer(table, "<u8").reshape(-1, 2)
    there = index[(index != ABSENT).all(axis=1)]
    room = np.uint64(max(size - len(data), 0))
    if (there[:, 1] > room).any() or (there[:, 0] > room - there[:, 1]).any():
        raise ValueError("its index leads outside of it")
    return index
