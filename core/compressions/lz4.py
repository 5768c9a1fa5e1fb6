"""LZ4: one standard frame a payload, its content size in the header (lz4 frame format, doc/lz4_Frame_format.md)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lz4.frame

from ..base.contracts import MAX_PAYLOAD, Buffer
from ..base.options import option


@dataclass(frozen=True)
class Lz4:
    """Each payload on its own."""

    level: int = option(0, "Effort: 0 is the fast mode, 3 to 16 the high-compression mode", minimum=0, maximum=16)
    suffix = ".lz4"
    dictionary: None = None
    identity = False
    learns = False

    def train(self, payloads: Sequence[bytes]) -> Lz4:
        return self

    def with_dictionary(self, dictionary: bytes | None) -> Lz4:
        return self

    def compress(self, payload: Buffer) -> bytes:
        return bytes(lz4.frame.compress(payload, compression_level=self.level, store_size=True))

    def decompress(self, payload: Buffer) -> bytes:
        """Raises ValueError for anything but a frame that says its size, `MAX_PAYLOAD` at most, and keeps to it."""
        size = _stated_size(payload)
        if size > MAX_PAYLOAD:
            raise ValueError(f"lz4 frame of {size:,} bytes refused")
        context = _local.take()
        try:
            lz4.frame.reset_decompression_context(context)
            # A byte more than it says: else the mark at its end may be left unread.
            data, _, complete = lz4.frame.decompress_chunk(context, payload, max_length=size + 1)
        except RuntimeError as error:
            raise ValueError(f"lz4: {error}") from None
        if not complete or len(data) != size:
            raise ValueError(f"lz4 frame that is not the {size:,} bytes it says it is")
        _local.context = context
        return bytes(data)


def _stated_size(payload: Buffer) -> int:
    """The content size in a frame's header: magic number, flags, block descriptor, then uint64, little-endian.

    0 where there is none: lz4 does not write the size of an empty payload. Raises ValueError for what is no frame.
    """
    if len(payload) < 7 or payload[:4] != b"\x04\x22\x4d\x18":
        raise ValueError("lz4: not a frame")
    return int.from_bytes(payload[6:14], "little") if payload[4] & 8 else 0


class _Local(threading.local):
    """A context for each thread, used again: making one takes longer than a small payload.

    Never after an error: of a frame that broke off, the library keeps a number that a reset does not clear, and the
    next payload would depend on it.
    """

    context: Any = None

    def take(self) -> Any:
        context, self.context = self.context, None
        return lz4.frame.create_decompression_context() if context is None else context


_local = _Local()
