"""Chunks as they are stored, back to what they were."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...base.extras import needed_by
from ...formats.zarr.chunks import decompressed
from ..values import MAX_INFLATED, inflate
from .metadata import CodecPipeline, Coordinates

CHECKSUM = 4


def decoded(data: bytes, pipeline: CodecPipeline, shape: Coordinates) -> np.ndarray[Any, Any]:
    """The chunk of this shape. Raises ValueError that says why it is none."""
    dtype = pipeline.dtype
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    for place in range(len(pipeline.steps) - 1, -1, -1):
        before = sum(step.name == "crc32c" for step in pipeline.steps[:place])
        expected = None if pipeline.texts else size + CHECKSUM * before
        data = _undone(data, pipeline.steps[place].name, expected)
    if pipeline.texts:
        return _texts(data, pipeline.texts == "utf8", shape)
    if len(data) != size:
        raise ValueError(f"a chunk has {len(data):,} bytes where {size:,} belong")
    if pipeline.transpose is None:
        return np.frombuffer(data, dtype).reshape(shape)
    stored = tuple(shape[axis] for axis in pipeline.transpose)
    return np.frombuffer(data, dtype).reshape(stored).transpose(np.argsort(pipeline.transpose))


def _undone(data: bytes, name: str, size: int | None) -> bytes:
    """The bytes behind one step, `size` of them where that is known."""
    if name == "crc32c":
        return _checked(data)
    if name == "blosc":
        return _blosc(data, size)
    if name in ("gzip", "zstd") and size is not None:
        return decompressed(data, name, size)
    if name == "lz4":
        return _lz4(data, size)
    if name in ("zlib", "gzip", "zstd", "bz2", "lzma"):
        return inflate(data, name)
    raise ValueError(f"its codec {name[:40]!r} is not known here")


def _checked(data: bytes) -> bytes:
    import google_crc32c

    body, stated = data[:-CHECKSUM], int.from_bytes(data[-CHECKSUM:], "little")
    if len(data) < CHECKSUM or int(google_crc32c.value(body)) != stated:
        raise ValueError("the checksum of a chunk differs (CRC-32C): its bytes are damaged")
    return body


def _blosc(data: bytes, size: int | None) -> bytes:
    """The header says at byte 4 how many bytes there will be, and at byte 12 how many there are."""
    with needed_by("a chunk that Blosc compressed"):
        from numcodecs import blosc
    told, stored = int.from_bytes(data[4:8], "little"), int.from_bytes(data[12:16], "little")
    if len(data) < 16 or stored != len(data) or told > MAX_INFLATED or (size is not None and told != size):
        raise ValueError("a chunk that Blosc compressed is damaged: its header does not fit")
    try:
        return bytes(blosc.decompress(data))
    except RuntimeError as error:
        raise ValueError(f"a chunk that Blosc compressed is damaged: {error}") from None


def _lz4(data: bytes, size: int | None) -> bytes:
    """A block behind its length, an int32."""
    import lz4.block

    told = int.from_bytes(data[:4], "little")
    if told > MAX_INFLATED or (size is not None and told != size):
        raise ValueError("a chunk that LZ4 compressed is damaged: its length does not fit")
    try:
        return bytes(lz4.block.decompress(data[4:], uncompressed_size=told))
    except (lz4.block.LZ4BlockError, ValueError, MemoryError) as error:
        raise ValueError(f"a chunk that LZ4 compressed is damaged: {error}") from None


def _texts(data: bytes, are_texts: bool, shape: Coordinates) -> np.ndarray[Any, Any]:
    """Values of any length: how many (uint32), then of each its length (uint32) and its bytes."""
    count = int(np.prod(shape, dtype=object))
    if int.from_bytes(data[:4], "little") != count or count * 4 > len(data):
        raise ValueError("a chunk of texts is damaged: it has another number of them")
    made = np.empty(count, object)
    place = 4
    for number in range(count):
        length = int.from_bytes(data[place : place + 4], "little")
        value = data[place + 4 : place + 4 + length]
        if len(value) < length or place + 4 > len(data):
            raise ValueError("a chunk of texts is damaged: it ends early")
        made[number] = value.decode("utf-8", "replace") if are_texts else value
        place += 4 + length
    return made.reshape(shape)
