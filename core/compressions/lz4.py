"""LZ4: one standard frame a payload, its content size in the header (lz4 frame format, doc/lz4_Frame_format.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import lz4.frame

from core.contracts import MAX_PAYLOAD, Buffer
from core.options import option


@dataclass(frozen=True)
class Lz4:
    """Each payload on its own."""

    level: int = option(0, "Effort: 0 is the fast mode, 3 to 16 the high-compression mode", minimum=0, maximum=16)
    suffix = ".lz4"
    dictionary: None = None
    identity = False

    def train(self, payloads: Sequence[bytes]) -> Lz4:
        return self

    def with_dictionary(self, dictionary: bytes | None) -> Lz4:
        return self

    def compress(self, payload: Buffer) -> bytes:
        return bytes(lz4.frame.compress(payload, compression_level=self.level, store_size=True))

    def decompress(self, payload: Buffer) -> bytes:
        """Raises ValueError for anything but a frame that says its size, `MAX_PAYLOAD` at most, and keeps to it."""
        try:
            size = lz4.frame.get_frame_info(payload)["content_size"]
            if size > MAX_PAYLOAD:
                raise ValueError(f"lz4 frame of {size:,} bytes refused")
            decompressor = lz4.frame.LZ4FrameDecompressor()
            data = bytes(decompressor.decompress(payload, max_length=max(size, 1)))
        except RuntimeError as error:
            raise ValueError(f"lz4: {error}") from None
        if not decompressor.eof or len(data) != size:
            raise ValueError(f"lz4 frame that is not the {size:,} bytes it says it is")
        return data
