"""Chunks as Zarr's codecs compress them, back to what they were."""

from __future__ import annotations

import zlib

import zstandard

from ...base.contracts import Buffer


def decompressed(data: Buffer, filter: str, size: int) -> bytes:
    """The chunk of `size` bytes behind `data`. Raises ValueError for what is not one, however much it would become."""
    try:
        made = _gunzipped(data, size) if filter == "gzip" else _unzstd(data, size)
    except (zlib.error, zstandard.ZstdError) as error:
        raise ValueError(f"a chunk does not decompress: {error}") from None
    if len(made) != size:
        raise ValueError(f"a chunk becomes {len(made):,} bytes where it has {size:,}")
    return made


def _gunzipped(data: Buffer, size: int) -> bytes:
    return zlib.decompressobj(wbits=31).decompress(data, size + 1)


def _unzstd(data: Buffer, size: int) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(data) as stream:
        return bytes(stream.read(size + 1))
