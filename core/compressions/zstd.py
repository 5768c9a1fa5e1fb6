"""Zstandard: one standard frame (RFC 8878) a payload, its content size in the header."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, cast

import numpy as np
import zstandard

from ..base.contracts import MAX_PAYLOAD, Buffer, Extents
from ..base.options import option


class ZstdFrames:
    """What zstd with and without a dictionary share: contexts made once a thread and reused for every payload.

    The contexts are neither picklable nor thread-safe; a copy in another process makes its own.
    """

    level: int
    dictionary: bytes | None
    suffix = ".zst"
    identity = False
    learns = False

    def compress(self, payload: Buffer) -> bytes:
        return self._contexts.compressor.compress(payload)

    def decompress(self, payload: Buffer) -> bytes:
        """Raises ValueError for anything but a frame that says its size, `MAX_PAYLOAD` at most, and keeps to it."""
        _check_size(payload)
        try:
            return self._contexts.decompressor.decompress(payload)
        except zstandard.ZstdError as error:
            raise ValueError(f"zstd: {error}") from None

    def decompress_many(self, stored: Extents) -> Sequence[Buffer]:
        """All payloads in one call, other threads running meanwhile. Raises ValueError as `decompress` does."""
        memory, ends = stored.memory.data, stored.offsets + stored.lengths
        for start, end in zip(stored.offsets.tolist(), ends.tolist(), strict=True):
            _check_size(memory[start:end])
        segments = np.stack([stored.offsets, stored.lengths], axis=1).astype(np.uint64)
        frames = zstandard.BufferWithSegments(cast("Any", stored.memory), segments.tobytes())
        try:
            payloads = self._contexts.decompressor.multi_decompress_to_buffer(frames)
        except (zstandard.ZstdError, MemoryError) as error:
            raise ValueError(f"zstd: {error}") from None
        return cast("Sequence[Buffer]", payloads)

    @cached_property
    def _contexts(self) -> _Contexts:
        return _Contexts(self.level, self.dictionary)

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]


def _check_size(payload: Buffer) -> None:
    """Raises ValueError for anything but a frame that says its size, `MAX_PAYLOAD` at most."""
    try:
        size = zstandard.frame_content_size(payload)
    except zstandard.ZstdError as error:
        raise ValueError(f"zstd: {error}") from None
    if not 0 <= size <= MAX_PAYLOAD:
        raise ValueError(f"zstd frame of {'unknown size' if size < 0 else f'{size:,} bytes'} refused")


class _Contexts(threading.local):
    def __init__(self, level: int, dictionary: bytes | None) -> None:
        trained = None if dictionary is None else zstandard.ZstdCompressionDict(dictionary)
        # The container keeps the one dictionary there is, so its id in every frame would be four bytes of nothing.
        self.compressor = zstandard.ZstdCompressor(level=level, dict_data=trained, write_dict_id=False)
        self.decompressor = zstandard.ZstdDecompressor(dict_data=trained)


@dataclass(frozen=True)
class Zstd(ZstdFrames):
    """Each payload on its own."""

    level: int = option(3, "Effort: 1 is fastest, 19 and more smallest", minimum=1, maximum=22)
    dictionary: None = None

    def train(self, payloads: Sequence[bytes]) -> Zstd:
        return self

    def with_dictionary(self, dictionary: bytes | None) -> Zstd:
        return self
