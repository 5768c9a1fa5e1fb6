"""What .zarray (version 2) and zarr.json (version 3) say of an array.

Sources: Zarr storage specification, version 2; Zarr core specification, version 3.0, and its registered codecs. Numbers
are believed only within bounds; a codec that is not known is told by its name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ..values import dtype_called

MOST_AXES = 16
LONGEST_JSON = 1 << 24
MOST_CHUNK = 1 << 28
"""256 MiB that a chunk may have."""

Coordinates = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ByteCodec:
    """A step from bytes to bytes: `name` and its configuration."""

    name: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CodecPipeline:
    """How a chunk is stored: its axes in this order (`transpose`, None as they are), then as numbers of `dtype` in
    C order or as `texts` ("utf8", "bytes", "" for numbers), then through the `steps`."""

    dtype: np.dtype[Any]
    texts: str = ""
    transpose: tuple[int, ...] | None = None
    steps: tuple[ByteCodec, ...] = ()


@dataclass(frozen=True, slots=True)
class Sharding:
    """A file holds several chunks: `per_shard` of them along each axis; its index is at the `end` or the beginning,
    with a checksum or without."""

    per_shard: Coordinates
    end: bool
    checksum: bool

    @property
    def index_bytes(self) -> int:
        return prod(self.per_shard) * 16 + 4 * self.checksum


@dataclass(frozen=True, slots=True)
class ArrayMeta:
    """shape; chunk: that of a chunk; fill: what Zarr gives for one that is not there; `separator` and `prefix` make the
    key of a chunk (or of a shard) from its place."""

    version: int
    shape: Coordinates
    chunk: Coordinates
    pipeline: CodecPipeline
    fill: Any
    separator: str
    prefix: str
    sharding: Sharding | None = None

    @property
    def grid(self) -> Coordinates:
        """Chunks along each axis."""
        return tuple(-(-length // size) for length, size in zip(self.shape, self.chunk, strict=True))

    @property
    def chunk_bytes(self) -> int:
        return prod(self.chunk) * self.pipeline.dtype.itemsize

    def key(self, place: Coordinates) -> str:
        """Of the file that holds a chunk, or a shard where there are such."""
        numbers = self.separator.join(map(str, place))
        if self.prefix:
            return self.prefix + (self.separator + numbers if numbers else "")
        return numbers or "0"


def object_in(data: bytes | None) -> dict[str, Any] | None:
    """The JSON object in a file; None for anything else."""
    if data is None or len(data) > LONGEST_JSON:
        return None
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def of_version_2(told: Mapping[str, Any]) -> ArrayMeta:
    """Raises ValueError for what is none, or not known here."""
    shape, chunk = _sizes(told.get("shape"), 0), _sizes(told.get("chunks"), 1)
    texts = ""
    for one in told.get("filters") or []:
        name = one.get("id") if isinstance(one, dict) else one
        if name not in ("vlen-utf8", "vlen-bytes"):
            raise ValueError(f"its filter {str(name)[:40]!r} is not known here")
        texts = name.removeprefix("vlen-")
    dtype = np.dtype("u1") if texts else _type_called(_as_descr(told.get("dtype")))
    compressor = told.get("compressor")
    steps = (ByteCodec(str(compressor.get("id")), compressor),) if isinstance(compressor, dict) else ()
    transpose = tuple(range(len(shape)))[::-1] if told.get("order") == "F" and not texts else None
    separator = "/" if told.get("dimension_separator") == "/" else "."
    return _checked(
        ArrayMeta(2, shape, chunk, CodecPipeline(dtype, texts, transpose, steps), told.get("fill_value"), separator, "")
    )


def _as_descr(value: Any) -> Any:
    """Fields as NumPy takes them: tuples, where JSON has lists."""
    if not isinstance(value, list):
        return value
    fields = [one for one in value if isinstance(one, list) and 2 <= len(one) <= 3]
    return [(one[0], _as_descr(one[1]), *(tuple(size) for size in one[2:] if isinstance(size, list))) for one in fields]


def of_version_3(told: Mapping[str, Any]) -> ArrayMeta:
    """Raises ValueError for what is none, or not known here."""
    shape = _sizes(told.get("shape"), 0)
    grid, keys = _named(told.get("chunk_grid")), _named(told.get("chunk_key_encoding"))
    if grid.name != "regular" or keys.name not in ("default", "v2") or told.get("storage_transformers"):
        raise ValueError(f"its chunks lie as is not known here: {grid.name[:40]}, {keys.name[:40]}")
    outer = _sizes(grid.settings.get("chunk_shape"), 1)
    default = "/" if keys.name == "default" else "."
    separator = "/" if keys.settings.get("separator", default) == "/" else "."
    codecs = [_named(one) for one in told.get("codecs") or []]
    dtype = _data_type(told.get("data_type"))
    sharding, chunk = None, outer
    if codecs and codecs[0].name == "sharding_indexed":
        if len(codecs) > 1:
            raise ValueError("its shards are compressed as a whole, which is not known here")
        sharding, chunk, codecs = _sharding(codecs[0].settings, outer)
    pipeline = _pipeline(codecs, dtype, len(shape))
    prefix = "c" if keys.name == "default" else ""
    return _checked(ArrayMeta(3, shape, chunk, pipeline, told.get("fill_value"), separator, prefix, sharding))


def _sharding(settings: Mapping[str, Any], outer: Coordinates) -> tuple[Sharding, Coordinates, list[ByteCodec]]:
    chunk = _sizes(settings.get("chunk_shape"), 1)
    if len(chunk) != len(outer) or any(one % two for one, two in zip(outer, chunk, strict=True)):
        raise ValueError(f"chunks of shape {chunk} do not fit shards of shape {outer}")
    index = [_named(one) for one in settings.get("index_codecs") or []]
    names = [one.name for one in index]
    if names not in (["bytes"], ["bytes", "crc32c"]) or index[0].settings.get("endian", "little") != "little":
        raise ValueError("the index of its shards is written as is not known here")
    per_shard = tuple(one // two for one, two in zip(outer, chunk, strict=True))
    codecs = [_named(one) for one in settings.get("codecs") or []]
    return Sharding(per_shard, settings.get("index_location", "end") != "start", len(names) == 2), chunk, codecs


def _pipeline(codecs: Sequence[ByteCodec], dtype: np.dtype[Any] | str, axes: int) -> CodecPipeline:
    left = list(codecs)
    transpose = None
    if left and left[0].name == "transpose":
        transpose = tuple(left.pop(0).settings.get("order") or ())
        if sorted(transpose) != list(range(axes)):
            raise ValueError("the order of its axes is none")
    if not left or left[0].name not in ("bytes", "endian", "vlen-utf8", "vlen-bytes"):
        raise ValueError(f"its codec {left[0].name[:40]!r} is not known here" if left else "it names no codec")
    first, *steps = left
    if first.name.startswith("vlen-"):
        return CodecPipeline(np.dtype("u1"), first.name.removeprefix("vlen-"), transpose, tuple(steps))
    if isinstance(dtype, str):
        raise ValueError(f"its type {dtype[:40]!r} is not known here")
    order = ">" if first.settings.get("endian") == "big" else "<"
    return CodecPipeline(dtype.newbyteorder(order), "", transpose, tuple(steps))  # type: ignore[arg-type]


_TYPES = {"bool": "?", "float16": "f2", "float32": "f4", "float64": "f8", "complex64": "c8", "complex128": "c16"}


def _data_type(value: Any) -> np.dtype[Any] | str:
    """The type of numbers; the name of one that NumPy has not."""
    told = _named(value)
    name, length = told.name, told.settings.get("length_bytes")
    if name in _TYPES:
        return np.dtype(_TYPES[name])
    if name in {f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)}:
        return np.dtype(name)
    if type(length) is int and 0 < length <= 1 << 20:
        if name == "fixed_length_utf32":
            return np.dtype(f"U{max(length // 4, 1)}")
        if name in ("null_terminated_bytes", "fixed_length_ascii"):
            return np.dtype(f"S{length}")
    return name


def _type_called(code: Any) -> np.dtype[Any]:
    dtype: np.dtype[Any] = dtype_called(code)
    return dtype


def _named(value: Any) -> ByteCodec:
    """{"name": ..., "configuration": {...}}, or a bare name. Raises ValueError for anything else."""
    if isinstance(value, str):
        return ByteCodec(value, {})
    name = value.get("name") if isinstance(value, dict) else None
    settings = value.get("configuration", {}) if isinstance(value, dict) else None
    if not isinstance(name, str) or not isinstance(settings, dict):
        raise ValueError("its metadata is not that of an array")
    return ByteCodec(name, settings)


def _sizes(value: Any, least: int) -> Coordinates:
    """Raises ValueError for what are no lengths."""
    if not isinstance(value, list) or len(value) > MOST_AXES:
        raise ValueError("its metadata tells no shape")
    if any(type(length) is not int or not least <= length < 1 << 62 for length in value):
        raise ValueError(f"its shape {str(value)[:80]} is none")
    return tuple(value)


def _checked(meta: ArrayMeta) -> ArrayMeta:
    if len(meta.chunk) != len(meta.shape):
        raise ValueError(f"chunks of shape {meta.chunk} do not fit an array of shape {meta.shape}")
    if not meta.pipeline.dtype.itemsize:
        raise ValueError("its numbers have no size")
    if meta.chunk_bytes > MOST_CHUNK:
        raise ValueError(f"its chunks have {meta.chunk_bytes:,} bytes; {MOST_CHUNK >> 20} MiB are read at most")
    if meta.sharding is not None and meta.sharding.index_bytes > MOST_CHUNK:
        raise ValueError(f"its shards have {prod(meta.sharding.per_shard):,} chunks, more than are read here")
    return meta
